import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Message } from '../../../kernel/protocol/message.js';
import { decode, encode } from '../../../kernel/transport/framing.js';
import { REMEMBERED, Signer } from '../../../kernel/transport/signature.js';

const header = {
  msg_id: 'id-1',
  msg_type: 'execute_request',
  session: 's',
  username: 'u',
  date: '2026-01-01T00:00:00.000Z',
  version: '5.5',
};
const message: Message = {
  header,
  parent: null,
  metadata: { a: 1 },
  content: { code: 'x = "é🎉"' },
  buffers: [Uint8Array.of(1, 2, 3), new Uint8Array(0)],
};
const bytes = (frames: (string | Uint8Array)[]) =>
  frames.map((frame) => (typeof frame === 'string' ? Buffer.from(frame) : Buffer.from(frame)));

test('what is encoded is decoded: identities, JSON and buffers', () => {
  const frames = bytes(encode([Buffer.from('me'), Buffer.from([0])], message, new Signer('key', 'sha256')));
  const decoded = decode(frames, new Signer('key', 'sha256'));
  expect(decoded.identities.map((it) => Buffer.from(it))).toEqual([Buffer.from('me'), Buffer.from([0])]);
  expect(decoded.header).toEqual(header);
  expect(decoded.parent).toBeNull();
  expect(decoded.content).toEqual({ code: 'x = "é🎉"' });
  expect(decoded.buffers.map((it) => [...it])).toEqual([[1, 2, 3], []]);
});

test('the signature is the HMAC-SHA256 of the four JSON frames, without the buffers', () => {
  const [delimiter, signature, ...json] = encode([], message, new Signer('secret', 'sha256'));
  const hmac = createHmac('sha256', 'secret');
  for (const frame of json.slice(0, 4)) hmac.update(frame);
  expect(String(delimiter)).toBe('<IDS|MSG>');
  expect(signature).toBe(hmac.digest('hex'));
});

// RFC 4231, test case 2: key "Jefe", data "what do ya want for nothing?".
test('a published HMAC-SHA256 vector', () => {
  expect(new Signer('Jefe', 'sha256').sign(['what do ya want ', 'for nothing?'])).toBe(
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  );
});

test('without a key the signature is empty and nothing is checked', () => {
  const frames = bytes(encode([], message, new Signer('', 'sha256')));
  expect(String(frames[1])).toBe('');
  expect(decode(frames, new Signer('', 'sha256')).header.msg_id).toBe('id-1');
});

describe('protocol 1: replays', () => {
  const signed = (signer: Signer, id: number) =>
    bytes(encode([], { ...message, header: { ...header, msg_id: String(id) } }, signer));

  test('the last 2^16 signatures are remembered, older ones are forgotten', () => {
    expect(REMEMBERED).toBe(65_536);
    const sender = new Signer('key', 'sha256');
    const receiver = new Signer('key', 'sha256', 3);
    const [first, second, third, fourth] = [0, 1, 2, 3].map((id) => signed(sender, id));
    for (const frames of [first, second, third]) decode(frames, receiver);
    expect(() => decode(first, receiver)).toThrow('replayed');
    decode(fourth, receiver);
    // One too many: the first is forgotten, the second is not.
    expect(() => decode(second, receiver)).toThrow('replayed');
    expect(decode(first, receiver).header.msg_id).toBe('0');
  });

  test('a wrong signature is not remembered', () => {
    const receiver = new Signer('key', 'sha256');
    const good = signed(new Signer('key', 'sha256'), 7);
    const bad = [...good];
    bad[5] = Buffer.from('{}');
    expect(() => decode(bad, receiver)).toThrow('does not match');
    expect(decode(good, receiver).header.msg_id).toBe('7');
  });
});
