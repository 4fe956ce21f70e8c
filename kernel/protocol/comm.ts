/** comm: the two-way channels of widgets. The same three messages go both ways. */
import { Fields } from './fields.js';
import type { JsonObject } from './json.js';

export interface CommOpen {
  comm_id: string;
  target_name: string;
  data: unknown;
}

export interface CommData {
  comm_id: string;
  data: unknown;
}

export interface CommMessages {
  comm_open: CommOpen;
  comm_msg: CommData;
  comm_close: CommData;
}

export interface CommInfoRequest {
  target_name: string | undefined;
}

export interface CommInfoReply {
  status: 'ok';
  comms: Record<string, { target_name: string }>;
}

export function decodeCommOpen(content: JsonObject): CommOpen {
  const fields = new Fields('comm_open', content);
  return {
    comm_id: fields.string('comm_id'),
    target_name: fields.string('target_name'),
    data: fields.object('data', {}),
  };
}

export function decodeCommMsg(content: JsonObject): CommData {
  return decodeCommData('comm_msg', content);
}

export function decodeCommClose(content: JsonObject): CommData {
  return decodeCommData('comm_close', content);
}

function decodeCommData(type: string, content: JsonObject): CommData {
  const fields = new Fields(type, content);
  return { comm_id: fields.string('comm_id'), data: fields.object('data', {}) };
}

export function decodeCommInfoRequest(content: JsonObject): CommInfoRequest {
  return { target_name: new Fields('comm_info_request', content).optionalString('target_name') };
}
