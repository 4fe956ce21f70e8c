/** Jupyter's protocol, lines 17 to 20: interrupt, stdin, shutdown. */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { executeContent, type Client } from './client.js';
import { eventually, isAlive, KernelProcess } from './kernel-process.js';

let kernel: KernelProcess;
let client: Client;

beforeAll(async () => {
  ({ kernel, client } = await KernelProcess.connected());
});
afterAll(() => kernel.dispose());

const LOOPS = [
  ['a synchronous loop', 'for (;;) {}'],
  ['a promise that never settles', 'await new Promise(() => {})'],
  ['a loop after an await', 'await 1; for (;;) {}'],
  ['a storm of microtasks', 'for (;;) await null'],
] as const;

async function start(code: string, options: object = {}): Promise<string> {
  const id = client.send('execute_request', executeContent(code, options));
  await client.output(id, 'execute_input');
  return id;
}

describe('protocol 17: control answers and interrupts', () => {
  test.each(LOOPS)('protocol 19: stops %s, keeps the state and aborts the queue', async (_, code) => {
    await client.execute('let kept = { weights: [1, 2, 3] }');
    const id = await start(`console.log("in"); ${code}`);
    await client.output(id, 'stream');
    const queued = client.send('execute_request', executeContent('kept = null'));
    const sent = performance.now();
    const reply = await client.ask('interrupt_request', {}, { channel: 'control' });
    expect(reply).toMatchObject({ channel: 'control', content: { status: 'ok' } });
    const cell = await client.finish(id);
    expect(cell.reply).toMatchObject({ status: 'error', ename: 'KeyboardInterrupt' });
    expect((await client.finish(queued)).reply.status).toBe('aborted');
    const idle = await client.idle(id);
    expect(idle.at - sent).toBeLessThan(1000);
    expect((await client.execute('kept.weights.length')).result).toContain('3');
  });

  test('protocol 19: stops a compiled training between two updates of its weights, and it goes on', async () => {
    await client.execute(`
      const w = new nn.Parameter(zeros([1 << 21]));
      const optimizer = new optim.SGD([w], { lr: 1 });
      const step = compile((x: Tensor) => {
        optimizer.zeroGrad();
        w.mul(x).sum().backward();
        optimizer.step();
      });
      const x = ones([]);
      for (let i = 0; i < 3; i++) step(x);`);
    for (let turn = 0; turn < 4; turn++) {
      const id = await start('console.log("in"); for (;;) step(x)');
      await client.output(id, 'stream');
      await client.ask('interrupt_request', {}, { channel: 'control' });
      expect((await client.finish(id)).reply).toMatchObject({ status: 'error', ename: 'KeyboardInterrupt' });
      // All elements have the same gradients: one that was left behind would differ.
      const { result } = await client.execute(`
        const before = w.max().item();
        const whole = w.min().item() === before;
        step(x);
        [whole, before - w.max().item(), w.min().equal(w.max()), step.stats.replays > 0, step.stats.fallbacks]`);
      expect(stripVTControlCharacters(result ?? '')).toBe('[ true, 1, true, true, 0 ]');
    }
  });

  test('protocol 18: kernel.json asks for interrupts by message', () => {
    const cli = fileURLToPath(new URL('../../dist/kernel/cli.js', import.meta.url));
    const args = [cli, 'install', '--prefix', kernel.folder];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    const file = path.join(kernel.folder, 'share/jupyter/kernels/nabla/kernel.json');
    const spec = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    expect(spec.interrupt_mode).toBe('message');
  });

  test('protocol 18: SIGINT takes the same path', async () => {
    const id = await start('console.log("in"); for (;;) {}');
    await client.output(id, 'stream');
    kernel.child.kill('SIGINT');
    expect((await client.finish(id)).reply).toMatchObject({ status: 'error', ename: 'KeyboardInterrupt' });
    expect((await client.execute('kept.weights.length')).result).toContain('3');
  });

  test('protocol 18: stops what several threads compute, and the next results are right', async () => {
    await client.execute(
      'setNumThreads(3); let big = arange(700 * 700).remainder(5).to("float32").view([700, 700])',
    );
    const sum = '[big.matmul(big), big.exp(), big.add(1)].map((x) => x.sum().item()).join()';
    const { result } = await client.execute(sum);
    for (let turn = 0; turn < 4; turn++) {
      const id = await start(`console.log("in"); for (;;) { ${sum} }`);
      await client.output(id, 'stream');
      await client.ask('interrupt_request', {}, { channel: 'control' });
      expect((await client.finish(id)).reply).toMatchObject({ status: 'error', ename: 'KeyboardInterrupt' });
      expect((await client.execute(sum)).result).toBe(result);
    }
  });

  test('protocol 18: SIGINT for the kernel and each of its processes at once is one interrupt', async () => {
    const { stdout } = await client.execute('console.log(process.pid + " " + process.ppid)');
    const pids = stdout.trim().split(' ').map(Number);
    expect(pids[1]).toBe(kernel.pid);
    const id = await start('console.log("in"); for (;;) {}');
    await client.output(id, 'stream');
    for (const pid of pids) process.kill(pid, 'SIGINT');
    expect((await client.finish(id)).reply).toMatchObject({ status: 'error', ename: 'KeyboardInterrupt' });
    // Also when nothing runs: the processes are still the same.
    for (const pid of pids) process.kill(pid, 'SIGINT');
    // Signals are no messages: what is asked now comes after them.
    await client.ask('kernel_info_request');
    await client.ask('interrupt_request', {}, { channel: 'control' });
    const again = await client.execute('console.log(process.pid + " " + process.ppid)');
    expect(again.stdout).toBe(stdout);
  });

  test('protocol 18: with nothing running it changes nothing', async () => {
    kernel.child.kill('SIGINT');
    await client.ask('interrupt_request', {}, { channel: 'control' });
    expect((await client.execute('1 + 1')).reply.status).toBe('ok');
  });

  test('control answers other requests while user code spins', async () => {
    const id = await start('for (;;) {}');
    const info = await client.ask('kernel_info_request', {}, { channel: 'control' });
    expect(info.content.status).toBe('ok');
    await client.ask('interrupt_request', {}, { channel: 'control' });
    await client.finish(id);
  });

  test('the heart beats while user code spins', async () => {
    const id = await start('for (;;) {}');
    const beats = [];
    for (let beat = 0; beat < 5; beat++) beats.push(await client.ping(`beat ${beat}`));
    expect(beats.map(({ answer }) => answer)).toEqual([0, 1, 2, 3, 4].map((beat) => `beat ${beat}`));
    await client.ask('interrupt_request', {}, { channel: 'control' });
    await client.finish(id);
  });
});

