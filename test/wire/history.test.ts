/** Jupyter's protocol, lines 24: history outlives the process, kernels that run beside it, and a crash. */
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Client } from './client.js';
import { eventually, KernelProcess } from './kernel-process.js';

let folder: string;
let kernels: KernelProcess[];

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-history-'));
  kernels = [];
});
afterEach(async () => {
  await Promise.all(kernels.map((kernel) => kernel.dispose()));
  rmSync(folder, { recursive: true, force: true });
});

async function start(env: NodeJS.ProcessEnv = { NABLA_HISTORY: folder }) {
  const started = await KernelProcess.connected({ env });
  kernels.push(started.kernel);
  return started;
}

async function end({ kernel, client }: { kernel: KernelProcess; client: Client }): Promise<void> {
  await client.reply(client.send('shutdown_request', { restart: false }, { channel: 'control' }));
  await kernel.ended();
}

async function history(client: Client, content: object): Promise<unknown> {
  const { content: reply } = await client.ask('history_request', { output: false, raw: true, ...content });
  return reply.history;
}

const everything = { hist_access_type: 'tail', n: 1000 };
const file = (session: number) => path.join(folder, `${String(session).padStart(6, '0')}.jsonl`);

test('protocol 24: a later kernel finds inputs and outputs by tail, range and search', async () => {
  const first = await start();
  await first.client.execute('20 + 1');
  await first.client.execute('"silent"', { silent: true, store_history: false });
  await first.client.execute('"not stored"', { store_history: false });
  await first.client.execute('const é = "∇";');
  await end(first);

  const { client } = await start();
  await client.execute('20 + 2');
  expect(await history(client, everything)).toEqual([
    [1, 1, '20 + 1'],
    [1, 2, 'const é = "∇";'],
    [2, 1, '20 + 2'],
  ]);
  expect(await history(client, { hist_access_type: 'tail', n: 2 })).toEqual([
    [1, 2, 'const é = "∇";'],
    [2, 1, '20 + 2'],
  ]);
  const search = { hist_access_type: 'search', pattern: '20*' };
  expect(await history(client, { ...search, output: true })).toEqual([
    [1, 1, ['20 + 1', '21']],
    [2, 1, ['20 + 2', '22']],
  ]);
  expect(await history(client, { ...search, n: 1 })).toEqual([[2, 1, '20 + 2']]);
  const range = { hist_access_type: 'range', start: 1, stop: 2 };
  const before = [[1, 1, '20 + 1']];
  expect(await history(client, { ...range, session: -1 })).toEqual(before);
  expect(await history(client, { ...range, session: 1 })).toEqual(before);
  expect(await history(client, { ...range, session: 0 })).toEqual([[2, 1, '20 + 2']]);
  expect(await history(client, { ...range, session: 7 })).toEqual([]);
});

test('protocol 24: search with unique gives the latest of each input over all sessions', async () => {
  const first = await start();
  for (const code of ['1', '2', '1']) await first.client.execute(code);
  await end(first);
  const { client } = await start();
  await client.execute('2');
  expect(await history(client, { hist_access_type: 'search', pattern: '*', unique: true })).toEqual([
    [1, 3, '1'],
    [2, 1, '2'],
  ]);
});

test('protocol 24: two kernels that run at once keep their cells apart, and each sees the other', async () => {
  const [a, b] = await Promise.all([start(), start()]);
  const run = async ({ client }: { client: Client }, name: string) => {
    for (let line = 1; line <= 20; line++) await client.execute(`"${name}${line}"`);
  };
  await Promise.all([run(a, 'a'), run(b, 'b')]);
  const written = () => readdirSync(folder).map((name) => readFileSync(path.join(folder, name), 'utf8'));
  await eventually('40 lines', () => written().join('').split('\n').length === 41);

  const seen = (await history(a.client, everything)) as [number, number, string][];
  expect(seen).toHaveLength(40);
  expect(await history(b.client, everything)).toEqual(seen);
  for (const session of [1, 2]) {
    const own = seen.filter(([number]) => number === session);
    const name = own[0][2][1];
    expect(own.map(([, line, input]) => [line, input])).toEqual(
      Array.from({ length: 20 }, (_, index) => [index + 1, `"${name}${index + 1}"`]),
    );
  }
});

test('protocol 24: a kernel that was killed leaves its cells; a torn last line costs only itself', async () => {
  const first = await start();
  await first.client.execute('"kept"');
  await eventually('the line of the cell', () => existsSync(file(1)) && statSync(file(1)).size > 0);
  await first.kernel.dispose();
  appendFileSync(file(1), '{"line":2,"time":1,"input":"to');
  // A file of another making, and one that holds no text at all.
  writeFileSync(file(2), Buffer.from([0xff, 0x00, 0x0a, 0x7b, 0x0a]));

  const { kernel, client } = await start();
  await client.execute('"next"');
  expect(await history(client, everything)).toEqual([
    [1, 1, '"kept"'],
    [3, 1, '"next"'],
  ]);
  expect(kernel.stderr).toBe('');
});

test('protocol 24: of a huge file only the end is read', async () => {
  const filler = JSON.stringify({ line: 1, time: 1, input: 'x'.repeat(1000), output: null });
  const last = JSON.stringify({ line: 2, time: 2, input: 'last', output: null });
  writeFileSync(file(1), `${`${filler}\n`.repeat(20_000)}${last}\n`);
  const { client } = await start();
  const all = (await history(client, { hist_access_type: 'search', pattern: 'x*' })) as unknown[];
  expect(all.length).toBeGreaterThan(1000);
  expect(all.length).toBeLessThan(10_000);
  expect(await history(client, { hist_access_type: 'tail', n: 1 })).toEqual([[1, 2, 'last']]);
});

test('protocol 24: what cannot be kept is said once, and the notebook goes on', async () => {
  const blocked = path.join(folder, 'a file');
  writeFileSync(blocked, '');
  const { kernel, client } = await start({ NABLA_HISTORY: blocked });
  await client.execute('1');
  await client.execute('2');
  expect(await history(client, everything)).toEqual([
    [1, 1, '1'],
    [1, 2, '2'],
  ]);
  expect(kernel.stderr.match(/history is not kept/g)).toHaveLength(1);
});

test("protocol 24: the history lies in Jupyter's data folder, and NABLA_HISTORY=off keeps none", async () => {
  const off = await start({ NABLA_HISTORY: 'off', JUPYTER_DATA_DIR: folder });
  await off.client.execute('1');
  await end(off);
  expect(readdirSync(folder)).toEqual([]);
  const { client } = await start({ NABLA_HISTORY: '', JUPYTER_DATA_DIR: folder });
  expect(await history(client, everything)).toEqual([]);
  expect(readdirSync(folder)).toEqual([]);
  await client.execute('1');
  await eventually('the file', () => existsSync(path.join(folder, 'nabla/history/000001.jsonl')));
  expect(statSync(path.join(folder, 'nabla/history/000001.jsonl')).mode & 0o077).toBe(0);
});
