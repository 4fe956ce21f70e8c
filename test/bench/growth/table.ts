/** How cost grows, as Markdown. */
import { formatTime } from '../core/measure.mjs';
import type { Machine } from '../harness/machine.js';
import type { Fit } from './fit.js';
import type { Point } from './measure.js';

export interface GrowthSeries {
  readonly name: string;
  readonly title: string;
  readonly points: readonly Point[];
  readonly time: Fit;
  readonly memory: Fit;
}

/** What `npm run bench:growth -- --json FILE` writes. */
export interface GrowthResult {
  readonly family: 'growth';
  readonly command: string;
  readonly machine: Machine;
  readonly seconds: number;
  readonly series: readonly GrowthSeries[];
}

export function growthSection({ command, series }: GrowthResult): string[] {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const header = ['what grows', 'size', 'time of a step', 'memory it needs'];
  const fits = ['what grows', 'from', 'to', 'time', 'of the last doubling', 'memory', 'of the last doubling'];
  return [
    '## How cost grows',
    `\`${command}\`: one thread, no BLAS. Times are medians of a step; the memory is the least limit (\`setMemoryLimit\`) under which a step runs, ` +
      'parameters, data, gradients and optimizer state included. Exponents p of y = c xᵖ are fitted to logarithms by least squares; ± is the root mean square of what is left.',
    series.map(({ name, title }) => `- \`${name}\`: ${title}`).join('\n'),
    [
      row(fits),
      row(fits.map(() => '---')),
      ...series.map(({ name, points, time, memory }) =>
        row([
          `\`${name}\``,
          String(points[0].size),
          String(points[points.length - 1].size),
          exponent(time),
          time.last.toFixed(2),
          exponent(memory),
          memory.last.toFixed(2),
        ]),
      ),
    ].join('\n'),
    [
      row(header),
      row(header.map(() => '---')),
      ...series.flatMap(({ name, points }) =>
        points.map(({ size, milliseconds, bytes }) =>
          row([
            `\`${name}\``,
            String(size),
            formatTime(milliseconds),
            `${(bytes / 2 ** 20).toPrecision(3)} MiB`,
          ]),
        ),
      ),
    ].join('\n'),
  ];
}

const exponent = ({ exponent: p, residual }: Fit): string =>
  `${p.toFixed(2)} ± ${(100 * residual).toFixed(0)} %`;
