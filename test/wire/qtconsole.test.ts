/** What qtconsole sends, in its order (qtconsole's frontend_widget.py and jupyter_widget.py), and what it needs back. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { executeContent, type Client } from './client.js';
import { KernelProcess } from './kernel-process.js';

let kernel: KernelProcess;
let client: Client;

beforeAll(async () => {
  ({ kernel, client } = await KernelProcess.connected());
});
afterAll(() => kernel.dispose());

test('at its start it asks for the kernel, the history and the comms, all at once, while the kernel starts', async () => {
  const fresh = await KernelProcess.start();
  try {
    const other = fresh.client();
    const [info, history, comms] = [
      other.send('kernel_info_request'),
      other.send('history_request', { raw: true, output: false, hist_access_type: 'tail', n: 1000 }),
      other.send('comm_info_request', {}),
    ];
    const { content } = await other.reply(info);
    // The banner is the first thing that it shows; the language decides how it colours.
    expect(content.banner).toMatch(/^Nabla .*TypeScript/);
    expect(content.language_info).toMatchObject({ pygments_lexer: 'typescript', file_extension: '.ts' });
    expect((await other.reply(history)).content).toEqual({ status: 'ok', history: [] });
    expect((await other.reply(comms)).content).toEqual({ status: 'ok', comms: {} });
  } finally {
    await fresh.dispose();
  }
});

test('Enter asks whether the text is whole; the next line begins with the indent', async () => {
  const asked = async (code: string) => (await client.ask('is_complete_request', { code })).content;
  expect(await asked('function twice(x: number) {')).toEqual({ status: 'incomplete', indent: '  ' });
  expect(await asked('function twice(x: number) {\n  return 2 * x\n}')).toEqual({ status: 'complete' });
});

test('it looks at values by silent cells with user expressions and no code', async () => {
  await client.execute("const width = 80, label = 'π'");
  const before = client.received.length;
  const { reply, types } = await client.execute('', {
    silent: true,
    store_history: false,
    user_expressions: { 0: 'width', 1: 'label + 1', 2: 'missing' },
    allow_stdin: false,
  });
  expect(reply).toMatchObject({
    status: 'ok',
    user_expressions: {
      0: { status: 'ok', data: { 'text/plain': '80' } },
      1: { status: 'ok', data: { 'text/plain': "'π1'" } },
      2: { status: 'error', ename: 'ReferenceError' },
    },
  });
  expect(types).toEqual(['busy', 'idle']);
  expect(client.received.slice(before).filter(({ type }) => type === 'error')).toEqual([]);
});

test('Tab and an opening parenthesis: completion with a range, inspection for the tip', async () => {
  const { content: completion } = await client.ask('complete_request', { code: 'wid', cursor_pos: 3 });
  expect(completion).toMatchObject({ status: 'ok', cursor_start: 0, cursor_end: 3 });
  expect(completion.matches).toContain('width');
  const { content: tip } = await client.ask('inspect_request', {
    code: 'Math.hypot(',
    cursor_pos: 11,
    detail_level: 0,
  });
  expect(tip).toMatchObject({ status: 'ok', found: true, metadata: {} });
  expect((tip.data as Record<string, unknown>)['text/plain']).toContain('hypot');
});

test('a cell between prompts: input_request with its parent, output of another client is told apart by the session', async () => {
  const id = client.send('execute_request', executeContent("await input('name: ')"));
  const asked = await client.until('input_request', ({ type }) => type === 'input_request');
  expect(asked.parent).toMatchObject({ msg_id: id, session: client.session });
  client.send('input_reply', { value: 'x' }, { channel: 'stdin', parent: asked.header });
  await client.finish(id);
  const other = kernel.client();
  await other.ready();
  const theirs = await other.execute('console.log("theirs")');
  await client.idle(theirs.id);
  const input = await client.output(theirs.id, 'execute_input');
  // With "include other output" it shows these; without, it drops them by this field.
  expect(input.parent.session).toBe(other.session);
  expect(input.content).toEqual({
    code: 'console.log("theirs")',
    execution_count: theirs.reply.execution_count,
  });
});

test('?name shows the pager, Ctrl-C interrupts by message, a restart is a shutdown that says so', async () => {
  const { reply } = await client.execute('?width');
  expect(reply.payload).toEqual([
    {
      source: 'page',
      data: expect.objectContaining({ 'text/plain': expect.any(String) as unknown }) as unknown,
      start: 0,
    },
  ]);
  const id = client.send('execute_request', executeContent('console.log(1); for (;;);'));
  await client.output(id, 'stream');
  await client.ask('interrupt_request', {}, { channel: 'control' });
  expect((await client.finish(id)).reply.ename).toBe('KeyboardInterrupt');
  const bye = client.send('shutdown_request', { restart: true }, { channel: 'control' });
  expect((await client.reply(bye)).content).toEqual({ status: 'ok', restart: true });
  expect((await client.output(bye, 'shutdown_reply')).content.restart).toBe(true);
  expect((await kernel.ended()).code).toBe(0);
});
