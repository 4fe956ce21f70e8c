/**
 * The envelope that all messages share: a header that names the message, the header of the message it answers, free
 * metadata, a content that depends on the type, and binary buffers.
 */
import { isJsonObject, type JsonObject } from './json.js';

/** The version of the messaging protocol that this kernel speaks (5.4: iopub_welcome, 5.5: supported_features). */
export const PROTOCOL_VERSION = '5.5';

export interface Header {
  msg_id: string;
  msg_type: string;
  session: string;
  username: string;
  /** ISO 8601. */
  date: string;
  version: string;
}

/** A message on its way, whichever transport carries it. */
export interface Message<Content extends object = object> {
  readonly header: Header;
  /** The header of the message that this one answers; null when there is none. */
  readonly parent: Header | null;
  readonly metadata: object;
  readonly content: Content;
  readonly buffers: readonly Uint8Array[];
}

/** A message from a client; `identities` is the way back to it. */
export interface Incoming extends Message<JsonObject> {
  readonly identities: readonly Uint8Array[];
}

/** A message that cannot be understood at all: it is logged and dropped, since there is nobody to answer. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';
}

/** Reads a header. Fields that only some clients send get an empty default; those a reply needs must be there. */
export function decodeHeader(json: unknown): Header {
  if (!isJsonObject(json)) throw new MalformedMessage('the header is not a JSON object');
  const { msg_id, msg_type } = json;
  if (typeof msg_id !== 'string' || msg_id === '') throw new MalformedMessage('the header has no msg_id');
  if (typeof msg_type !== 'string' || msg_type === '')
    throw new MalformedMessage('the header has no msg_type');
  const text = (name: string) => (typeof json[name] === 'string' ? json[name] : '');
  // The rest of the header stays: a reply carries its parent's header as it was sent.
  return {
    ...json,
    msg_id,
    msg_type,
    session: text('session'),
    username: text('username'),
    date: text('date'),
    version: text('version'),
  };
}

/** Reads a parent header: an empty object (or null, from sloppy clients) means that there is none. */
export function decodeParentHeader(json: unknown): Header | null {
  if (json === null || (isJsonObject(json) && Object.keys(json).length === 0)) return null;
  if (!isJsonObject(json)) throw new MalformedMessage('the parent header is not a JSON object');
  return typeof json.msg_id === 'string' ? decodeHeader({ msg_type: 'unknown', ...json }) : null;
}
