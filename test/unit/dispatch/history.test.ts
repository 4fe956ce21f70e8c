import { expect, test } from 'vitest';
import { globMatcher } from '../../../kernel/dispatch/history.js';
import { makeKernel, type TestKernel } from './make-kernel.js';

async function kernelThatRan(...codes: string[]): Promise<TestKernel> {
  const kernel = await makeKernel();
  for (const [index, code] of codes.entries()) {
    const id = kernel.transport.request('execute_request', { code });
    const cell = await kernel.session.cell(index);
    cell.output({ type: 'result', id: cell.id, count: 1, data: { 'text/plain': `=${code}` }, metadata: {} });
    cell.finish();
    await kernel.transport.reply(id);
  }
  return kernel;
}

async function query({ transport }: TestKernel, content: Record<string, unknown>): Promise<unknown> {
  const id = transport.request('history_request', { output: false, raw: true, ...content });
  return (await transport.reply(id)).content.history;
}

test('tail gives the last n in order', async () => {
  const kernel = await kernelThatRan('a', 'b', 'c');
  expect(await query(kernel, { hist_access_type: 'tail', n: 2 })).toEqual([
    [1, 2, 'b'],
    [1, 3, 'c'],
  ]);
});

test('range counts from start to before stop; session 0 is this one', async () => {
  const kernel = await kernelThatRan('a', 'b', 'c');
  const range = { hist_access_type: 'range', session: 0 };
  expect(await query(kernel, { ...range, start: 1, stop: 3 })).toEqual([
    [1, 1, 'a'],
    [1, 2, 'b'],
  ]);
  expect(await query(kernel, { ...range, session: 1, start: 3 })).toEqual([[1, 3, 'c']]);
  expect(await query(kernel, { ...range, session: -1 })).toEqual([]);
});

test('search matches a glob, with n and unique', async () => {
  const kernel = await kernelThatRan('x = 1', 'y = 2', 'x = 1', 'x = 3');
  const search = { hist_access_type: 'search', pattern: 'x*' };
  expect(await query(kernel, search)).toEqual([
    [1, 1, 'x = 1'],
    [1, 3, 'x = 1'],
    [1, 4, 'x = 3'],
  ]);
  expect(await query(kernel, { ...search, n: 1 })).toEqual([[1, 4, 'x = 3']]);
  expect(await query(kernel, { ...search, unique: true })).toEqual([
    [1, 3, 'x = 1'],
    [1, 4, 'x = 3'],
  ]);
});

test('output: true adds the text of the result', async () => {
  const kernel = await kernelThatRan('a');
  expect(await query(kernel, { hist_access_type: 'tail', n: 1, output: true })).toEqual([
    [1, 1, ['a', '=a']],
  ]);
});

// Expected values: SELECT text GLOB pattern in SQLite.
test.each([
  ['*', 'anything\nat all', true],
  ['a?c', 'abc', true],
  ['a?c', 'ac', false],
  ['[ab]*', 'beta', true],
  ['[^ab]*', 'beta', false],
  ['[a-c]1', 'b1', true],
  ['a.c', 'abc', false],
  ['f(x) + $y', 'f(x) + $y', true],
  ['part', 'a part', false],
])('the pattern %j on %j: %j', (pattern, text, expected) => {
  expect(globMatcher(pattern)(text)).toBe(expected);
});
