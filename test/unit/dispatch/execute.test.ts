import { expect, test } from 'vitest';
import { makeKernel } from './make-kernel.js';

const run = (code: string, rest: object = {}) => ({ code, ...rest });

test('a cell is told in order: busy, input, outputs, result, reply, idle', async () => {
  const { transport, session } = await makeKernel();
  const id = transport.request('execute_request', run('1 + 1'));
  const cell = await session.cell(0);
  cell.print('before');
  cell.output({ type: 'display', id: cell.id, data: { 'text/plain': 'd' }, metadata: {}, update: false });
  cell.output({ type: 'result', id: cell.id, count: 1, data: { 'text/plain': '2' }, metadata: {} });
  cell.finish();
  const reply = await transport.reply(id);
  expect(transport.story(id)).toEqual([
    'busy',
    'execute_input',
    'stream',
    'display_data',
    'execute_result',
    'execute_reply',
    'idle',
  ]);
  expect(reply.content).toEqual({ status: 'ok', execution_count: 1, payload: [], user_expressions: {} });
  expect(reply.to).toBe('client');
});

test('a display without an id has an empty transient, never null', async () => {
  const { transport, session } = await makeKernel();
  const id = transport.request('execute_request', run('d'));
  const cell = await session.cell(0);
  cell.output({ type: 'display', id: cell.id, data: {}, metadata: {}, update: false });
  const display = await transport.until(({ type }) => type === 'display_data');
  expect(display.content).toEqual({ data: {}, metadata: {}, transient: {} });
  cell.finish();
  await transport.reply(id);
});

test('an error is in the output and in the reply, once each', async () => {
  const { transport, session } = await makeKernel();
  const id = transport.request('execute_request', run('throw'));
  (await session.cell(0)).fail('TypeError', 'no');
  const { content } = await transport.reply(id);
  expect(content).toMatchObject({ status: 'error', ename: 'TypeError', evalue: 'no', execution_count: 1 });
  const errors = transport.sent.filter(({ type }) => type === 'error');
  expect(errors.map(({ content }) => content)).toEqual([
    { ename: 'TypeError', evalue: 'no', traceback: ['TypeError: no'] },
  ]);
});

test('an error that the session only returns is shown as well', async () => {
  const { transport, session } = await makeKernel();
  session.execute = () => Promise.reject(new Error('pipe broke'));
  const id = transport.request('execute_request', run('x'));
  const { content } = await transport.reply(id);
  expect(content).toMatchObject({ status: 'error', ename: 'KernelError', evalue: 'pipe broke' });
  expect(transport.story(id)).toEqual(['busy', 'execute_input', 'error', 'execute_reply', 'idle']);
});

test('cells run one at a time and in order', async () => {
  const { transport, session } = await makeKernel();
  const ids = ['a', 'b', 'c'].map((code) => transport.request('execute_request', run(code)));
  for (let index = 0; index < 3; index++) {
    const cell = await session.cell(index);
    expect(cell.request.code).toBe('abc'[index]);
    expect(cell.request.count).toBe(index + 1);
    cell.finish();
    await transport.reply(ids[index]);
  }
});

test('a failing cell aborts the cells that wait, and only those', async () => {
  const { transport, session } = await makeKernel();
  const failing = transport.request('execute_request', run('throw'));
  const waiting = [1, 2].map(() => transport.request('execute_request', run('x')));
  const info = transport.request('kernel_info_request');
  (await session.cell(0)).fail('Error');
  for (const id of waiting) {
    const { content } = await transport.reply(id);
    expect(content).toEqual({ status: 'aborted', execution_count: 1 });
    expect(transport.story(id)).toEqual(['busy', 'execute_reply', 'idle']);
  }
  expect((await transport.reply(info)).content.status).toBe('ok');
  expect((await transport.reply(failing)).content.status).toBe('error');
  const next = transport.request('execute_request', run('y'));
  (await session.cell(1)).finish();
  expect((await transport.reply(next)).content).toMatchObject({ status: 'ok', execution_count: 2 });
});

test('stop_on_error: false lets the waiting cells run', async () => {
  const { transport, session } = await makeKernel();
  transport.request('execute_request', run('throw', { stop_on_error: false }));
  const second = transport.request('execute_request', run('x'));
  (await session.cell(0)).fail('Error');
  (await session.cell(1)).finish();
  expect((await transport.reply(second)).content.status).toBe('ok');
});

test('a cell sent before the failure was known is aborted although it arrives later', async () => {
  const { transport, session } = await makeKernel();
  const sentAt = Date.now() - 50;
  const header = { date: new Date(sentAt).toISOString() };
  const failing = transport.request('execute_request', run('throw'), { header });
  const cell = await session.cell(0);
  await new Promise((resolve) => setTimeout(resolve, 10));
  cell.fail('Error');
  await transport.reply(failing);
  // Sent in the same moment as the failing one, but late on the way.
  const late = transport.request('execute_request', run('late'), { header });
  expect((await transport.reply(late)).content.status).toBe('aborted');
  // Sent after the reply: a new wish.
  const after = { date: new Date(sentAt + 1000).toISOString() };
  const next = transport.request('execute_request', run('next'), { header: after });
  (await session.cell(1)).finish();
  expect((await transport.reply(next)).content.status).toBe('ok');
  // Another client's clock and wishes are its own.
  const other = transport.request('execute_request', run('other'), {
    header: { ...header, session: 'other' },
  });
  (await session.cell(2)).finish();
  expect((await transport.reply(other)).content.status).toBe('ok');
});

