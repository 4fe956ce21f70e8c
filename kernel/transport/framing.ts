/**
 * A message as ZeroMQ frames: identities, the delimiter, the signature, the four JSON frames that it covers, buffers.
 */
import { isJsonObject, parse, toJson, type JsonObject } from '../protocol/json.js';
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

/** The frames of a message. */
export function encode(identities: readonly Uint8Array[], message: Message, signer: Signer): Frame[] {
  const json = [
    toJson(message.header),
    toJson(message.parent ?? {}),
    toJson(message.metadata),
    toJson(message.content),
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
  signer.verify(signature, [header, parent, metadata, content]);
  return {
    identities: frames.slice(0, at),
    header: decodeHeader(readJson(header, 'header')),
    parent: decodeParentHeader(readJson(parent, 'parent header')),
    metadata: readObject(metadata, 'metadata'),
    content: readObject(content, 'content'),
    buffers,
  };
}

function readJson(frame: Uint8Array, what: string): unknown {
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
