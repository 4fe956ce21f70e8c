import * as crypto from 'node:crypto';
import { afterEach, expect, test, vi } from 'vitest';
import { Signer } from '../../../kernel/transport/signature.js';

vi.mock('node:crypto', async (load) => {
  const actual = await load<typeof crypto>();
  return { ...actual, timingSafeEqual: vi.fn(actual.timingSafeEqual) };
});
afterEach(() => void vi.mocked(crypto.timingSafeEqual).mockClear());

test('protocol 1: signatures are compared in constant time, whole', () => {
  const signer = new Signer('key', 'sha256');
  const frames = ['{}', '{}', '{}', '{}'].map((text) => Buffer.from(text));
  const right = Buffer.from(signer.sign(frames));
  // Wrong in the first place only, and in the last place only.
  for (const at of [0, right.length - 1]) {
    const wrong = Buffer.from(right);
    wrong[at] ^= 1;
    expect(() => signer.verify(wrong, frames)).toThrow('does not match');
  }
  signer.verify(right, frames);
  const compared = vi.mocked(crypto.timingSafeEqual).mock.calls;
  expect(compared).toHaveLength(3);
  for (const [given, wanted] of compared) expect([given.byteLength, wanted.byteLength]).toEqual([64, 64]);
});
