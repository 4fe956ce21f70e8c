/**
 * The kernel as `@jupyterlab/services` sees it, the client library of JupyterLab, over ZeroMQ through the bridge: what
 * works here works in JupyterLab, and in the runner, which is built on it.
 */
import { KernelManager, KernelMessage, type Kernel } from '@jupyterlab/services';
import os from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bridge } from '../../kernel/run/bridge/index.js';
import { LocalKernels } from '../../kernel/run/bridge/kernels.js';
import { quietServices } from '../../kernel/run/quiet.js';
import { ownLaunchSpec } from '../../kernel/run/place.js';

const kernels = new LocalKernels([
  ownLaunchSpec(),
  { ...ownLaunchSpec(), name: 'over-tcp', transport: 'tcp' },
]);
let restoreConsole: () => void;
let manager: KernelManager;
let kernel: Kernel.IKernelConnection;

beforeAll(async () => {
  restoreConsole = quietServices();
  manager = new KernelManager({ serverSettings: bridge(kernels, os.tmpdir()), standby: 'never' });
  kernel = await manager.startNew({ name: 'nabla' });
});

afterAll(async () => {
  manager.dispose();
  await kernels.shutdownAll();
  restoreConsole();
});

interface Executed {
  reply: KernelMessage.IExecuteReplyMsg['content'];
  messages: KernelMessage.IIOPubMessage[];
}

/** Runs a cell and keeps what came on IOPub for it, also after its end. */
async function execute(code: string, connection = kernel): Promise<Executed> {
  const messages: KernelMessage.IIOPubMessage[] = [];
  const future = connection.requestExecute({ code }, false);
  future.onIOPub = (message) => void messages.push(message);
  const { content } = await future.done;
  return { reply: content, messages };
}

const types = ({ messages }: Executed) => messages.map(({ header }) => header.msg_type);

const plain = ({ messages }: Executed) =>
  messages
    .filter((message) => KernelMessage.isExecuteResultMsg(message))
    .map(({ content }) => content.data['text/plain']);

/** Starts a cell and resolves once it has printed `running`. */
async function untilRunning(code: string): Promise<{ done: Promise<KernelMessage.IExecuteReplyMsg> }> {
  const future = kernel.requestExecute({ code }, false);
  await new Promise<void>((resolve) => {
    future.onIOPub = (message) => {
      if (KernelMessage.isStreamMsg(message) && message.content.text.includes('running')) resolve();
    };
  });
  return { done: future.done };
}

it('says what it is', async () => {
  const info = await kernel.info;
  expect(info).toMatchObject({
    status: 'ok',
    implementation: 'nabla',
    language_info: { name: 'typescript', file_extension: '.ts' },
  });
  expect(kernel.supportsSubshells).toBe(false);
});

describe('executing', () => {
  it('brings busy, the input, outputs and the result in order, then idle', async () => {
    const cell = await execute('console.log("out"); console.error("err"); const answer: number = 42; answer');
    expect(types(cell)).toEqual(['status', 'execute_input', 'stream', 'stream', 'execute_result', 'status']);
    const streams = cell.messages.filter((message) => KernelMessage.isStreamMsg(message));
    expect(streams.map(({ content }) => content)).toEqual([
      { name: 'stdout', text: 'out\n' },
      { name: 'stderr', text: 'err\n' },
    ]);
    expect(plain(cell)).toEqual(['42']);
    expect(cell.reply).toMatchObject({ status: 'ok', payload: [] });
  });

  it('counts up, and keeps names from cell to cell', async () => {
    const first = await execute('let counter = 1');
    const second = await execute('counter + 1');
    expect(plain(second)).toEqual(['2']);
    expect(second.reply.execution_count).toBe((first.reply.execution_count ?? NaN) + 1);
  });

  it('updates a display in place, also from a later cell', async () => {
    const messages: KernelMessage.IIOPubMessage[] = [];
    const future = kernel.requestExecute(
      { code: 'const shown = display("first", { id: "progress" }); await 0' },
      false,
    );
    future.onIOPub = (message) => void messages.push(message);
    await future.done;
    await execute('updateDisplay("progress", "second"); await 0');
    const shown = messages.filter(
      (message) => KernelMessage.isDisplayDataMsg(message) || KernelMessage.isUpdateDisplayDataMsg(message),
    );
    expect(shown.map(({ header, content }) => [header.msg_type, content.data['text/plain']])).toEqual([
      ['display_data', "'first'"],
      ['update_display_data', "'second'"],
    ]);
  });

  it('reports an error in the cell and in the reply', async () => {
    const cell = await execute('throw new RangeError("too far")');
    expect(types(cell)).toEqual(['status', 'execute_input', 'error', 'status']);
    expect(cell.reply).toMatchObject({ status: 'error', ename: 'RangeError', evalue: 'too far' });
  });

  it('works over TCP as it does over local sockets', async () => {
    const other = await manager.startNew({ name: 'over-tcp' });
    expect(plain(await execute('6 * 7', other))).toEqual(['42']);
    await other.shutdown();
  });
});

