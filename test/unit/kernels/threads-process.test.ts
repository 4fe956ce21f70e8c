/** Threads as a script of a person's own has them: from the built package, in a process of its own. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const core = new URL('../../../dist/core/index.js', import.meta.url).href;

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a module and waits until its process has ended by itself. */
async function script(code: string, env: Record<string, string> = {}): Promise<Ended> {
  const args = ['--input-type=module', '--eval', code];
  return promisify(execFile)(process.execPath, args, {
    env: { ...process.env, NABLA_THREADS: '', ...env },
    timeout: 25_000,
  });
}

const COMPUTE = `
  const compute = (core, times = 60) => {
    const a = core.arange(300 * 300).view([300, 300]).remainder(7).to('float32');
    let sum = 0;
    for (let i = 0; i < times; i++) sum = a.matmul(a).sum().item();
    return sum;
  };
`;
const SUM = await script(`import * as core from '${core}'; ${COMPUTE} console.log(compute(core, 1));`, {
  NABLA_THREADS: '1',
});

test('helpers keep no process alive, and no listener sees them', async () => {
  const { stdout, stderr } = await script(
    `
    import { readdirSync } from 'node:fs';
    import * as core from '${core}';
    ${COMPUTE}
    const tasks = () => process.platform === 'linux' ? readdirSync('/proc/self/task').length : 0;
    process.on('worker', () => console.log('a worker'));
    const listeners = () => JSON.stringify([process.eventNames().length, process.stdout.eventNames().length]);
    console.log('of output');
    const [before, listened] = [tasks(), listeners()];
    console.log(compute(core));
    console.log(process.platform !== 'linux' || tasks() - before >= 2, listeners() === listened);
    console.log(process.getActiveResourcesInfo().filter((name) => /Worker|Message/.test(name)).length);
    process.on('exit', () => console.log(compute(core)));
    `,
    { NABLA_THREADS: '3' },
  );
  expect(stdout.split('\n')).toEqual([
    'of output',
    SUM.stdout.trim(),
    'true true',
    '0',
    SUM.stdout.trim(),
    '',
  ]);
  expect(stderr).toBe('');
});

test('a process may exit while helpers work, and so may a thread of its own', async () => {
  const { stdout } = await script(
    `
    import { isMainThread, Worker } from 'node:worker_threads';
    const code = \`${COMPUTE} import('${core}').then((core) => { console.log(compute(core)); process.exit(); });\`;
    new Worker(code, { eval: true }).on('exit', async () => {
      const core = await import('${core}');
      ${COMPUTE}
      process.chdir('/');
      console.log(compute(core));
      setTimeout(() => process.exit(0), 0);
      process.nextTick(() => compute(core));
    });
    `,
    { NABLA_THREADS: '2' },
  );
  expect(stdout.split('\n')).toEqual([SUM.stdout.trim(), SUM.stdout.trim(), '']);
});

test.each([
  ['many', 1, /NABLA_THREADS=many is no number of threads: computing on one thread/],
  ['0', 1, /NABLA_THREADS=0 is no number of threads/],
  [
    '1000',
    undefined,
    /NABLA_THREADS=1000: too many threads, at most 32 can compute; using \d+, one a processor/,
  ],
  [' 3 ', 3, /^$/],
])('NABLA_THREADS=%s', async (setting, count, message) => {
  const { stdout, stderr } = await script(
    `import { getNumThreads } from '${core}'; console.log(getNumThreads());`,
    { NABLA_THREADS: setting },
  );
  expect(stderr).toMatch(message);
  if (count === undefined) expect(Number(stdout)).toBeLessThanOrEqual(16);
  else expect(Number(stdout)).toBe(count);
});

test('without shared memory, or where threads cannot be started, one thread computes, and it is said', async () => {
  const [unshared, refused] = await Promise.all([
    script(
      `
      const { Memory } = WebAssembly;
      WebAssembly.Memory = function (how) {
        if (how.shared) throw new TypeError('SharedArrayBuffer is not available');
        return new Memory(how);
      };
      const core = await import('${core}');
      ${COMPUTE}
      core.setNumThreads(2);
      console.log(compute(core), core.getNumThreads());
      `,
    ),
    script(
      `
      import threads from 'node:worker_threads';
      import * as core from '${core}';
      ${COMPUTE}
      threads.Worker = class { constructor() { throw new Error('no more threads'); } };
      console.log(compute(core), core.kernelInfo().notes.length);
      `,
      { NABLA_THREADS: '2' },
    ),
  ]);
  expect(unshared.stdout).toBe(`${SUM.stdout.trim()} 1\n`);
  expect(unshared.stderr).toMatch(
    /setNumThreads\(2\): SharedArrayBuffer is missing, so tensors are computed on one/,
  );
  expect(refused.stdout).toBe(`${SUM.stdout.trim()} 1\n`);
  expect(refused.stderr).toMatch(
    /Threads could not be started \(no more threads\): tensors are computed on one thread/,
  );
});
