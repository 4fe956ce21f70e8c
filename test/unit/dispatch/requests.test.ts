import { expect, test } from 'vitest';
import { makeKernel } from './make-kernel.js';

test('every request is answered between busy and idle, with its header as the parent', async () => {
  const { transport, session } = await makeKernel();
  const requests: [string, Record<string, unknown>][] = [
    ['kernel_info_request', {}],
    ['complete_request', { code: 'a', cursor_pos: 1 }],
    ['inspect_request', { code: 'a', cursor_pos: 1, detail_level: 0 }],
    ['is_complete_request', { code: 'a' }],
    ['history_request', { hist_access_type: 'tail', n: 1 }],
    ['comm_info_request', {}],
    ['interrupt_request', {}],
    ['debug_request', { type: 'request', seq: 7, command: 'attach' }],
  ];
  for (const [type, content] of requests) {
    const id = transport.request(type, content);
    const reply = await transport.reply(id);
    expect(reply.type).toBe(type.replace('request', 'reply'));
    expect(transport.story(id)).toEqual(['busy', reply.type, 'idle']);
    if (type !== 'is_complete_request') expect(reply.content.status).toBe('ok');
  }
  expect(session.cells).toEqual([]);
});

test('an unknown message type gets busy and idle and no reply', async () => {
  const { transport } = await makeKernel();
  const id = transport.request('made_up_request');
  expect(transport.story(id)).toEqual(['busy', 'idle']);
});

test('while a cell runs, a completion does not leave the kernel looking idle', async () => {
  const { transport, session } = await makeKernel();
  const running = transport.request('execute_request', { code: 'for(;;);' });
  const cell = await session.cell(0);
  const id = transport.request('complete_request', { code: 'a', cursor_pos: 1 });
  await transport.reply(id);
  const states = transport.sent.filter(({ type }) => type === 'status');
  expect(states.at(-1)).toMatchObject({ parent: running, content: { execution_state: 'busy' } });
  expect(transport.story(id)).toEqual(['busy', 'complete_reply', 'idle']);
  cell.finish();
  await transport.reply(running);
  expect(transport.sent.at(-1)?.content).toEqual({ execution_state: 'idle' });
});

test('kernel_info names what clients look for', async () => {
  const { transport } = await makeKernel();
  const { content } = await transport.reply(transport.request('kernel_info_request'));
  expect(content).toMatchObject({
    status: 'ok',
    protocol_version: '5.5',
    implementation: 'nabla',
    implementation_version: '1.2.3',
    supported_features: ['debugger'],
    language_info: {
      name: 'typescript',
      file_extension: '.ts',
      codemirror_mode: 'typescript',
      pygments_lexer: 'typescript',
    },
  });
});

test('an interrupt stops the running cell and aborts the waiting ones', async () => {
  const { transport, session } = await makeKernel();
  const running = transport.request('execute_request', { code: 'for(;;);', stop_on_error: false });
  const waiting = transport.request('execute_request', { code: 'x' });
  await session.cell(0);
  const interrupt = transport.request('interrupt_request', {}, { channel: 'control' });
  const reply = await transport.reply(interrupt);
  expect(reply.channel).toBe('control');
  expect((await transport.reply(running)).content.ename).toBe('KeyboardInterrupt');
  expect((await transport.reply(waiting)).content.status).toBe('aborted');
  expect(session.interrupts).toBe(1);
});

test('a cell that comes right after an interrupt begins when that has been noticed', async () => {
  const { transport, session } = await makeKernel();
  let notice = (): void => undefined;
  session.interrupt = () => new Promise((resolve) => (notice = resolve));
  const interrupt = transport.request('interrupt_request', {}, { channel: 'control' });
  const next = transport.request('execute_request', { code: 'next' });
  await new Promise((resolve) => setImmediate(resolve));
  expect(session.cells).toEqual([]);
  notice();
  expect((await transport.reply(interrupt)).content.status).toBe('ok');
  (await session.cell(0)).finish();
  expect((await transport.reply(next)).content.status).toBe('ok');
});

