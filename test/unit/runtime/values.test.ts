/** Values that are hard to print: each is shown, a huge one in part, or the cell fails with a reason and the kernel goes on. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Notebook, plain } from './harness.js';

let book: Notebook;
beforeAll(() => {
  book = new Notebook();
});
afterAll(() => book.close());

test.each([
  ['NaN', 'NaN'],
  ['-0', '-0'],
  ['[NaN, Infinity, -0]', '[ NaN, Infinity, -0 ]'],
  ['10n ** 30n', '1000000000000000000000000000000n'],
  ['({ big: 2n ** 64n })', '{ big: 18446744073709551616n }'],
  ['Symbol("s")', 'Symbol(s)'],
  ['const ring: any = {}; ring.self = ring; ring', '<ref *1> { self: [Circular *1] }'],
  ['const list: any[] = []; list.push(list); list', '<ref *1> [ [Circular *1] ]'],
  ['Object.create(null)', '[Object: null prototype] {}'],
])('%s', async (code, text) => {
  expect(await book.value(code)).toBe(text);
});

test.each([
  ['an array of ten million', 'new Array(1e7).fill(7)', /more items/],
  ['a typed array of ten million', 'new Float64Array(1e7)', /more items/],
  ['a map of a million', 'new Map(Array.from({ length: 1e6 }, (_, i) => [i, i]))', /more items/],
  ['a string of ten million characters', '"x".repeat(1e7)', /more characters/],
  ['such a string inside of an object', '({ text: "x".repeat(1e7) })', /more characters/],
  [
    'an object with a hundred thousand keys',
    'Object.fromEntries(Array.from({ length: 1e5 }, (_, i) => [`k${i}`, i]))',
    /k0: 0/,
  ],
  [
    'a nesting of a hundred thousand',
    'let deep: any = 0; for (let i = 0; i < 1e5; i++) deep = [deep]; deep',
    /\[Array\]/,
  ],
])('%s is shown in part', async (_, code, shown) => {
  const { outcome, outputs } = await book.run(code);
  expect(outcome.status).toBe('ok');
  const result = outputs.find((frame) => frame.type === 'result');
  const text = plain(String(result?.data['text/plain']));
  expect(text).toMatch(shown);
  expect(text.length).toBeLessThan(5_000_000);
});

const TRAPS = `new Proxy({}, new Proxy({}, { get: () => () => { throw new Error('trapped') } }))`;

test.each([
  ['a proxy whose traps all throw', TRAPS],
  ['a getter that throws', '({ get it() { throw new Error("read me not"); }, other: 1 })'],
  [
    'an inspect hook that throws',
    '({ [Symbol.for("nodejs.util.inspect.custom")]() { throw new Error("inspect"); } })',
  ],
  ['a display method that throws', '({ [Symbol.for("Jupyter.display")]() { throw new Error("display"); } })'],
  ['a toHTML that throws', '({ toHTML() { throw new Error("html"); } })'],
  [
    'a revoked proxy',
    '(() => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy; })()',
  ],
  ['a constructor that throws on being named', '({ get constructor() { throw new Error("named"); } })'],
  [
    'an error whose message throws',
    'throw Object.defineProperty(new Error(), "message", { get() { throw 1; } })',
  ],
])('%s ends its cell one way or the other, and the next cell runs', async (_, code) => {
  const shown = await book.run(code);
  expect(['ok', 'error']).toContain(shown.outcome.status);
  const printed = await book.run(
    `try { console.log(${code.startsWith('throw') ? '1' : code}) } catch (error) { console.log('caught') }`,
  );
  expect(printed.outcome.status).toBe('ok');
  expect(await book.value('1 + 1')).toBe('2');
});

test.each([
  [
    'a proxy whose traps loop',
    'new Proxy({}, { get() { for (;;) {} }, ownKeys() { for (;;) {} }, getOwnPropertyDescriptor() { for (;;) {} } })',
  ],
  ['a getter that loops', '({ get toHTML() { for (;;) {} } })'],
  ['an inspect hook that loops', '({ [Symbol.for("nodejs.util.inspect.custom")]() { for (;;) {} } })'],
])('%s is interrupted', async (_, code) => {
  const { end } = book.start(`console.log('begun'); ${code}`);
  await book.until(() => book.outputs.some((frame) => frame.type === 'stream' && frame.text === 'begun\n'));
  await book.session.interrupt();
  const { outcome } = await end;
  expect(outcome).toMatchObject({ status: 'error', ename: 'KeyboardInterrupt' });
  expect(await book.value('1 + 1')).toBe('2');
  book.outputs.length = 0;
});
