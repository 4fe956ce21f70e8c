/** Messages of the Language Server Protocol on a stream of bytes: a header with the length, then JSON-RPC 2.0. */
import type { Readable } from 'node:stream';

const HEADER_END = Buffer.from('\r\n\r\n');

export function framed(message: object): string {
  const text = JSON.stringify({ jsonrpc: '2.0', ...message });
  return `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

/** Calls `receive` with each message as it arrives. A body that is no JSON is left out. */
export function readMessages(stream: Readable, receive: (message: unknown) => void): void {
  let chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    // Joined only when a whole message may be there: a long answer comes in hundreds of pieces.
    for (;;) {
      const buffer = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
      chunks = [buffer];
      const head = buffer.indexOf(HEADER_END);
      if (head < 0) return;
      const length = Number(/Content-Length: *(\d+)/i.exec(buffer.toString('latin1', 0, head))?.[1] ?? 0);
      const end = head + HEADER_END.length + length;
      if (buffer.length < end) return;
      chunks = buffer.length === end ? [] : [buffer.subarray(end)];
      const message = parsed(buffer.toString('utf8', head + HEADER_END.length, end));
      if (message !== undefined) receive(message);
      if (chunks.length === 0) return;
    }
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
