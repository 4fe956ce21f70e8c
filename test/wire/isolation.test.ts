/** What happens to a cell, to those that wait, and to the connection when code fails outside of a cell or takes its process with it. */
import { spawnSync } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { executeContent, type Client, type Received } from './client.js';
import { eventually, KernelProcess } from './kernel-process.js';

let kernel: KernelProcess;
let client: Client;

beforeAll(async () => {
  ({ kernel, client } = await KernelProcess.connected());
});
afterAll(() => kernel.dispose());

const errorsOf = (outputs: readonly Received[]) => outputs.filter(({ type }) => type === 'error');

describe('an error outside of the code of a cell', () => {
  test.each([
    ['of a timer', 'setTimeout(() => { throw new Error("late") })', 'Error', 'late'],
    [
      'of a handler of an event',
      'setTimeout(() => new (require("events"))().emit("error", new Error("late")))',
      'Error',
      'late',
    ],
    ['of a promise that nobody awaits', 'void Promise.reject(new RangeError("late"))', 'RangeError', 'late'],
    [
      'of a worker',
      'new (require("worker_threads").Worker)("throw new TypeError(\'late\')", { eval: true })',
      'TypeError',
      'late',
    ],
    ['that is no error', 'setTimeout(() => { throw "late" })', 'Thrown', 'late'],
    ['by process.exit', 'setTimeout(() => process.exit(3))', 'Error', 'process.exit() was refused'],
  ])(
    '%s is shown in the cell that began it, also when that has ended, and no state is lost',
    async (_, code, ename, words) => {
      await client.execute('let state = "kept"');
      const { id, reply } = await client.execute(`${code};`);
      expect(reply.status).toBe('ok');
      const error = await client.output(id, 'error');
      expect(error.content.ename).toBe(ename);
      expect(error.content.evalue).toContain(words);
      const next = await client.execute('state');
      expect(next.result).toContain('kept');
      expect(errorsOf(next.outputs)).toEqual([]);
    },
  );

  test('is shown and ends nothing after all listeners of the process were removed', async () => {
    await client.execute('let listening = "still"; process.removeAllListeners()');
    const { id } = await client.execute('setTimeout(() => { throw new Error("late") });');
    expect((await client.output(id, 'error')).content.evalue).toBe('late');
    const spinning = client.send('execute_request', executeContent('console.log("in"); for (;;) {}'));
    await client.output(spinning, 'stream');
    kernel.child.kill('SIGINT');
    expect((await client.finish(spinning)).reply.ename).toBe('KeyboardInterrupt');
    expect((await client.execute('listening')).result).toContain('still');
  });
});

describe('what ends only the cell', () => {
  test.each([
    ['process.exit', 'process.exit(0)', /process\.exit\(\) was refused.*restart the kernel/],
    ['process.abort', 'process.abort()', /process\.abort\(\) was refused/],
    ['endless recursion', 'function f(): number { return f() + 1 }; f()', /Maximum call stack size exceeded/],
    ['a buffer of 10 GB', 'Buffer.alloc(10 * 2 ** 30)', /out of range|allocation failed/i],
    [
      'a WebAssembly memory that cannot grow',
      'new WebAssembly.Memory({ initial: 1, maximum: 2 }).grow(2)',
      /Maximum memory size exceeded/,
    ],
    ['a tensor larger than the memory', 'zeros([60_000, 60_000])', /zeros: cannot allocate 14\.4 GB/],
  ])('is %s; the reason is understandable, the state is kept', async (_, code, reason) => {
    await client.execute('let state = "kept"');
    const { reply } = await client.execute(code);
    expect(reply.status).toBe('error');
    expect(reply.evalue).toMatch(reason);
    expect((await client.execute('state')).result).toContain('kept');
  });
});

describe('the end of the user process', () => {
  test.each([
    ['is killed', 'process.kill(process.pid, "SIGKILL"); for (;;) {}', /was killed \(SIGKILL/],
    ['is asked to end', 'process.kill(process.pid, "SIGTERM"); for (;;) {}', /ended by the signal SIGTERM/],
    ['crashes', 'process.kill(process.pid, "SIGSEGV"); for (;;) {}', /crashed in native code \(SIGSEGV\)/],
    ['aborts', 'process.kill(process.pid, "SIGABRT"); for (;;) {}', /aborted/],
  ])(
    'when it %s is told in the cell; the queue is aborted, the front hears of it, the connection lives',
    async (_, code, reason) => {
      await client.execute('let state = "lost"');
      client.received.length = 0;
      const id = client.send('execute_request', executeContent(code));
      const queued = client.send('execute_request', executeContent('"never"'));
      const cell = await client.finish(id);
      expect(cell.reply).toMatchObject({ status: 'error', ename: 'ProcessDied' });
      expect(cell.reply.evalue).toMatch(reason);
      const [error, ...others] = errorsOf(cell.outputs);
      expect(others).toEqual([]);
      expect(error.content.evalue).toBe(cell.reply.evalue);
      expect((await client.finish(queued)).reply.status).toBe('aborted');
      const isRestarting = ({ type, content }: Received) =>
        type === 'status' && content.execution_state === 'restarting';
      await client.until('restarting', isRestarting);
      // The status comes after the cell's last word, or frontends would drop that.
      const restarting = client.received.findIndex(isRestarting);
      expect(client.received.indexOf(await client.idle(id))).toBeLessThan(restarting);
      expect((await client.execute('typeof state')).result).toContain('undefined');
      const alive = client.received.slice(restarting + 1).find(({ type }) => type === 'status');
      expect(alive?.content.execution_state).toBe('idle');
    },
  );

  test('between two cells is told under the last one', async () => {
    const { id } = await client.execute('setTimeout(() => process.kill(process.pid, "SIGKILL"), 1);');
    expect((await client.output(id, 'error')).content.ename).toBe('ProcessDied');
    expect((await client.execute('1 + 1')).result).toContain('2');
  });

  test.each([
    ['the kernel process is killed', (target: KernelProcess) => void target.child.kill('SIGKILL')],
    ['the kernel process is asked to end', (target: KernelProcess) => void target.child.kill('SIGTERM')],
  ])('takes children along that ignore all signals that can be ignored, when %s', async (_, end) => {
    const other = await KernelProcess.connected();
    try {
      const { stdout } = await other.client.execute(`
        const deaf = "trap '' INT TERM HUP;";
        const shell = require("child_process").spawn("sh", ["-c", \`\${deaf} sh -c "\${deaf} echo \\$\\$; while :; do sleep 1; done" & echo $$; while :; do sleep 1; done\`]);
        let pids = ''; shell.stdout.on('data', (text) => pids += text);
        while (pids.trim().split("\\n").length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
        console.log(process.pid + ' ' + pids.trim().replace("\\n", " "))`);
      const pids = stripVTControlCharacters(stdout).trim().split(' ').map(Number);
      expect(pids.map(isRunning)).toEqual([true, true, true]);
      other.client.send('execute_request', executeContent('for (;;) {}'));
      end(other.kernel);
      await eventually('all processes are gone', () => !pids.some(isRunning));
    } finally {
      await other.kernel.dispose();
    }
  });
});

/** One that has ended and that nobody has asked for yet does not run. */
function isRunning(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.startsWith('Z');
}
