/** Kernels behind a real Jupyter server, seen by `@jupyterlab/services`: two frontends, and one that loses its connection. */
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { KernelManager, KernelMessage, ServerConnection, type Kernel } from '@jupyterlab/services';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startLab, type Lab } from '../browser/lab.js';
import { quietServices } from '../../kernel/run/quiet.js';

let server: Lab | undefined;
let folder: string;
let restoreConsole: () => void;
let managers: KernelManager[] = [];

beforeAll(async () => {
  restoreConsole = quietServices();
  folder = mkdtempSync(path.join(tmpdir(), 'nabla-server-'));
  server = await startLab(folder, 'jupyter_server');
});
afterEach(async () => {
  const [first] = managers;
  await first.shutdownAll();
  for (const manager of managers) manager.dispose();
  managers = [];
});
afterAll(async () => {
  await server?.stop();
  restoreConsole();
});

/** A frontend of its own, and the sockets that it has opened. */
function frontend(): { manager: KernelManager; sockets: WebSocket[] } {
  if (!server) throw new Error('the Jupyter server did not start');
  const sockets: WebSocket[] = [];
  const { WebSocket: Plain } = ServerConnection.makeSettings();
  class Recorded extends Plain {
    constructor(...args: ConstructorParameters<typeof Plain>) {
      super(...args);
      sockets.push(this);
    }
  }
  const serverSettings = ServerConnection.makeSettings({
    baseUrl: server.url,
    wsUrl: server.url.replace('http', 'ws'),
    WebSocket: Recorded,
  });
  const manager = new KernelManager({ serverSettings, standby: 'never' });
  managers.push(manager);
  return { manager, sockets };
}

/** Sockets of `ws` can end without a word, as a network does. */
function canTerminate(socket: WebSocket): socket is WebSocket & { terminate(): void } {
  return 'terminate' in socket;
}

/** The types of the IOPub messages that a connection hears, with the state of a status. */
function listen(kernel: Kernel.IKernelConnection): { story: string[]; texts: string[] } {
  const story: string[] = [];
  const texts: string[] = [];
  kernel.iopubMessage.connect((_, message) => {
    const { msg_type } = message.header;
    if (KernelMessage.isStatusMsg(message)) story.push(message.content.execution_state);
    else story.push(msg_type);
    if (KernelMessage.isStreamMsg(message)) texts.push(message.content.text);
    if (KernelMessage.isExecuteInputMsg(message)) texts.push(message.content.code);
  });
  return { story, texts };
}

test('two frontends on one kernel: both see inputs and outputs, only the one that asked is asked', async () => {
  const mine = frontend();
  const theirs = frontend();
  const kernel = await mine.manager.startNew({ name: 'nabla' });
  const other = theirs.manager.connectTo({ model: kernel.model });
  await other.info;
  const heard = listen(other);
  const questions: string[] = [];
  other.anyMessage.connect((_, { msg }) => {
    if (msg.header.msg_type === 'input_request') questions.push('other');
  });

  const future = kernel.requestExecute({ code: 'console.log(`hello ${await input("who? ")}`)' });
  future.onStdin = (message) => {
    questions.push('mine');
    if (KernelMessage.isInputRequestMsg(message))
      future.sendInputReply({ value: 'Ada', status: 'ok' }, message.header);
  };
  expect((await future.done).content.status).toBe('ok');
  await expect.poll(() => heard.story.slice(-4)).toEqual(['busy', 'execute_input', 'stream', 'idle']);
  expect(heard.texts).toEqual(['console.log(`hello ${await input("who? ")}`)', 'hello Ada\n']);
  expect(questions).toEqual(['mine']);

  // Both work in the same scope, in turn.
  const [first, second] = [
    kernel.requestExecute({ code: 'await new Promise((r) => setTimeout(r, 200)); let shared = 20;' }),
    other.requestExecute({ code: 'shared + 1' }),
  ];
  let result: unknown;
  second.onIOPub = (message) => {
    if (KernelMessage.isExecuteResultMsg(message)) result = message.content.data['text/plain'];
  };
  await Promise.all([first.done, second.done]);
  expect(result).toBe('21');
});

test('a connection that breaks in the midst of a cell comes back, with all that was said meanwhile', async () => {
  const { manager, sockets } = frontend();
  const kernel = await manager.startNew({ name: 'nabla' });
  await kernel.info;
  const [go, gone] = [path.join(folder, 'go'), path.join(folder, 'gone')];
  const future = kernel.requestExecute({
    code: `
      const { existsSync, writeFileSync } = await import('node:fs');
      console.log('before');
      while (!existsSync(${JSON.stringify(go)})) await new Promise((resolve) => setTimeout(resolve, 10));
      console.log('meanwhile');
      writeFileSync(${JSON.stringify(gone)}, '');
      42`,
  });
  const texts: string[] = [];
  let result: unknown;
  future.onIOPub = (message) => {
    if (KernelMessage.isStreamMsg(message)) texts.push(message.content.text);
    if (KernelMessage.isExecuteResultMsg(message)) result = message.content.data['text/plain'];
  };
  await expect.poll(() => texts.join('')).toBe('before\n');

  const states: string[] = [];
  kernel.connectionStatusChanged.connect((_, status) => void states.push(status));
  const socket = sockets.at(-1);
  if (!socket || !canTerminate(socket)) throw new Error('no socket to break');
  socket.terminate();
  await expect.poll(() => states).toContain('connecting');
  writeFileSync(go, '');

  expect((await future.done).content.status).toBe('ok');
  expect(existsSync(gone)).toBe(true);
  expect([texts.join(''), result]).toEqual(['before\nmeanwhile\n', '42']);
  expect(states.at(-1)).toBe('connected');
  expect(sockets.length).toBeGreaterThan(1);
});

test('after a restart by one frontend both go on with the new kernel', async () => {
  const mine = frontend();
  const theirs = frontend();
  const kernel = await mine.manager.startNew({ name: 'nabla' });
  const other = theirs.manager.connectTo({ model: kernel.model });
  await other.info;
  await kernel.requestExecute({ code: 'let before = 1' }).done;
  await kernel.restart();
  for (const each of [kernel, other]) {
    const reply = await each.requestExecute({ code: 'before' }).done;
    expect(reply.content).toMatchObject({ status: 'error', ename: 'ReferenceError' });
  }
});
