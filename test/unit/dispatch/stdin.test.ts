import { expect, test } from 'vitest';
import type { Header } from '../../../kernel/protocol/message.js';
import { makeKernel, type TestKernel } from './make-kernel.js';

async function ask({ transport, session }: TestKernel): Promise<Header> {
  const before = transport.sent.length;
  session.events.inputRequest(session.cells[session.cells.length - 1].id, 'name? ', false);
  const question = await transport.until(
    (sent) => sent.type === 'input_request' && transport.sent.indexOf(sent) >= before,
  );
  return question.message.header;
}

async function start(kernel: TestKernel): Promise<string> {
  const id = kernel.transport.request('execute_request', { code: 'input()' }, { client: 'asker' });
  await kernel.session.cell(kernel.session.cells.length);
  return id;
}

test('the client that sent the cell is asked, and its answer reaches the cell', async () => {
  const kernel = await makeKernel();
  const { transport, session } = kernel;
  const id = await start(kernel);
  const question = await ask(kernel);
  const sent = transport.sent.find(({ type }) => type === 'input_request');
  expect(sent).toMatchObject({
    channel: 'stdin',
    to: 'asker',
    parent: id,
    content: { prompt: 'name? ', password: false },
  });
  transport.request('input_reply', { value: 'Ada' }, { channel: 'stdin', parent: question });
  await Promise.resolve();
  await Promise.resolve();
  expect(session.answers).toEqual([{ id: session.cells[0].id, value: 'Ada' }]);
});

test('a terminal client that names no question is understood', async () => {
  const kernel = await makeKernel();
  await start(kernel);
  await ask(kernel);
  kernel.transport.request('input_reply', { value: 'x' }, { channel: 'stdin' });
  await Promise.resolve();
  await Promise.resolve();
  expect(kernel.session.answers.map(({ value }) => value)).toEqual(['x']);
});

test('an answer left over from an interrupted cell is not taken for the next question', async () => {
  const kernel = await makeKernel();
  const { transport, session } = kernel;
  const first = await start(kernel);
  const stale = await ask(kernel);
  await transport.reply(transport.request('interrupt_request', {}, { channel: 'control' }));
  await transport.reply(first);
  transport.request('input_reply', { value: 'too late' }, { channel: 'stdin', parent: stale });
  await start(kernel);
  await ask(kernel);
  transport.request('input_reply', { value: 'still stale' }, { channel: 'stdin', parent: stale });
  await Promise.resolve();
  await Promise.resolve();
  expect(session.answers).toEqual([]);
});
