/**
 * A message as ZeroMQ frames: identities, the delimiter, the signature, the four JSON frames that it covers, buffers.
 */
import { isJsonObject, parse, toFrame, toJson, type JsonObject } from '../protocol/json.js';
import {
  decodeHeader,
  decodeParentHeader,
  MalformedMessage,
  type Incoming,
  type Message,
} from '../protocol/message.js';
import type { Signer } from './signature.js';

const DELIMITER = Buffer.from('<IDS|MSG>');

/** Invalid UTF-8 must not turn into replacement characters: the message would say something else than was signed. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export type Frame = string | Uint8Array;

/** What a message may be at most. A notebook's largest (a cell, a widget's state) stay far below: jupyter_server passes on 10 MiB. */
const MOST_JSON_BYTES = 64 * 1024 * 1024;
const MOST_BUFFER_BYTES = 128 * 1024 * 1024;
const MOST_BUFFERS = 4096;
/** Python's parser, which most clients have, does not go deeper either. */
const MOST_DEPTH = 500;

/** The frames of a message. */
export function encode(identities: readonly Uint8Array[], message: Message, signer: Signer): Frame[] {
  const json = [
    toJson(message.header),
    toJson(message.parent ?? {}),
    toJson(message.metadata),
    toFrame(message.content),
  ];
  return [...identities, DELIMITER, signer.sign(json), ...json, ...message.buffers];
}

/** Reads the frames of a message; throws `MalformedMessage` for what is no message or is not signed as it must be. */
export function decode(frames: readonly Uint8Array[], signer: Signer): Incoming {
  const at = frames.findIndex((frame) => DELIMITER.equals(frame));
  if (at < 0) throw new MalformedMessage('it has no <IDS|MSG> delimiter');
  if (frames.length < at + 6)
    throw new MalformedMessage(`it has ${frames.length - at - 1} frames after the delimiter, fewer than 5`);
  const [signature, header, parent, metadata, content, ...buffers] = frames.slice(at + 1);
  const json = [header, parent, metadata, content];
  limit('its JSON has', bytes(json), MOST_JSON_BYTES, 'bytes');
  limit('its buffers have', bytes(buffers), MOST_BUFFER_BYTES, 'bytes');
  limit('it has', buffers.length, MOST_BUFFERS, 'buffers');
  signer.verify(signature, json);
  return {
    identities: frames.slice(0, at),
    header: decodeHeader(readJson(header, 'header')),
    parent: decodeParentHeader(readJson(parent, 'parent header')),
    metadata: readObject(metadata, 'metadata'),
    content: readObject(content, 'content'),
    buffers,
  };
}

function limit(what: string, count: number, most: number, unit: string): void {
  if (count > most) throw new MalformedMessage(`${what} ${count} ${unit}, more than ${most}`);
}

function bytes(frames: readonly Uint8Array[]): number {
  return frames.reduce((sum, { length }) => sum + length, 0);
}

/** Whether arrays and objects lie deeper in each other than code that walks them could go. */
function isTooDeep(json: Uint8Array): boolean {
  if (json.length <= MOST_DEPTH) return false;
  let depth = 0;
  let inString = false;
  for (let index = 0; index < json.length; index++) {
    const byte = json[index];
    if (inString) {
      if (byte === BACKSLASH) index++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === BRACKET || byte === BRACE) {
      if (++depth > MOST_DEPTH) return true;
    } else if (byte === BRACKET_END || byte === BRACE_END) depth--;
  }
  return false;
}

const [QUOTE, BACKSLASH, BRACKET, BRACKET_END, BRACE, BRACE_END] = Buffer.from('"\\[]{}');

function readJson(frame: Uint8Array, what: string): unknown {
  if (isTooDeep(frame)) throw new MalformedMessage(`its ${what} is nested more than ${MOST_DEPTH} deep`);
  try {
    return parse(utf8.decode(frame));
  } catch (error) {
    throw new MalformedMessage(
      `its ${what} is not JSON (${error instanceof Error ? error.message.replace(/\s+/g, ' ').slice(0, 80) : 'unreadable'})`,
    );
  }
}

function readObject(frame: Uint8Array, what: string): JsonObject {
  const json = readJson(frame, what);
  if (!isJsonObject(json)) throw new MalformedMessage(`its ${what} is not a JSON object`);
  return json;
}