test('a cell sent because of the failure runs, even when the kernel is held up after its reply', async () => {
  const { transport, session } = await makeKernel();
  const send = transport.send.bind(transport);
  let known = NaN;
  transport.send = (...message) => {
    send(...message);
    known = Date.now();
    while (Date.now() < known + 10);
  };
  const failing = transport.request('execute_request', run('throw'));
  (await session.cell(0)).fail('Error');
  await transport.reply(failing);
  const next = transport.request('execute_request', run('1'), {
    header: { date: new Date(known).toISOString() },
  });
  (await session.cell(1)).finish();
  expect((await transport.reply(next)).content.status).toBe('ok');
});

test('a silent cell says busy and idle only, and does not count', async () => {
  const { transport, session } = await makeKernel();
  const id = transport.request('execute_request', run('x', { silent: true, store_history: true }));
  const cell = await session.cell(0);
  expect(cell.request).toMatchObject({ silent: true, storeHistory: false, count: 0 });
  cell.print('hidden');
  cell.fail('Error', 'hidden too');
  const { content } = await transport.reply(id);
  expect(content).toMatchObject({ status: 'error', ename: 'Error', execution_count: 0 });
  expect(transport.story(id)).toEqual(['busy', 'execute_reply', 'idle']);
});

test('store_history: false leaves the counter and the history alone', async () => {
  const { transport, session } = await makeKernel();
  transport.request('execute_request', run('kept'));
  (await session.cell(0)).finish();
  const id = transport.request('execute_request', run('forgotten', { store_history: false }));
  (await session.cell(1)).finish();
  expect((await transport.reply(id)).content.execution_count).toBe(1);
  const history = await transport.reply(
    transport.request('history_request', { hist_access_type: 'tail', n: 9 }),
  );
  expect(history.content.history).toEqual([[1, 1, 'kept']]);
});

test('every user expression that was asked has an answer', async () => {
  const { transport, session } = await makeKernel();
  const id = transport.request('execute_request', run('x', { user_expressions: { a: '1', b: '2' } }));
  const cell = await session.cell(0);
  expect(cell.request.userExpressions).toEqual({ a: '1', b: '2' });
  cell.finish({ userExpressions: { a: { status: 'ok', data: { 'text/plain': '1' }, metadata: {} } } });
  const { content } = await transport.reply(id);
  expect(content.user_expressions).toMatchObject({
    a: { status: 'ok', data: { 'text/plain': '1' } },
    b: { status: 'error' },
  });
});

test('content of the wrong type is refused with a reason, and nothing runs', async () => {
  const { transport, session } = await makeKernel();
  const id = transport.request('execute_request', { code: 42 });
  const { content } = await transport.reply(id);
  expect(content).toMatchObject({
    status: 'error',
    ename: 'ProtocolError',
    evalue: "execute_request: 'code' must be a string, got 42",
    execution_count: 0,
  });
  expect(transport.story(id)).toEqual(['busy', 'execute_reply', 'idle']);
  expect(session.cells).toEqual([]);
});

test('output after the end of a cell keeps the parent of that cell', async () => {
  const { transport, session } = await makeKernel();
  const first = transport.request('execute_request', run('timer'));
  const cell = await session.cell(0);
  cell.finish();
  await transport.reply(first);
  const second = transport.request('execute_request', run('other'));
  const other = await session.cell(1);
  cell.print('late');
  other.print('mine');
  other.finish();
  await transport.reply(second);
  const streams = transport.sent.filter(({ type }) => type === 'stream');
  expect(streams.map(({ parent, content }) => [parent, content.text])).toEqual([
    [first, 'late'],
    [second, 'mine'],
  ]);
});

test('the death of the user process is an error of the cell that ran, and the next cell runs', async () => {
  const { transport, session } = await makeKernel();
  const id = transport.request('execute_request', run('process.abort()'));
  const waiting = transport.request('execute_request', run('x'));
  const cell = await session.cell(0);
  session.events.died({ ename: 'ProcessDied', evalue: 'SIGABRT', traceback: ['gone'] }, cell.id);
  expect((await transport.reply(id)).content).toMatchObject({ status: 'error', ename: 'ProcessDied' });
  expect((await transport.reply(waiting)).content.status).toBe('aborted');
  expect(transport.sent.filter(({ type }) => type === 'error')).toHaveLength(1);
  // JupyterLab forgets its requests when it hears `restarting`: what belongs to the cell must be out before.
  const states = transport.sent.filter(({ type }) => type === 'status');
  const restarting = states.findIndex(({ content }) => content.execution_state === 'restarting');
  const idle = states.findIndex(({ parent, content }) => parent === id && content.execution_state === 'idle');
  expect(idle).toBeGreaterThan(-1);
  expect(restarting).toBeGreaterThan(idle);
});