test('an interrupt before the user process is there calls the cell off', async () => {
  let give = (): void => undefined;
  const gate = new Promise<void>((resolve) => (give = resolve));
  const { FakeSession } = await import('./fake-session.js');
  const { MemoryTransport } = await import('./memory-transport.js');
  const { Kernel } = await import('../../../kernel/dispatch/index.js');
  const transport = new MemoryTransport();
  let session: InstanceType<typeof FakeSession> | undefined;
  const kernel = new Kernel({
    transport,
    startSession: async (events) => {
      await gate;
      return (session = new FakeSession(events));
    },
    isComplete: () => ({ status: 'complete' }),
    version: '1',
    log: () => undefined,
    ended: () => undefined,
  });
  await kernel.start();
  const id = transport.request('execute_request', { code: 'for(;;);' });
  const interrupt = transport.request('interrupt_request', {}, { channel: 'control' });
  give();
  expect((await transport.reply(id)).content).toMatchObject({ ename: 'KeyboardInterrupt' });
  await transport.reply(interrupt);
  expect(session?.cells).toEqual([]);
});

test('shutdown echoes restart, tells every client, ends the user process, then itself', async () => {
  for (const restart of [true, false]) {
    const { transport, session, ended } = await makeKernel();
    const id = transport.request('shutdown_request', { restart }, { channel: 'control' });
    expect((await transport.reply(id)).content).toEqual({ status: 'ok', restart });
    await transport.until(({ channel, type }) => channel === 'iopub' && type === 'shutdown_reply');
    await new Promise((resolve) => setImmediate(resolve));
    expect(session.isShutDown).toBe(true);
    expect(transport.isClosed).toBe(true);
    expect(ended).toEqual([restart]);
  }
});

test('a subscriber is welcomed with its topic, and the first one hears that the kernel starts', async () => {
  const { transport } = await makeKernel();
  transport.subscribe('kernel.');
  transport.subscribe('');
  expect(transport.sent.map(({ type, content, message }) => [type, content, message.parent])).toEqual([
    ['iopub_welcome', { subscription: 'kernel.' }, null],
    ['status', { execution_state: 'starting' }, null],
    ['iopub_welcome', { subscription: '' }, null],
  ]);
});

test('a comm to an unknown target is closed at once', async () => {
  const { transport } = await makeKernel();
  const id = transport.request('comm_open', { comm_id: 'c1', target_name: 'nobody', data: {} });
  const close = await transport.until(({ type }) => type === 'comm_close');
  expect(close).toMatchObject({ parent: id, content: { comm_id: 'c1', data: {} } });
  await transport.until(({ content, parent }) => parent === id && content.execution_state === 'idle');
  expect(transport.story(id)).toEqual(['busy', 'comm_close', 'idle']);
});

test('comm_info lists what the user process has opened, by target', async () => {
  const { transport, session } = await makeKernel();
  session.events.output({ type: 'comm', id: null, kind: 'open', commId: 'w', target: 'widget', data: {} });
  const info = async (content: Record<string, unknown>) =>
    (await transport.reply(transport.request('comm_info_request', content))).content.comms;
  expect(await info({})).toEqual({ w: { target_name: 'widget' } });
  expect(await info({ target_name: 'other' })).toEqual({});
  session.events.output({ type: 'comm', id: null, kind: 'close', commId: 'w', data: {} });
  expect(await info({ target_name: 'widget' })).toEqual({});
});

test('two kernels in one process do not know of each other', async () => {
  const [one, two] = await Promise.all([makeKernel(), makeKernel()]);
  const id = one.transport.request('execute_request', { code: 'a' });
  (await one.session.cell(0)).finish();
  await one.transport.reply(id);
  expect(two.transport.sent).toEqual([]);
  const other = two.transport.request('execute_request', { code: 'b' });
  (await two.session.cell(0)).finish();
  const reply = await two.transport.reply(other);
  expect(reply.content.execution_count).toBe(1);
  expect(reply.message.header.session).not.toBe(one.transport.sent[0].message.header.session);
});
