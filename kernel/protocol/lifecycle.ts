/** shutdown and interrupt: what arrives on the control channel. */
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

export function decodeShutdownRequest(content: JsonObject): ShutdownRequest {
  return { restart: new Fields('shutdown_request', content).boolean('restart', false) };
}

export function decodeInterruptRequest(): InterruptRequest {
  return {};
}
