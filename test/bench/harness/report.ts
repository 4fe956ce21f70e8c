/** `RESULTS.md`, from the results of the families. */
import { formatTime } from '../core/measure.mjs';
import { growthSection } from '../growth/table.js';
import { type BlasResult, type OpsResult, type Results, verdicts } from './bounds.js';
import type { CaseResult, FamilyResult } from './family.js';
import type { Measured } from './rounds.js';
import { spread } from './statistics.js';

const TITLES = { matmul: 'Matrix products', train: 'Training steps and tiny ops', start: 'Start' } as const;

export function report(results: Results): string {
  const families = [results.matmul, results.train, results.start].filter((each) => each !== undefined);
  const sections = [
    '# Results of the benchmarks',
    'Written by `npm run bench`; numbers of one run on one machine, whatever they say. Ratios carry over to others, times do not.',
    ...machineSection(families),
    '## Must reach',
    markdownTable(
      ['work', 'against', 'at least', 'measured', 'reached'],
      verdicts(results).map(({ work, against, bound, measured, reached }) => [
        work,
        against,
        bound,
        measured,
        reached === undefined ? 'not measured' : reached ? 'yes' : '**no**',
      ]),
    ),
    "Where several of Nabla's contenders would do, the fastest counts, and is named.",
    ...families.flatMap(familySection),
    ...(results.blas === undefined ? [] : blasSection(results.blas)),
    ...(results.growth === undefined ? [] : growthSection(results.growth)),
    ...(results.ops === undefined ? [] : opsSection(results.ops)),
  ];
  return `${sections.join('\n\n')}\n`;
}

function machineSection(families: readonly FamilyResult[]): string[] {
  const commands = families.map(
    ({ command, machine, seconds }) =>
      `\`${command}\` (${machine.date}, commit ${machine.commit}, ${seconds} s)`,
  );
  const first = families.at(0);
  if (first === undefined) return [];
  const { processor, cores, memoryGiB, system, node, v8, nabla } = first.machine;
  const rows = [
    ['processor', `${processor}, ${cores} cores`],
    ['memory, system', `${memoryGiB} GiB, ${system}`],
    ['Node, V8, Nabla', `${node}, ${v8}, ${nabla}`],
    ['compared with', versionsOf(families).join(', ')],
    ['commands', commands.join('; ')],
  ];
  return ['## Machine and versions', markdownTable(['', ''], rows)];
}

const VERSIONS = ['torch', 'python', 'tfjs-wasm', 'tfjs-cpu', 'jax-js', 'onnxruntime', 'blas'];

/** What the contenders say of themselves: "torch 2.15.0". */
function versionsOf(families: readonly FamilyResult[]): string[] {
  const found = new Set<string>();
  for (const { cases } of families)
    for (const { contenders } of cases)
      for (const { about } of contenders)
        for (const name of VERSIONS) {
          const version = about?.[name];
          if (typeof version === 'string') found.add(`${name} ${version}`);
        }
  return [...found].sort();
}

function familySection(family: FamilyResult): string[] {
  const { cases, rounds, turnMilliseconds, warmUpMilliseconds } = family;
  const names = [...new Set(cases.flatMap(({ contenders }) => contenders.map(({ name }) => name)))];
  const of = (result: CaseResult, name: string) => result.contenders.find((each) => each.name === name);
  const how =
    turnMilliseconds > 0
      ? `Medians of ${rounds} rounds, in which all contenders take turns of ${turnMilliseconds} ms after ${warmUpMilliseconds} ms of warming up`
      : `Medians of ${rounds} rounds, in each a fresh process of every library`;
  const failures = cases.flatMap(({ name, contenders }) =>
    contenders
      .filter(({ failed }) => failed !== undefined)
      .map((each) => `- ${each.name}, ${name}: ${each.failed}`),
  );
  return [
    `## ${TITLES[family.family as keyof typeof TITLES]}`,
    `${how}; ± is half the distance of the quartiles. Ratios say how many times as long as the first a contender takes.`,
    cases.map(({ name, title }) => `- \`${name}\`: ${title}`).join('\n'),
    markdownTable(
      ['', ...cases.map(({ name }) => name)],
      names.map((name) => [name, ...cases.map((result) => cellOf(of(result, name), result))]),
    ),
    ...(failures.length > 0 ? ['Not measured:', [...new Set(failures)].join('\n')] : []),
  ];
}

function cellOf(entry: Measured | undefined, { contenders, facts }: CaseResult): string {
  if (entry?.time === undefined) return '–';
  const { median } = entry.time;
  const first = contenders.find(({ time }) => time !== undefined)?.time?.median ?? NaN;
  const speed = facts?.flops === undefined ? '' : `${(facts.flops / median / 1e6).toFixed(1)} GFLOP/s, `;
  const restless = `±${(100 * spread(entry.time)).toFixed(0)} %`;
  return `${speed}${formatTime(median)} ${restless}, ${(median / first).toFixed(2)} x`;
}

function blasSection({ machine, results }: BlasResult): string[] {
  return [
    '## Products by BLAS beside the same library called from C',
    `\`npm run bench:blas\` (${machine.date.slice(0, 16)}Z): ${machine.blas}; the fast quartile of turns of each. Both put results one after the other into 16 MiB; in the last column C overwrites one, which stays in the cache.`,
    markdownTable(
      ['size', 'threads', 'Nabla', 'C', "share of C's speed", 'C overwriting'],
      results.map(({ size, threads, nabla, c, share, shareOverwriting }) => [
        `${size} x ${size} x ${size}`,
        String(threads),
        formatTime(nabla),
        formatTime(c),
        `${(100 * share).toFixed(1)} %`,
        shareOverwriting === undefined ? '–' : `${(100 * shareOverwriting).toFixed(1)} %`,
      ]),
    ),
  ];
}

/** Elementwise ops and reductions that are often used, and how many of all are slower than a peer. */
const SHOWN = /^(add|mul|exp|tanh|gelu|sum|mean|softmax|layerNorm|crossEntropy)( \+ grad)?$/;
const CONTENDERS = ['Nabla', 'plain', 'tfjs-wasm', 'tfjs-cpu', 'jax-js'];

function opsSection({ results, failures = [] }: OpsResult): string[] {
  const rows = results
    .filter(({ name }) => SHOWN.test(name))
    .map(({ name, size, times }) => [
      name,
      size,
      ...CONTENDERS.map((contender) => {
        const time = times[contender]?.time;
        return time === undefined ? '–' : formatTime(time);
      }),
    ]);
  const counts = CONTENDERS.slice(1).map((peer) => {
    const compared = results.filter(({ times }) => times[peer] !== undefined);
    const slower = compared.filter(({ slowerThan }) => slowerThan?.[peer] !== undefined).length;
    return `- slower than ${peer === 'plain' ? 'a loop in plain JavaScript' : peer}: ${slower} of ${compared.length}`;
  });
  return [
    '## Elementwise ops, reductions and all others',
    `\`npm run bench:ops\` measures ${results.length} cases; some of them:`,
    markdownTable(['op', 'size', ...CONTENDERS], rows),
    counts.join('\n'),
    ...(failures.length > 0 ? [`Failed: ${failures.join('; ')}`] : []),
  ];
}

export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(header), `|${header.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}
