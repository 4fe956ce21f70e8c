/** `%time` and `%timeit`. */
import { displayHost } from '../../display/host.js';

/** When something began, in milliseconds. */
export interface Begun {
  readonly wall: number;
  readonly cpu: NodeJS.CpuUsage;
}

export function begin(): Begun {
  return { cpu: process.cpuUsage(), wall: performance.now() };
}

export function tell({ wall, cpu }: Begun): void {
  const took = performance.now() - wall;
  const { user, system } = process.cpuUsage(cpu);
  const cpuTime = `${duration(user / 1000)} user, ${duration(system / 1000)} system`;
  process.stdout.write(`Wall time: ${duration(took)} (processor: ${cpuTime})\n`);
}

/** Gives the value, once the time is told. */
export async function timed(begun: Begun, value: unknown): Promise<unknown> {
  const settled: unknown = isThenable(value) ? await value : value;
  tell(begun);
  return settled;
}

/** Tells the time of the cell when it has ended. */
export function timeCell(): void {
  const begun = begin();
  displayHost().atCellEnd(() => tell(begun));
}

const RUNS = 7;
/** As many loops as take so long are one run. */
const RUN_MS = 100;

export async function timeit(loops: number | undefined, runs = RUNS, body: () => unknown): Promise<void> {
  if (loops === 0 || runs === 0) throw new RangeError('%timeit: -n and -r must be at least 1');
  const first = body();
  const isAsync = isThenable(first);
  if (isAsync) await first;
  const run = isAsync ? (count: number) => runAsync(body, count) : (count: number) => runSync(body, count);
  const count = loops ?? (await enough(run));
  const times: number[] = [];
  for (let index = 0; index < runs; index++) {
    const time = run(count);
    times.push((typeof time === 'number' ? time : await time) / count);
  }
  const mean = times.reduce((sum, each) => sum + each, 0) / runs;
  const deviation = Math.sqrt(times.reduce((sum, each) => sum + (each - mean) ** 2, 0) / runs);
  const size = `${runs} ${runs === 1 ? 'run' : 'runs'}, ${count.toLocaleString('en')} ${count === 1 ? 'loop' : 'loops'} each`;
  process.stdout.write(`${duration(mean)} ± ${duration(deviation)} per loop (mean ± std. dev. of ${size})\n`);
}

type Run = (count: number) => number | Promise<number>;

/** The least of 1, 2, 5, 10, … loops that take long enough. */
async function enough(run: Run): Promise<number> {
  for (let power = 1; ; power *= 10)
    for (const factor of [1, 2, 5]) {
      const count = factor * power;
      const time = run(count);
      if ((typeof time === 'number' ? time : await time) >= RUN_MS) return count;
    }
}

function runSync(body: () => unknown, count: number): number {
  const start = performance.now();
  for (let index = 0; index < count; index++) body();
  return performance.now() - start;
}

async function runAsync(body: () => unknown, count: number): Promise<number> {
  const start = performance.now();
  for (let index = 0; index < count; index++) await body();
  return performance.now() - start;
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

const UNITS = [
  [1000, 's'],
  [1, 'ms'],
  [1e-3, 'µs'],
  [1e-6, 'ns'],
] as const;

/** Three digits of a time in milliseconds. */
export function duration(ms: number): string {
  if (ms >= 60_000) return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
  const [size, unit] = UNITS.find(([each]) => ms >= each) ?? UNITS[ms === 0 ? 2 : 3];
  return `${Number((ms / size).toPrecision(3))} ${unit}`;
}
