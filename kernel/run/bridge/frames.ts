/**
 * The WebSocket sub-protocol `v1.kernel.websocket.jupyter.org`: the parts of a ZeroMQ message behind a table of
 * offsets, so that neither a server nor this bridge parses any JSON.
 *
 *     uint64 n · n × uint64 offset · channel · header · parent header · metadata · content · buffers   (little-endian)
 */
import type { ChannelName } from './connection.js';
import type { MessageParts } from './channels.js';

export const WEBSOCKET_PROTOCOL = 'v1.kernel.websocket.jupyter.org';

/** One WebSocket message from the parts of a kernel message. */
export function toWebSocket(channel: ChannelName, parts: MessageParts): ArrayBuffer {
  const pieces = [Buffer.from(channel), ...parts];
  const table = 8 * (pieces.length + 2);
  const total = pieces.reduce((sum, piece) => sum + piece.byteLength, table);
  const message = new ArrayBuffer(total);
  const view = new DataView(message);
  const bytes = new Uint8Array(message);
  view.setBigUint64(0, BigInt(pieces.length + 1), true);
  let offset = table;
  pieces.forEach((piece, index) => {
    view.setBigUint64(8 * (index + 1), BigInt(offset), true);
    bytes.set(piece, offset);
    offset += piece.byteLength;
  });
  view.setBigUint64(8 * (pieces.length + 1), BigInt(offset), true);
  return message;
}

/** The channel and the parts of a kernel message from a WebSocket message. Throws RangeError on a malformed one. */
export function fromWebSocket(message: ArrayBuffer): { channel: string; parts: MessageParts } {
  const view = new DataView(message);
  const count = Number(view.getBigUint64(0, true));
  if (count < 6 || 8 * (count + 1) > message.byteLength)
    throw new RangeError(`kernel WebSocket message: ${count} offsets in ${message.byteLength} bytes`);
  const offsets = Array.from({ length: count }, (_, i) => Number(view.getBigUint64(8 * (i + 1), true)));
  const [channel, ...parts] = offsets
    .slice(0, -1)
    .map((start, i) => new Uint8Array(message, start, offsets[i + 1] - start));
  return { channel: Buffer.from(channel).toString(), parts };
}