describe('interrupting', () => {
  it.each([
    ['a loop', 'console.log("running"); for (;;) {}'],
    ['a wait', 'console.log("running"); await new Promise(() => {})'],
  ])('%s ends with KeyboardInterrupt, and the state stays', async (_, code) => {
    await execute('globalThis.kept = "still here"');
    const cell = await untilRunning(code);
    await kernel.interrupt();
    expect((await cell.done).content).toMatchObject({ status: 'error', ename: 'KeyboardInterrupt' });
    expect(plain(await execute('kept'))).toEqual(["'still here'"]);
  });
});

describe('ends', () => {
  it('starts afresh on restart', async () => {
    await execute('globalThis.gone = 1');
    await kernel.restart();
    expect(plain(await execute('typeof gone'))).toEqual(["'undefined'"]);
  });

  it('the death of the process with the cells is an error of the cell, and the next cell runs', async () => {
    const other = await manager.startNew({ name: 'nabla' });
    const messages: KernelMessage.IMessage[] = [];
    other.anyMessage.connect((_, { msg, direction }) => {
      if (direction === 'recv') messages.push(msg);
    });
    const restarting = new Promise<void>((resolve) => {
      other.statusChanged.connect((_, status) => status === 'autorestarting' && resolve());
    });
    other
      .requestExecute({
        code: 'console.log("last words"); process.kill(process.pid, "SIGKILL"); await new Promise(() => {})',
      })
      .done.catch(() => undefined);
    await restarting;
    const about = messages.filter(
      (message) => KernelMessage.isStreamMsg(message) || KernelMessage.isErrorMsg(message),
    );
    expect(about.map(({ content }) => ('text' in content ? content.text : content.ename))).toEqual([
      'last words\n',
      'ProcessDied',
    ]);
    expect(plain(await execute('1 + 1', other))).toEqual(['2']);
    await other.shutdown();
  });

  it('the death of the kernel process is told, with the reason', async () => {
    const other = await manager.startNew({ name: 'nabla' });
    await execute('1', other);
    const dead = new Promise<void>((resolve) => other.disposed.connect(() => resolve()));
    other
      .requestExecute({ code: 'process.kill(process.ppid, "SIGKILL"); await new Promise(() => {})' })
      .done.catch(() => undefined);
    await dead;
    expect(other.status).toBe('dead');
    expect(kernels.model(other.id)).toMatchObject({ execution_state: 'dead', reason: 'signal SIGKILL' });
  });

  it('leaves no process behind after a shutdown', async () => {
    const other = await manager.startNew({ name: 'nabla' });
    const [pids] = plain(await execute('[process.ppid, process.pid].join(" ")', other));
    await other.shutdown();
    expect(other.status).toBe('dead');
    for (const pid of (typeof pids === 'string' ? pids : '').match(/\d+/g) ?? ['none'])
      expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH');
    expect(kernels.find(other.id)).toBeUndefined();
  });

  it('a kernel that cannot start is dead, with what it said', async () => {
    const broken = new LocalKernels([
      { ...ownLaunchSpec(), argv: [process.execPath, '-e', 'throw new Error("no luck")'] },
    ]);
    const failing = new KernelManager({ serverSettings: bridge(broken, os.tmpdir()), standby: 'never' });
    const other = await failing.startNew({ name: 'nabla' });
    await new Promise<void>((resolve) => other.disposed.connect(() => resolve()));
    expect(broken.model(other.id)).toMatchObject({
      execution_state: 'dead',
      reason: 'exit code 1',
      traceback: expect.stringContaining('no luck') as string,
    });
    failing.dispose();
    await broken.shutdownAll();
  });
});
