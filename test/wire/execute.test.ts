/** Jupyter's protocol, lines 12 to 16: execution. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { executeContent, type Client } from './client.js';
import { KernelProcess } from './kernel-process.js';

let kernel: KernelProcess;
let client: Client;

beforeAll(async () => {
  ({ kernel, client } = await KernelProcess.connected());
});
afterAll(() => kernel.dispose());

const send = (code: string, options: object = {}) =>
  client.send('execute_request', executeContent(code, options));

describe('protocol 12: stop_on_error and abort', () => {
  test('an error aborts the cells that were queued, with an execution_count; other requests run', async () => {
    const failing = send('await new Promise((r) => setTimeout(r, 200)); throw new Error("stop")');
    await client.output(failing, 'execute_input');
    const queued = [send('globalThis.ran = true'), send('2')];
    const info = client.send('kernel_info_request');
    expect((await client.reply(info)).content.status).toBe('ok');
    const failed = await client.finish(failing);
    for (const id of queued) {
      const { reply, types } = await client.finish(id);
      expect(reply).toEqual({ status: 'aborted', execution_count: failed.reply.execution_count });
      expect(types).toEqual(['busy', 'idle']);
    }
    expect((await client.execute('globalThis.ran')).result).toBeUndefined();
  });

  test('stop_on_error is the default, and a burst of cells behind a quick failure is aborted whole', async () => {
    const ids = [
      client.send('execute_request', { code: 'throw 1' }),
      ...Array.from({ length: 30 }, () => client.send('execute_request', { code: 'console.log("ran")' })),
    ];
    const cells = await Promise.all(ids.map((id) => client.finish(id)));
    expect(cells.map(({ reply }) => reply.status)).toEqual(['error', ...Array<string>(30).fill('aborted')]);
    // The answer to the failure is a new wish.
    expect((await client.execute('1')).reply.status).toBe('ok');
  });

  test('stop_on_error: false lets the queue run on', async () => {
    const failing = send('throw 1', { stop_on_error: false });
    const next = send('"still"');
    await client.finish(failing);
    expect((await client.finish(next)).reply.status).toBe('ok');
  });
});

test('protocol 13: ename, evalue and traceback are in the error and in the reply', async () => {
  const cell = await client.execute('function f() {\n  throw new TypeError("not like that");\n}\nf();');
  const shown = cell.outputs.find(({ type }) => type === 'error')?.content;
  expect(shown).toMatchObject({ ename: 'TypeError', evalue: 'not like that' });
  expect(cell.reply).toMatchObject({ status: 'error', ...shown });
  expect(cell.outputs.filter(({ type }) => type === 'error')).toHaveLength(1);
  const traceback = (shown?.traceback as string[]).join('\n');
  expect(traceback).toContain('throw new TypeError("not like that")');
});

test('protocol 13: a syntax error points at its place', async () => {
  const cell = await client.execute('const x = 1;\nconst y = = 2;');
  expect(cell.reply).toMatchObject({ status: 'error', ename: 'SyntaxError' });
  expect((cell.reply.traceback as string[]).join('\n')).toMatch(/\^/);
  expect(cell.types).toEqual(['busy', 'execute_input', 'error', 'idle']);
});

describe('protocol 14: silent and store_history', () => {
  test('silent: busy and idle only, the counter stays, nothing is stored', async () => {
    const before = await client.execute('1');
    const cell = await client.execute('console.log("hidden"); display(1); 5', { silent: true });
    expect(cell.types).toEqual(['busy', 'idle']);
    expect(cell.reply).toMatchObject({ status: 'ok', execution_count: before.reply.execution_count });
    const failing = await client.execute('throw new Error("hidden")', { silent: true });
    expect(failing.types).toEqual(['busy', 'idle']);
    expect(failing.reply).toMatchObject({ status: 'error', evalue: 'hidden' });
    const after = await client.execute('2');
    expect(after.reply.execution_count).toBe(Number(before.reply.execution_count) + 1);
    const history = await client.ask('history_request', {
      hist_access_type: 'tail',
      n: 2,
      output: false,
      raw: true,
    });
    expect((history.content.history as unknown[][]).map(([, , input]) => input)).toEqual(['1', '2']);
  });

  test('store_history: false leaves the counter', async () => {
    const before = await client.execute('1');
    const cell = await client.execute('2', { store_history: false });
    expect(cell.result).toContain('2');
    expect(cell.reply.execution_count).toBe(before.reply.execution_count);
    const after = await client.execute('3');
    expect(after.reply.execution_count).toBe(Number(before.reply.execution_count) + 1);
  });
});

test('protocol 15: each user expression has data or an error', async () => {
  const cell = await client.execute('const base = 20', {
    user_expressions: { sum: 'base + 1', broken: 'nope.nope', unreadable: '1 +' },
  });
  const expressions = cell.reply.user_expressions as Record<string, Record<string, unknown>>;
  expect(expressions.sum).toMatchObject({ status: 'ok', metadata: {} });
  expect(String((expressions.sum.data as Record<string, unknown>)['text/plain'])).toContain('21');
  expect(expressions.broken).toMatchObject({ status: 'error', ename: 'ReferenceError' });
  expect(expressions.unreadable).toMatchObject({ status: 'error', ename: 'SyntaxError' });
});

test('protocol 16: busy within 1 s, each later message within 100 ms', { retry: 3 }, async () => {
  await client.execute('0');
  const start = performance.now();
  const id = send('1');
  const busy = await client.output(id, 'status');
  expect(busy.at - start).toBeLessThan(1000);
  const reply = await client.reply(id);
  const idle = await client.idle(id);
  const story = [...client.received.filter(({ parent }) => parent.msg_id === id)].sort((a, b) => a.at - b.at);
  expect(story.at(-1)!.at).toBe(Math.max(reply.at, idle.at));
  for (const [index, { at }] of story.slice(1).entries()) expect(at - story[index].at).toBeLessThan(100);
});

test('payloads: the pager and the next cell, in the order of asking, with the reply', async () => {
  const { reply } = await client.execute(
    `page('long text'); page(html\`<b>bold</b>\`); setNextInput('1 + 1'); setNextInput('2', { replace: true });
     page({ async [Symbol.for('Jupyter.display')]() { return { 'text/markdown': '*late*' } } });`,
  );
  expect(reply.payload).toEqual([
    { source: 'page', data: { 'text/plain': 'long text' }, start: 0 },
    { source: 'page', data: expect.objectContaining({ 'text/html': '<b>bold</b>' }) as unknown, start: 0 },
    { source: 'set_next_input', text: '1 + 1', replace: false },
    { source: 'set_next_input', text: '2', replace: true },
    { source: 'page', data: expect.objectContaining({ 'text/markdown': '*late*' }) as unknown, start: 0 },
  ]);
  expect((await client.execute('1')).reply.payload).toEqual([]);
  expect((await client.execute('page(1); throw 1')).reply.payload).toEqual([]);
});

test('cells that are sent at once run one after the other, in the order of sending', async () => {
  await client.execute('const ran: number[] = []');
  const ids = Array.from({ length: 20 }, (_, index) =>
    send(`await new Promise((resolve) => setTimeout(resolve, ${20 - index})); ran.push(${index})`),
  );
  const cells = await Promise.all(ids.map((id) => client.finish(id)));
  const counts = cells.map(({ reply }) => Number(reply.execution_count));
  expect(counts).toEqual(counts.map((_, index) => counts[0] + index));
  expect((await client.execute('ran.join()')).result).toBe(`'${counts.map((_, index) => index).join()}'`);
});

test('content of the wrong type is refused with a reason', async () => {
  const id = client.send('execute_request', { code: ['not', 'text'] });
  const { reply, types } = await client.finish(id);
  expect(reply).toMatchObject({ status: 'error', ename: 'ProtocolError' });
  expect(reply.evalue).toContain("'code' must be a string");
  expect(reply.execution_count).toBeTypeOf('number');
  expect(types).toEqual(['busy', 'idle']);
});

test('names are redeclared across cells, and types are no obstacle', async () => {
  await client.execute('const model: { w: number } = { w: 1 }');
  await client.execute('class model { static w = "two" }');
  expect((await client.execute('model.w')).result).toContain('two');
});
