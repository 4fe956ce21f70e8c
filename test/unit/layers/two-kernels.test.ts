/** Two whole kernels in one process, each with a user process of its own, and no socket anywhere: the layers come apart. */
import os from 'node:os';
import { afterEach, expect, test } from 'vitest';
import { Kernel } from '../../../kernel/dispatch/index.js';
import { isComplete } from '../../../kernel/language/index.js';
import { startSession } from '../../../kernel/session/index.js';
import { MemoryTransport } from '../dispatch/memory-transport.js';

let kernels: Kernel[] = [];
afterEach(async () => {
  await Promise.all(kernels.map((kernel) => kernel.stop()));
  kernels = [];
});

async function startKernel(log: string[]): Promise<MemoryTransport> {
  const transport = new MemoryTransport();
  const kernel = new Kernel({
    transport,
    startSession: (events) => startSession({ cwd: os.tmpdir(), events }),
    isComplete,
    version: '1',
    log: (text) => log.push(text),
    ended: () => undefined,
  });
  kernels.push(kernel);
  await kernel.start();
  return transport;
}

async function run(transport: MemoryTransport, code: string): Promise<unknown> {
  const id = transport.request('execute_request', { code });
  const reply = await transport.reply(id);
  if (reply.content.status !== 'ok') return reply.content.ename;
  const result = transport.sent.find(({ parent, type }) => parent === id && type === 'execute_result');
  return (result?.content.data as Record<string, unknown> | undefined)?.['text/plain'];
}

test('two kernels in one process without sockets run cells, each in a scope and process of its own', async () => {
  const log: string[] = [];
  const [one, two] = await Promise.all([startKernel(log), startKernel(log)]);
  await Promise.all([run(one, "let name = 'one'"), run(two, "let name = 'two'; let only = 1")]);
  expect(await Promise.all([run(one, 'name'), run(two, 'name')])).toEqual(["'one'", "'two'"]);
  expect(await run(one, 'only')).toBe('ReferenceError');
  const pids = await Promise.all([run(one, 'process.pid'), run(two, 'process.pid')]);
  expect(new Set([...pids, String(process.pid)]).size).toBe(3);

  // An interrupt of one leaves the other alone.
  const spinning = one.request('execute_request', { code: 'console.log("in"); for (;;);' });
  const waiting = two.request('execute_request', { code: 'console.log("in"); await new Promise(() => {})' });
  for (const [transport, id] of [
    [one, spinning],
    [two, waiting],
  ] as const)
    await transport.until(({ parent, type }) => parent === id && type === 'stream');
  await one.reply(one.request('interrupt_request', {}, { channel: 'control' }));
  expect((await one.reply(spinning)).content.ename).toBe('KeyboardInterrupt');
  expect(two.story(waiting)).toEqual(['busy', 'execute_input', 'stream']);
  await two.reply(two.request('interrupt_request', {}, { channel: 'control' }));
  expect((await two.reply(waiting)).content.ename).toBe('KeyboardInterrupt');
  expect(await Promise.all([run(one, 'name'), run(two, 'name')])).toEqual(["'one'", "'two'"]);
  expect(log).toEqual([]);
});
