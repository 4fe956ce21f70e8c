import { expect, test } from 'vitest';
import { toJson } from '../../../kernel/protocol/json.js';

test.each([
  [{ loss: NaN, up: Infinity, down: -Infinity }, '{"loss":null,"up":null,"down":null}'],
  [{ small: 10n, large: 2n ** 64n }, '{"small":10,"large":"18446744073709551616"}'],
  [{ text: 'a\ud800b', '\udc00': 1 }, '{"text":"a\ufffdb","\ufffd":1}'],
  [{ text: 'pair 🎉 and \\ud800 spelled out' }, '{"text":"pair 🎉 and \\\\ud800 spelled out"}'],
  [{ gone: undefined, f: () => 1, list: [undefined] }, '{"list":[null]}'],
  [{ nan: [NaN, 5n] }, '{"nan":[null,5]}'],
])('%o', (value, text) => {
  expect(toJson(value)).toBe(text);
});

test('cycles end in null, repetition is kept', () => {
  const shared = { a: 1 };
  const cycle: Record<string, unknown> = { shared, again: shared };
  cycle.self = cycle;
  expect(toJson(cycle)).toBe('{"shared":{"a":1},"again":{"a":1},"self":null}');
});

test('a depth that no stack holds is cut', () => {
  let deep: unknown = 1;
  for (let level = 0; level < 100_000; level++) deep = [deep];
  expect(JSON.parse(toJson({ deep }))).toBeTypeOf('object');
});
