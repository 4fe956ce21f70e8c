/** What a sweep found, as a table for people, for programs, and as a notebook with a chart. */
import path from 'node:path';
import type { Cell, Notebook } from '../notebook/index.js';
import { ranking, type SweepResult, type SweepRow } from './sweep.js';

type Value = string | number | boolean | null;

/** One line a run: its parameters, what it recorded, how it ended. */
export function tableOf({ rows }: SweepResult, folder: string): Record<string, Value>[] {
  return rows.map((row) => ({
    run: row.run,
    ...Object.fromEntries(Object.entries(row.setting).map(([name, value]) => [name, plain(value)])),
    ...row.records,
    ended: row.exitCode === 0 ? 'ok' : `exit code ${row.exitCode}`,
    seconds: row.seconds,
    notebook: path.relative(folder, row.notebook),
  }));
}

const plain = (value: unknown): Value =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === null
    ? value
    : JSON.stringify(value);

export function csvOf(table: readonly Record<string, Value>[]): string {
  const columns = columnsOf(table);
  const field = (value: Value | undefined): string => {
    const text = value === undefined || value === null ? '' : String(value);
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns, ...table.map((row) => columns.map((name) => row[name]))]
    .map((line) => `${line.map(field).join(',')}\n`)
    .join('');
}

const columnsOf = (table: readonly Record<string, Value>[]): string[] => [
  ...new Set(table.flatMap((row) => Object.keys(row))),
];

/** The table with aligned columns, for a terminal. */
export function textTable(table: readonly Record<string, Value>[]): string {
  const columns = columnsOf(table);
  const lines = [columns, ...table.map((row) => columns.map((name) => shown(row[name])))];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  const isNumber = columns.map((name) => table.every((row) => typeof (row[name] ?? 0) === 'number'));
  return lines
    .map((line) =>
      line
        .map((text, i) => (isNumber[i] ? text.padStart(widths[i]) : text.padEnd(widths[i])))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function shown(value: Value | undefined): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'number' && !Number.isInteger(value)
    ? String(Number(value.toPrecision(5)))
    : String(value);
}

/** `run 3 is best: loss 0.08 with lr 0.1, width 32`; undefined when none can be called so. */
export function bestLine({ rows, metric, goal }: SweepResult): string | undefined {
  const best = ranking(rows, goal).at(0);
  if (best === undefined || metric === undefined) return undefined;
  const setting = Object.entries(best.setting).map(([name, value]) => `${name} ${plain(value)}`);
  return `run ${best.run} is best: ${metric} ${shown(best.metric)} with ${setting.join(', ')}`;
}

/** A notebook that shows the table and, for each parameter of numbers, the metric against it. */
export function summaryNotebook(result: SweepResult, input: string, folder: string): Notebook {
  const { metric, rows } = result;
  const table = tableOf(result, folder);
  const best = bestLine(result);
  const intro = `# Sweep of ${path.basename(input)}\n\n${rows.length} runs${best === undefined ? '' : `; ${best}`}.`;
  const code = [
    `const runs = [\n${table.map((row) => `  ${JSON.stringify(row)},`).join('\n')}\n];\nruns`,
    ...(metric === undefined ? [] : axesOf(rows).map((axis) => chartCode(axis, metric, rows))),
  ];
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: { name: 'nabla', display_name: 'TypeScript (Nabla)', language: 'typescript' } },
    cells: [
      { id: 'title', cell_type: 'markdown', metadata: {}, source: intro },
      ...code.map((source, index): Cell => ({
        id: `code-${index}`,
        cell_type: 'code',
        metadata: {},
        source,
        outputs: [],
        execution_count: null,
      })),
    ],
  };
}

/** Parameters with several numbers; the run's number when there is none. */
function axesOf(rows: readonly SweepRow[]): string[] {
  const names = [...new Set(rows.flatMap(({ setting }) => Object.keys(setting)))];
  const axes = names.filter((name) => {
    const values = rows.map(({ setting }) => setting[name]);
    return values.every((value) => typeof value === 'number') && new Set(values).size > 1;
  });
  return axes.length > 0 ? axes : ['run'];
}

function chartCode(axis: string, metric: string, rows: readonly SweepRow[]): string {
  const others = [...new Set(rows.flatMap(({ setting }) => Object.keys(setting)))].filter(
    (name) => name !== axis,
  );
  const values = rows.map(({ setting }) => setting[axis]).filter((value) => typeof value === 'number');
  const log = Math.min(...values) > 0 && Math.max(...values) >= 20 * Math.min(...values);
  const options = { title: `${metric} by ${axis}`, xName: axis, yName: metric, smooth: 0 };
  const label = others.map((name) => `${name} \${row[${JSON.stringify(name)}]}`).join(', ');
  const at = `[${JSON.stringify(axis)}]`;
  const target = others.length === 0 || axis === 'run' ? 'chart' : `chart.run(\`${label}\`)`;
  return [
    `const chart = new LineChart(${JSON.stringify({ ...options, ...(log && { xScale: 'log' }) })});`,
    `for (const row of runs.toSorted((a, b) => a${at} - b${at}))`,
    `  ${target}.add({ ${JSON.stringify(metric)}: row[${JSON.stringify(metric)}] }, row${at});`,
  ].join('\n');
}