describe('protocol 17: stdin', () => {
  const question = (id: string) =>
    client.until('input_request', ({ channel, parent }) => channel === 'stdin' && parent.msg_id === id);

  test('the client that sent the cell is asked and its answer is used', async () => {
    const id = await start('`hello ${await input("who? ")}`');
    const asked = await question(id);
    expect(asked.content).toEqual({ prompt: 'who? ', password: false });
    client.send('input_reply', { value: 'Ada' }, { channel: 'stdin', parent: asked.header });
    expect((await client.finish(id)).result).toContain('hello Ada');
  });

  test('inputSync waits in the middle of a loop', async () => {
    const id = await start('inputSync("secret", { password: true }).length');
    const asked = await question(id);
    expect(asked.content).toEqual({ prompt: 'secret', password: true });
    // As terminal clients do: without a parent.
    client.send('input_reply', { value: 'four' }, { channel: 'stdin' });
    expect((await client.finish(id)).result).toContain('4');
  });

  test.each(['await input("?")', 'inputSync("?")'])(
    'an interrupt cancels %s, a stale answer is purged',
    async (code) => {
      const first = await start(code);
      const stale = await question(first);
      await client.ask('interrupt_request', {}, { channel: 'control' });
      expect((await client.finish(first)).reply.ename).toBe('KeyboardInterrupt');
      client.send('input_reply', { value: 'stale' }, { channel: 'stdin', parent: stale.header });
      const second = await start(code);
      const asked = await question(second);
      client.send('input_reply', { value: 'stale too' }, { channel: 'stdin', parent: stale.header });
      client.send('input_reply', { value: 'fresh' }, { channel: 'stdin', parent: asked.header });
      expect((await client.finish(second)).result).toContain('fresh');
    },
  );

  test('allow_stdin: false makes input() throw at once', async () => {
    const cell = await client.execute('await input("?")', { allow_stdin: false });
    expect(cell.reply).toMatchObject({ status: 'error' });
    expect(cell.reply.evalue).toMatch(/allow_stdin/);
    expect((await client.execute('inputSync("?")', { allow_stdin: false })).reply.status).toBe('error');
  });
});

