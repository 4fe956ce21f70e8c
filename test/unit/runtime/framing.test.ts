import { expect, test } from 'vitest';
import { encodeFrame, FrameDecoder } from '../../../kernel/runtime/framing.js';

function decoded(bytes: Buffer, chunk: number): unknown[] {
  const messages: unknown[] = [];
  const decoder = new FrameDecoder((message) => messages.push(message));
  for (let at = 0; at < bytes.length; at += chunk) decoder.push(bytes.subarray(at, at + chunk));
  return messages;
}

test.each([1, 3, 7, 1000])('frames come through in chunks of %i bytes, buffers included', (chunk) => {
  const messages = [
    { type: 'stream', text: 'é∇🎉'.repeat(50) },
    { type: 'comm', buffers: [new Uint8Array([1, 2, 3]), new Uint8Array(0), new Uint8Array(300).fill(7)] },
    {},
    { type: 'comm', buffers: [new Uint8Array(0)] },
  ];
  expect(decoded(Buffer.concat(messages.map(encodeFrame)), chunk)).toEqual(messages);
});

test('a buffer that arrives has memory of its own, from its beginning', () => {
  const sent = { buffers: [new Uint8Array(new Float64Array([1, Math.PI]).buffer)] };
  const [message] = decoded(encodeFrame(sent), 5) as [typeof sent];
  expect([...new Float64Array(message.buffers[0].buffer)]).toEqual([1, Math.PI]);
});
