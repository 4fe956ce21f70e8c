/** shutdown, interrupt and debug: what arrives on the control channel. */
import { Fields } from './fields.js';
import type { JsonObject } from './json.js';

export interface ShutdownRequest {
  restart: boolean;
}

export interface ShutdownReply {
  status: 'ok';
  restart: boolean;
}

export type InterruptRequest = Record<string, never>;

export interface InterruptReply {
  status: 'ok';
}

/** A request of the Debug Adapter Protocol. */
export interface DebugRequest {
  seq: number;
  command: string;
}

/** A response of the Debug Adapter Protocol. */
export interface DebugReply {
  status: 'ok';
  type: 'response';
  seq: number;
  request_seq: number;
  success: boolean;
  command: string;
  message?: string;
  body: object;
}

export function decodeShutdownRequest(content: JsonObject): ShutdownRequest {
  return { restart: new Fields('shutdown_request', content).boolean('restart', false) };
}

export function decodeInterruptRequest(): InterruptRequest {
  return {};
}

export function decodeDebugRequest(content: JsonObject): DebugRequest {
  const fields = new Fields('debug_request', content);
  return { seq: fields.integer('seq', 0), command: fields.string('command') };
}