/** Starts a cell's own child, and returns the ids of the user process and of that child. */
async function family(client: Client): Promise<number[]> {
  const cell = await client.execute(
    `import { spawn } from 'node:child_process';
     const child = spawn('sleep', ['600'], { stdio: 'ignore' });
     console.log(process.pid + ' ' + child.pid);`,
  );
  const pids = cell.stdout.trim().split(' ').map(Number);
  expect(pids.every((pid) => isAlive(pid))).toBe(true);
  return pids;
}

describe('protocol 20: shutdown', () => {
  test.each([
    ['control', true, ''],
    ['control', false, 'for (;;) {}'],
    ['shell', false, 'await new Promise(() => {})'],
  ] as const)(
    'shutdown on %s echoes restart: %s, and nothing is left (running: %s)',
    async (channel, restart, code) => {
      const { kernel, client } = await KernelProcess.connected();
      try {
        const pids = await family(client);
        if (code !== '') client.send('execute_request', executeContent(code));
        const id = client.send('shutdown_request', { restart }, { channel });
        const reply = await client.reply(id);
        expect([reply.channel, reply.content]).toEqual([channel, { status: 'ok', restart }]);
        const told = await client.output(id, 'shutdown_reply');
        expect(told.content.restart).toBe(restart);
        expect(await kernel.ended()).toEqual({ code: 0, signal: null });
        await eventually('all processes are gone', () => !pids.some((pid) => isAlive(pid)));
        expect(kernel.stderr).toBe('');
      } finally {
        await kernel.dispose();
      }
    },
  );

  test('a kernel that is killed leaves nothing running', async () => {
    const { kernel, client } = await KernelProcess.connected();
    try {
      const pids = await family(client);
      kernel.child.kill('SIGKILL');
      await eventually('all processes are gone', () => !pids.some((pid) => isAlive(pid)));
    } finally {
      await kernel.dispose();
    }
  });

  test('SIGTERM ends everything', async () => {
    const { kernel, client } = await KernelProcess.connected();
    try {
      const pids = await family(client);
      kernel.child.kill('SIGTERM');
      expect(await kernel.ended()).toEqual({ code: 0, signal: null });
      await eventually('all processes are gone', () => !pids.some((pid) => isAlive(pid)));
    } finally {
      await kernel.dispose();
    }
  });

  test('the kernel does not outlive its client (JPY_PARENT_PID)', async () => {
    const parent = spawn('sleep', ['600']);
    const { kernel, client } = await KernelProcess.connected({ env: { JPY_PARENT_PID: String(parent.pid) } });
    try {
      const pids = await family(client);
      parent.kill('SIGKILL');
      await kernel.ended();
      await eventually('all processes are gone', () => !pids.some((pid) => isAlive(pid)));
    } finally {
      await kernel.dispose();
    }
  });

  test('the process ends also when it was just started', async () => {
    const kernel = await KernelProcess.start();
    const client = kernel.client();
    try {
      const id = client.send('shutdown_request', { restart: false }, { channel: 'control' });
      await client.reply(id);
      expect(await kernel.ended()).toEqual({ code: 0, signal: null });
    } finally {
      await kernel.dispose();
    }
  });
});

test('the death of the user process is told in the cell, and the next cell runs', async () => {
  const cell = await client.execute('process.kill(process.pid, "SIGKILL"); await new Promise(() => {})');
  expect(cell.reply.status).toBe('error');
  expect(cell.outputs.filter(({ type }) => type === 'error')).toHaveLength(1);
  const next = await client.execute('typeof kept');
  expect(next.result).toContain('undefined');
});
