/** Jupyter's protocol, lines 21 to 24: completion, inspection, completeness, history. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { executeContent, type Client } from './client.js';
import { KernelProcess } from './kernel-process.js';

let kernel: KernelProcess;
let client: Client;

beforeAll(async () => {
  ({ kernel, client } = await KernelProcess.connected());
});
afterAll(() => kernel.dispose());

async function complete(code: string, cursor_pos: number) {
  const { content } = await client.ask('complete_request', { code, cursor_pos });
  return content;
}

describe('protocol 21: cursor positions', () => {
  test('cursor_pos counts code points', async () => {
    const code = '"🎉"; Math.hyp + 1';
    const content = await complete(code, 13);
    expect(content).toMatchObject({ status: 'ok', matches: ['hypot'], cursor_start: 10, cursor_end: 13 });
  });

  test('inspection counts code points as well', async () => {
    const code = '"🎉"; Math.hypot + 1';
    const { content } = await client.ask('inspect_request', { code, cursor_pos: 15, detail_level: 0 });
    expect(content).toMatchObject({ found: true });
    const astral = await client.execute('const 𝒳 = { 𝒴: 7 }; 𝒳.𝒴');
    expect(astral.result).toBe('7');
    expect(await complete('𝒳.𝒴', 3)).toMatchObject({ matches: ['𝒴'], cursor_start: 2, cursor_end: 3 });
  });

  test('a position beyond the code points is one in UTF-16', async () => {
    const code = '"🎉🎉"; Math.hyp';
    const content = await complete(code, code.length);
    const points = Array.from(code).length;
    expect(content).toMatchObject({ matches: ['hypot'], cursor_start: points - 3, cursor_end: points });
  });
});

test('protocol 22: there is a type for every match, and inspection gives text/plain', async () => {
  await client.execute('const network = { layers: [1], forward() { return 1 } }');
  const content = await complete('network.', 8);
  const types = (content.metadata as Record<string, unknown>)._jupyter_types_experimental as unknown[];
  expect(content.matches).toEqual(expect.arrayContaining(['forward', 'layers']));
  expect(types).toHaveLength((content.matches as string[]).length);
  expect((await complete('netw', 4)).matches).toContain('network');
  const { content: inspection } = await client.ask('inspect_request', {
    code: 'network.layers',
    cursor_pos: 10,
    detail_level: 0,
  });
  expect(inspection).toMatchObject({ status: 'ok', found: true });
  expect((inspection.data as Record<string, unknown>)['text/plain']).toBeTypeOf('string');
});

test('nothing to complete or to inspect is an empty answer, not an error', async () => {
  expect(await complete('', 0)).toMatchObject({ status: 'ok' });
  expect(await complete('f().x', 5)).toMatchObject({ status: 'ok', matches: [], cursor_end: 5 });
  const { content } = await client.ask('inspect_request', {
    code: 'noSuchName',
    cursor_pos: 3,
    detail_level: 0,
  });
  expect(content).toEqual({ status: 'ok', found: false, data: {}, metadata: {} });
});

test('?name opens the pager', async () => {
  const cell = await client.execute('?Math.hypot');
  expect(cell.reply).toMatchObject({ status: 'ok', payload: [{ source: 'page', start: 0 }] });
});

describe('protocol 23: is_complete', () => {
  test.each([
    ['1 + 1', 'complete'],
    ['const x: number = "a type error is complete"', 'complete'],
    ['await fetch("x")', 'complete'],
    ['function f() {', 'incomplete'],
    ['[1, 2,', 'incomplete'],
    ['`open', 'incomplete'],
    ['/* open', 'incomplete'],
    ['"open', 'incomplete'],
    ["f('open", 'incomplete'],
    ['(1 + (2', 'incomplete'],
    ['const half =', 'incomplete'],
    ['a &&', 'incomplete'],
    ['1 +', 'incomplete'],
    ['const = 3', 'invalid'],
    ['}', 'invalid'],
  ])('%j is %s', async (code, status) => {
    const { content } = await client.ask('is_complete_request', { code });
    expect(content.status).toBe(status);
    if (status === 'incomplete') expect(content.indent).toMatch(/^\s*$/);
  });
});

describe('protocol 24: history in the process', () => {
  beforeAll(async () => {
    for (const code of ['1 + 41', '"x" + 1', '"x" + 2', '"x" + 1'])
      await client.finish(client.send('execute_request', executeContent(code)));
  });
  const history = async (content: object) =>
    (await client.ask('history_request', { output: false, raw: true, ...content })).content.history as [
      number,
      number,
      unknown,
    ][];

  test('tail gives the last cells in order, with their outputs when asked', async () => {
    const inputs = await history({ hist_access_type: 'tail', n: 2 });
    expect(inputs.map(([, , input]) => input)).toEqual(['"x" + 2', '"x" + 1']);
    const [[, , pair]] = await history({ hist_access_type: 'tail', n: 1, output: true });
    expect(pair).toEqual(['"x" + 1', expect.stringContaining('x1')]);
  });

  test('search takes a pattern, n and unique', async () => {
    const search = { hist_access_type: 'search', pattern: '"x"*' };
    expect((await history({ ...search, n: 3 })).map(([, , input]) => input)).toEqual([
      '"x" + 1',
      '"x" + 2',
      '"x" + 1',
    ]);
    expect((await history({ ...search, n: 3, unique: true })).map(([, , input]) => input)).toEqual([
      '"x" + 2',
      '"x" + 1',
    ]);
  });

  test('raw makes no difference, and patterns are globs', async () => {
    const all = { hist_access_type: 'tail', n: 3 };
    expect(await history({ ...all, raw: false })).toEqual(await history({ ...all, raw: true }));
    const inputs = async (pattern: string) =>
      (await history({ hist_access_type: 'search', pattern, unique: true })).map(([, , input]) => input);
    expect(await inputs('"x" + ?')).toEqual(['"x" + 2', '"x" + 1']);
    expect(await inputs('*[2-9]')).toEqual(['"x" + 2']);
    expect(await inputs('x')).toEqual([]);
  });

  test('range takes lines of a session; 0 is this one', async () => {
    const all = await history({ hist_access_type: 'range', session: 0, start: 1, stop: 1000 });
    const line = all.findIndex(([, , input]) => input === '1 + 41');
    const [, number] = all[line];
    const some = await history({ hist_access_type: 'range', session: 0, start: number, stop: number + 2 });
    expect(some.map(([, , input]) => input)).toEqual(['1 + 41', '"x" + 1']);
  });
});
