/** debug_request, debug_reply and debug_event: messages of the Debug Adapter Protocol inside of Jupyter's. */
import { Fields } from './fields.js';
import type { JsonObject } from './json.js';

/** A request of the Debug Adapter Protocol. */
export interface DebugRequest {
  seq: number;
  command: string;
  arguments: JsonObject;
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

/** An event of the Debug Adapter Protocol, on IOPub. */
export interface DebugEvent {
  type: 'event';
  seq: number;
  event: string;
  body: object;
}

export function decodeDebugRequest(content: JsonObject): DebugRequest {
  const fields = new Fields('debug_request', content);
  return {
    seq: fields.integer('seq', 0),
    command: fields.string('command'),
    arguments: fields.object('arguments', {}),
  };
}
