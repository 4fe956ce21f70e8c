/** `nabla doctor`: what the kernel needs, looked at piece by piece, with what to do where something is missing. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { listedSpecs } from './jupyter.js';
import { findSpecs, ownSpec, type FoundSpec } from './kernelspec.js';
import { distFile, packageRoot, packageVersion } from './paths.js';
import { activePrefix } from './prefix.js';

/** `broken` makes the command fail; `absent` is something that may be missing. */
export interface Finding {
  state: 'ok' | 'broken' | 'absent';
  text: string;
  advice?: string;
}

/** What a real kernel answered, and how long it took. */
export interface Probe {
  startMs: number;
  result: string;
  firstMs: number;
  nextMs: number;
}

const OLDEST_NODE = 20;

const ok = (text: string): Finding => ({ state: 'ok', text });
const broken = (text: string, advice: string): Finding => ({ state: 'broken', text, advice });
const absent = (text: string, advice: string): Finding => ({ state: 'absent', text, advice });

/**
 * Looks at everything in turn and calls `report` after each look; `probe` starts a kernel and runs `1+1` in it.
 * Resolves to whether nothing is broken.
 */
export async function doctor(
  report: (finding: Finding) => void,
  probe: () => Promise<Probe>,
): Promise<boolean> {
  let healthy = true;
  const checks = [
    node,
    build,
    zeromq,
    compiler,
    webAssembly,
    computeThreads,
    productKernel,
    nativeBlas,
    kernelspecs,
    () => jupyter('jupyter', 'on the PATH'),
    localJupyter,
    () => start(probe),
  ];
  for (const check of checks)
    for (const finding of await check()) {
      if (finding.state === 'broken') healthy = false;
      report(finding);
    }
  return healthy;
}

function node(): Finding[] {
  const text = `Node.js ${process.version} (${process.execPath})`;
  const major = Number(process.versions.node.split('.')[0]);
  return [major >= OLDEST_NODE ? ok(text) : broken(text, `install Node.js ${OLDEST_NODE} or newer`)];
}

function build(): Finding[] {
  const file = distFile('kernel/main.cjs');
  return [
    existsSync(file)
      ? ok(`Nabla ${packageVersion()} (${packageRoot()})`)
      : broken(`the kernel is not built: no ${file}`, 'run: npm run build'),
  ];
}

async function zeromq(): Promise<Finding[]> {
  try {
    const { version } = await import('zeromq');
    return [ok(`ZeroMQ ${version}, the binary that comes with the package`)];
  } catch (error) {
    return [broken(`ZeroMQ's binary cannot be loaded: ${reason(error)}`, 'run: npm ci')];
  }
}

async function compiler(): Promise<Finding[]> {
  try {
    const { version } = await import('@swc/core');
    return [ok(`TypeScript compiler (swc ${version})`)];
  } catch (error) {
    return [broken(`the TypeScript compiler's binary cannot be loaded: ${reason(error)}`, 'run: npm ci')];
  }
}

/** A module with one function that uses a vector: valid only where SIMD is known. */
const SIMD_MODULE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98,
  11,
]);

async function webAssembly(): Promise<Finding[]> {
  if (!WebAssembly.validate(SIMD_MODULE))
    return [
      broken(
        'WebAssembly without SIMD',
        'use a 64-bit Node.js 20 or newer on a processor with SSE4.1 or NEON',
      ),
    ];
  try {
    const { memoryBytes, memoryIsShared } = await import('../../core/memory.js');
    const reserved = `${(memoryBytes / 2 ** 30).toFixed(memoryBytes < 2 ** 30 ? 2 : 0)} GiB reserved for tensors`;
    return [
      memoryIsShared
        ? ok(`WebAssembly with SIMD and shared memory, ${reserved}`)
        : absent(
            `WebAssembly memory cannot be shared, so one thread computes; ${reserved}`,
            'raise the limit on virtual memory (ulimit -v)',
          ),
    ];
  } catch (error) {
    return [broken(reason(error), 'raise the limit on virtual memory (ulimit -v)')];
  }
}

/** How many threads compute, and what stands in the way of more. */
async function computeThreads(): Promise<Finding[]> {
  const { getNumThreads, threadNotes } = await import('../../core/kernels/threads/index.js');
  const count = getNumThreads();
  const text = `${count === 1 ? 'One thread computes' : `${count} threads compute`} large operations`;
  return [
    ok(text),
    ...threadNotes().map((note) => absent(note, 'set NABLA_THREADS to a number, or leave it unset')),
  ];
}

/** Which of our own kernels for products is used, and whether this machine remembers it. */
async function productKernel(): Promise<Finding[]> {
  const { tuningReport } = await import('../../core/kernels/simd/gemm-choice.js');
  const { tuningNotes } = await import('../../core/kernels/tuning/setting.js');
  const { cacheFolder } = await import('../../core/kernels/tuning/cache.js');
  const { fused, tile, tuned, cache } = tuningReport();
  const rounding = fused ? 'fused multiply-add' : 'products rounded before they are added';
  const which = !tuned
    ? `the same kernel everywhere (NABLA_TUNING=off)`
    : tile === undefined
      ? 'kernel to be chosen at the first large product'
      : `kernel ${tile} was fastest here`;
  const found = [
    ok(`Matrix products: ${rounding}, ${which}`),
    ...tuningNotes().map((note) => absent(note, 'set NABLA_TUNING to auto, off or wide')),
  ];
  if (cache === 'unwritable')
    found.push(
      absent(
        `what was fastest cannot be kept in ${cacheFolder()}, so every process finds it out again`,
        'set NABLA_CACHE_DIR to a folder that can be written to',
      ),
    );
  if (cache === 'broken')
    found.push(
      absent(`what was kept in ${cacheFolder()} is broken, and will be replaced`, 'nothing has to be done'),
    );
  return found;
}

