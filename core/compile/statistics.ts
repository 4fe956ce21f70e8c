/** What a compiled function has done, in numbers and as text. */
import type { GraphStatistics } from './graph.js';

export interface CompileStatistics {
  /** Calls of the function. */
  readonly calls: number;
  /** Calls that ran as they are written while their kernels were written down: two for each compiled step. */
  readonly traces: number;
  /** Calls that one driver made. */
  readonly replays: number;
  /** Calls that ran as they are written, because nothing else could be done. */
  readonly fallbacks: number;
  /** How often another step was compiled because something was otherwise, and what. */
  readonly recompiles: number;
  readonly recompileReasons: readonly string[];
  /** Why calls ran as they are written; each reason once. */
  readonly fallbackReasons: readonly string[];
  /** The compiled steps that are kept. */
  readonly graphs: readonly GraphStatistics[];
}

/** How often each of a list. */
function counted(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return Array.from(counts, ([name, count]) => (count === 1 ? name : `${name} × ${count}`)).join(', ');
}

function bytes(n: number): string {
  if (n < 1024) return `${n} B`;
  return n < 2 ** 20 ? `${(n / 1024).toFixed(1)} KiB` : `${(n / 2 ** 20).toFixed(1)} MiB`;
}

/** The statistics in a few lines. */
export function describeStatistics(name: string, stats: CompileStatistics): string {
  const lines = [
    `compiled ${name}: ${stats.calls} calls: ${stats.traces} traced, ${stats.replays} replayed, ${stats.fallbacks} as written`,
  ];
  stats.graphs.forEach(({ kernels, calls, shared, javascript, numbers, arenaBytes, unsharedBytes }, i) => {
    lines.push(
      `  step ${i + 1}: ${kernels} calls of kernels${calls === kernels ? '' : `, ${calls} after fusing`}; ` +
        (shared === 0 ? '' : `${shared} large enough for several threads; `) +
        `${bytes(arenaBytes)} of memory planned (${bytes(unsharedBytes)} unshared)`,
    );
    if (numbers.length > 0) lines.push(`    rates and counts from JavaScript: ${counted(numbers)}`);
    if (javascript.length > 0) lines.push(`    in JavaScript: ${counted(javascript)}`);
  });
  if (stats.recompiles > 0) {
    lines.push(`  recompiled ${stats.recompiles} time${stats.recompiles === 1 ? '' : 's'}:`);
    for (const reason of stats.recompileReasons) lines.push(`    ${reason}`);
  }
  if (stats.fallbackReasons.length > 0) {
    lines.push('  not compiled:');
    for (const reason of stats.fallbackReasons) lines.push(`    ${reason}`);
  }
  return lines.join('\n');
}
