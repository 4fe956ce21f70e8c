/**
 * Tries a library in a process of its own: what crashes, hangs or ends the process there would have taken the kernel with
 * it. The programs are sent as text, because they must start from sources, from a bundle and from an installed package alike.
 */
import { createRequire } from 'node:module';
import { bindLibrary } from './binding.js';
import { ARENA_BYTES, checkBinding, measureBinding } from './check.js';

type ChildProcess = typeof import('node:child_process');
type FileSystem = typeof import('node:fs');

export interface Verdict {
  /** What is wrong with it; null when it may be used. */
  readonly problem: string | null;
  /** For people: `OpenBLAS 0.3.21 (Cooperlake)`; the file's name where it could not be loaded. */
  readonly name: string;
  /** 256 x 256 products of float32 on one thread, where the library says how to use one. */
  readonly gflops: number;
  readonly float64: boolean;
  /** Nabla's own kernel over this library's time, both with all threads; missing until a process has measured it. */
  readonly advantage?: number;
}

/** What the program that tries a library is told. */
export interface Trial {
  readonly koffi: string;
  readonly file: string;
  /** How many threads products will use. */
  readonly threads: number;
}

/** How a trial is run. */
export interface TrialSettings {
  readonly execPath: string;
  readonly program: string;
  /** Milliseconds. */
  readonly patience: number;
}

export const PATIENCE = 10_000;

const requireHere = createRequire(import.meta.url);

/** Loaded when it is needed: it takes longer than most modules of Node. */
export const childProcess = (): ChildProcess => requireHere('node:child_process') as ChildProcess;

export const onMainThread = (): boolean =>
  (requireHere('node:worker_threads') as typeof import('node:worker_threads')).isMainThread;

/** Where koffi is; undefined where it is not installed. */
export function koffiPath(): string | undefined {
  try {
    return requireHere.resolve('koffi');
  } catch {
    return undefined;
  }
}

/** Loads koffi. @throws Error where it is not installed or has no binary for this machine */
export const loadKoffi = (): unknown => requireHere('koffi');

/** `require` of that program: the bundler would replace one that it finds in ours. */
type Load = (name: string) => unknown;

/** What an ELF, PE or Mach-O file was compiled for, by Node's names; empty where that is not known. Sent as text, too. */
function architectureOf(fs: FileSystem, file: string): string {
  const bytes = new Uint8Array(4096);
  try {
    const descriptor = fs.openSync(file, 'r');
    fs.readSync(descriptor, bytes, 0, bytes.length, 0);
    fs.closeSync(descriptor);
  } catch {
    return '';
  }
  const view = new DataView(bytes.buffer);
  const magic = view.getUint32(0, false);
  const names: Record<number, string> = {};
  let machine = -1;
  if (magic === 0x7f454c46) {
    machine = view.getUint16(18, bytes[5] === 1);
    Object.assign(names, {
      3: 'ia32',
      21: 'ppc64',
      22: 's390x',
      40: 'arm',
      62: 'x64',
      183: 'arm64',
      243: 'riscv64',
      258: 'loong64',
    });
  } else if (magic === 0xcffaedfe) {
    machine = view.getUint32(4, true);
    Object.assign(names, { 0x01000007: 'x64', 0x0100000c: 'arm64' });
  } else if (magic >>> 16 === 0x4d5a) {
    const header = view.getUint32(60, true);
    if (header < bytes.length - 6) machine = view.getUint16(header + 4, true);
    Object.assign(names, { 0x014c: 'ia32', 0x8664: 'x64', 0xaa64: 'arm64' });
  }
  return names[machine] ?? '';
}

function trialMain(
  load: Load,
  bind: typeof bindLibrary,
  check: typeof checkBinding,
  measure: typeof measureBinding,
  architecture: typeof architectureOf,
  bytes: number,
): void {
  const { koffi, file, threads } = JSON.parse(process.argv[1]) as Trial;
  const verdict = { problem: null as string | null, name: '', gflops: 0, float64: false };
  try {
    const ffi = load(koffi) as Parameters<typeof bindLibrary>[0];
    const binding = bind(ffi, file, process);
    const buffer = new ArrayBuffer(bytes);
    const arena = { buffer, byteOffset: 0, address: Number(ffi.address(new Uint8Array(buffer))) };
    verdict.name = binding.name;
    verdict.float64 = binding.float64 !== null;
    binding.setThreads?.(1);
    verdict.problem = check(binding, arena, 'all');
    if (verdict.problem === null) {
      verdict.gflops = measure(binding, arena);
      if (binding.setThreads !== null && threads > 1) {
        binding.setThreads(threads);
        verdict.problem = check(binding, arena, 'large');
      }
    }
  } catch (error) {
    verdict.problem = String(error instanceof Error ? error.message : error);
    const other = architecture(load('node:fs') as FileSystem, file);
    if (other !== '' && other !== process.arch) verdict.problem = `it is for another processor (${other})`;
  }
  // The process is to end by itself: a library that keeps it alive is of no use.
  (load('node:fs') as FileSystem).writeSync(1, `\n@verdict ${JSON.stringify(verdict)}\n`);
}