/** The system's BLAS, which is nothing that has to be there; a setting that does not work is something to correct. */
async function nativeBlas(): Promise<Finding[]> {
  try {
    const { describeBlas } = await import('../../core/kernels/index.js');
    return describeBlas().map(({ state, text, advice }) => ({
      state: state === 'used' || state === 'spare' ? 'ok' : state === 'wrong' ? 'broken' : 'absent',
      text,
      ...(advice === undefined ? {} : { advice }),
    }));
  } catch (error) {
    return [absent(`native BLAS: ${reason(error)}`, "products run on Nabla's own kernels")];
  }
}

/** Kernelspecs that start a kernel of ours, this build's or another. */
export function kernelspecs(): Finding[] {
  const found = ours();
  if (found.length === 0)
    return [
      broken(
        "no Nabla kernelspec is installed in this user's or the active environment's folders",
        'run: npx nabla install',
      ),
    ];
  return found.map((spec) => judge(spec));
}

function judge({ name, folder, spec }: FoundSpec): Finding {
  const own = ownSpec().argv;
  const [runtime = '', main = ''] = spec.argv;
  const where = `kernelspec "${name}" in ${folder}`;
  const again = `run: npx nabla install --name ${name}`;
  if (!existsSync(main)) return broken(`${where} starts ${main}, which does not exist`, again);
  if (path.isAbsolute(runtime) && !existsSync(runtime))
    return broken(`${where} starts it with ${runtime}, which does not exist`, again);
  if (main === FORMER_MAIN)
    return broken(`${where} was written by an earlier version: it starts ${main}`, again);
  if (main !== own[1]) return broken(`${where} belongs to another build: ${main}`, again);
  if (runtime !== own[0]) return ok(`${where} is this build's, with another Node.js (${runtime})`);
  return ok(`${where} is this build's`);
}

/** The project's own environment, which `npm run lab` makes. */
const venv = (): string => path.join(packageRoot(), '.venv');

/** Kernelspecs of ours that the active environment's Jupyter finds, or the one of `npm run lab`. */
function ours(): FoundSpec[] {
  const found = [...findSpecs(activePrefix()), ...findSpecs(venv())].filter(isNabla);
  return [...new Map(found.map((spec) => [spec.folder, spec])).values()];
}

/** What kernelspecs of earlier versions start. */
const FORMER_MAIN = distFile('kernel/main.js');

const isNabla = ({ spec, name }: FoundSpec): boolean =>
  name === 'nabla' ||
  [ownSpec().argv[1], FORMER_MAIN].includes(spec.argv[1]) ||
  /nabla.*dist[\\/]kernel[\\/]main\.c?js$/.test(spec.argv[1] ?? '');

async function localJupyter(): Promise<Finding[]> {
  const file = path.join(venv(), process.platform === 'win32' ? 'Scripts/jupyter.exe' : 'bin/jupyter');
  return existsSync(file) ? jupyter(file, 'of npm run lab') : [];
}

async function jupyter(command: string, which: string): Promise<Finding[]> {
  const specs = await listedSpecs(command);
  if (specs === undefined)
    return [
      absent(`no Jupyter ${which}`, 'nothing to do for VS Code, or for npm run lab, which makes its own'),
    ];
  const known = ours().map(({ folder }) => folder);
  const names = [...specs].filter(([name, folder]) => name === 'nabla' || known.includes(folder));
  if (names.length === 0)
    return [
      broken(
        `the Jupyter ${which} does not find the kernel`,
        `run: npx nabla install (it looks in: jupyter --paths)`,
      ),
    ];
  return names.map(([name, folder]) => ok(`the Jupyter ${which} finds "${name}" in ${folder}`));
}

async function start(probe: () => Promise<Probe>): Promise<Finding[]> {
  if (!existsSync(distFile('kernel/main.cjs'))) return [];
  try {
    const { startMs, result, firstMs, nextMs } = await probe();
    if (result !== '2')
      return [broken(`a kernel started, but 1+1 gave ${JSON.stringify(result)}`, 'run: npm run build')];
    return [
      ok(`a kernel started and answered through ZeroMQ in ${Math.round(startMs)} ms`),
      ok(`1+1 = ${result}: ${nextMs.toFixed(1)} ms, and ${Math.round(firstMs)} ms in the first cell`),
    ];
  } catch (error) {
    return [
      broken(
        reason(error),
        'run: npm ci && npm run build; what a kernel says when it is started by hand: npx nabla kernel FILE',
      ),
    ];
  }
}

const reason = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ').slice(0, 300);