/** The program that tries a library and prints its verdict; functions in it may have been wrapped by a loader. */
export function trialProgram(): string {
  return (
    `var __name = (f) => f;\n(${trialMain.toString()})` +
    `(require, ${bindLibrary.toString()}, ${checkBinding.toString()}, ${measureBinding.toString()}, ` +
    `${architectureOf.toString()}, ${ARENA_BYTES});`
  );
}

/**
 * Runs the program that tries a library, and waits for it. Also sent to another process as text: nothing outside is used.
 *
 * @returns undefined when somebody stopped it, which says nothing about the library
 */
export function tryLibrary(
  { spawnSync }: Pick<ChildProcess, 'spawnSync'>,
  { execPath, program, patience }: TrialSettings,
  trial: Trial,
  env: Readonly<Record<string, string | undefined>> = {},
): Verdict | undefined {
  const base = trial.file.slice(Math.max(trial.file.lastIndexOf('/'), trial.file.lastIndexOf('\\')) + 1);
  const refused = (problem: string): Verdict => ({ problem, name: base, gflops: 0, float64: false });
  const result = spawnSync(execPath, ['--input-type=commonjs', '-e', program, '--', JSON.stringify(trial)], {
    encoding: 'utf8',
    timeout: patience,
    killSignal: 'SIGKILL',
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
    // Options and preloaded modules of this process are not for that one.
    env: { ...process.env, ...env, NODE_OPTIONS: '', ELECTRON_RUN_AS_NODE: '1' },
  });
  if (result.error !== undefined) {
    if (!('code' in result.error) || result.error.code !== 'ETIMEDOUT') return undefined;
    return refused(`the process that tried it did not end within ${patience / 1000} s`);
  }
  if (result.signal !== null) {
    if (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'].includes(result.signal)) return undefined;
    return refused(`it crashed the process that tried it (${result.signal})`);
  }
  const line = /^@verdict (.*)$/m.exec(result.stdout)?.[1];
  if (result.status !== 0 || line === undefined) {
    const said = result.stderr.split('\n').find((each) => each.trim() !== '') ?? '';
    return refused(
      `it ended the process that tried it with code ${String(result.status)}${said === '' ? '' : `: ${said.trim().slice(0, 200)}`}`,
    );
  }
  const verdict = JSON.parse(line) as Verdict;
  return { ...verdict, name: verdict.name === '' ? base : verdict.name };
}

/** One library to try, and where its verdict goes. */
export interface Order {
  readonly trial: Trial;
  readonly key: string;
  readonly target: string;
  /** Exists while somebody tries this library. */
  readonly busy: string;
}

function superviseMain(load: Load, tryOne: typeof tryLibrary): void {
  const fs = load('node:fs') as FileSystem;
  const { settings, orders } = JSON.parse(process.argv[1]) as { settings: TrialSettings; orders: Order[] };
  for (const { trial, key, target, busy } of orders) {
    try {
      const verdict = tryOne(load('node:child_process') as ChildProcess, settings, trial);
      if (verdict !== undefined) {
        fs.writeFileSync(`${target}.${process.pid}`, JSON.stringify({ key, verdict }));
        fs.renameSync(`${target}.${process.pid}`, target);
      }
    } catch {
      // Nobody is there to be told; without a verdict the library is not used.
    }
    fs.rmSync(busy, { force: true });
  }
}

/** Tries libraries beside this process, which neither waits nor is kept alive; verdicts appear in files. */
export function tryInBackground(orders: readonly Order[], settings: TrialSettings): void {
  const program = `var __name = (f) => f;\n(${superviseMain.toString()})(require, ${tryLibrary.toString()});`;
  const child = childProcess().spawn(
    settings.execPath,
    ['--input-type=commonjs', '-e', program, '--', JSON.stringify({ settings, orders })],
    {
      detached: true,
      stdio: 'ignore',
      windowsHide: true,
      env: { ...process.env, NODE_OPTIONS: '', ELECTRON_RUN_AS_NODE: '1' },
    },
  );
  // Without it there is no verdict, and the library is not used.
  child.on('error', () => undefined);
  child.unref();
}
