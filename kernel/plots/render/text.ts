/** A chart in plain text: a sparkline and the numbers that matter, for terminals, logs and screen readers. */
import type {
  ChartModel,
  DotPanel,
  LinePanel,
  LineSeries,
  MatrixPanel,
  PlanePanel,
  RidgePanel,
} from '../model/chart.js';
import { formatCount, formatNumber } from '../model/format.js';
import { percent } from '../scene/matrix.js';
import { findingsText, heatText, layersText } from './layer-text.js';

const BARS = '▁▂▃▄▅▆▇█';
const SPARK_WIDTH = 24;
/** More lines than these are counted, not listed. */
const MAX_LISTED = 24;

export function toText(chart: ChartModel): string {
  const lines: string[] = [];
  if (chart.title !== '') lines.push(chart.title);
  for (const panel of chart.panels) {
    if (panel.kind === 'lines') lines.push(...linePanel(panel));
    else if (panel.kind === 'ridges') lines.push(...ridgePanel(panel));
    else if (panel.kind === 'dots') lines.push(...dotPanel(panel));
    else if (panel.kind === 'matrix') lines.push(...matrixPanel(panel));
    else if (panel.kind === 'findings') lines.push(...findingsText(panel));
    else if (panel.kind === 'layers') lines.push(...layersText(panel));
    else if (panel.kind === 'heat') lines.push(...heatText(panel));
    else if (panel.kind === 'plane') lines.push(planePanel(panel));
    else if (panel.kind === 'frames') lines.push(...panel.frames.map(({ label }) => label));
    else lines.push(...(panel.lines.length === 0 ? [panel.empty] : panel.lines));
  }
  lines.push(...chart.notes);
  return lines.join('\n');
}

function linePanel(panel: LinePanel): string[] {
  const shown = panel.series.filter((series) => series.summary.count > 0);
  if (shown.length === 0) return [panel.empty];
  const width = Math.max(...shown.slice(0, MAX_LISTED).map((series) => series.name.length));
  const lines = shown.slice(0, MAX_LISTED).map((series) => {
    const log = panel.y.scale === 'log';
    return `${series.name.padEnd(width)}  ${sparkline(series, log)}  ${numbers(series, panel)}`;
  });
  if (shown.length > MAX_LISTED) lines.push(`… and ${shown.length - MAX_LISTED} more`);
  for (const mark of panel.marks) {
    if (mark.kind === 'rule')
      lines.push(
        mark.tone === 'error' ? mark.label : `${mark.label} (${panel.x.name} ${formatCount(mark.x)})`,
      );
  }
  return lines;
}

function numbers({ summary }: LineSeries, panel: LinePanel): string {
  const { first, last, smoothed, best, count } = summary;
  if (first === null || last === null) return `no finite value in ${formatCount(count)}`;
  const parts = [
    count === 1 ? formatNumber(last, 4) : `${formatNumber(first, 4)} → ${formatNumber(last, 4)}`,
  ];
  if (smoothed !== null) parts.push(`smoothed ${formatNumber(smoothed, 4)}`);
  if (best !== null)
    parts.push(`best ${formatNumber(best.value, 4)} at ${panel.x.name} ${formatCount(best.step)}`);
  return parts.join(', ');
}

function ridgePanel({ ridges, empty, quantity }: RidgePanel): string[] {
  if (ridges.length === 0) return [empty];
  const width = Math.max(...ridges.map((ridge) => ridge.name.length));
  return ridges.map(({ name, slices, range, stats, warning }) => {
    const head = name.padEnd(width);
    const newest = slices.at(-1);
    if (newest === undefined || stats.count === 0) return `${head}  no ${quantity} yet`;
    const shares = `${formatNumber(stats.zeroPercent, 2)} % zero, ${formatNumber(stats.nanPercent, 2)} % NaN`;
    const numbers = `mean ${formatNumber(stats.mean)}, std ${formatNumber(stats.std)}, ${shares}`;
    const ends = `${formatNumber(range[0], 2)} … ${formatNumber(range[1], 2)}`;
    return `${head}  ${bars(newest.counts)}  ${ends}  ${numbers}${warning === '' ? '' : `  (${warning})`}`;
  });
}

function dotPanel({ rows, measures, empty }: DotPanel): string[] {
  if (rows.length === 0) return [empty];
  const width = Math.max(...rows.map(({ name }) => name.length));
  return rows.map(({ name, values, warning }) => {
    const numbers = measures
      .map((measure, i) => `${measure} ${Number.isNaN(values[i]) ? '–' : formatNumber(values[i])}`)
      .join('  ');
    return `${name.padEnd(width)}  ${numbers}${warning === '' ? '' : `  (${warning})`}`;
  });
}

function matrixPanel({ classes, counts, support, precision, recall, empty }: MatrixPanel): string[] {
  const n = classes.length;
  if (n === 0) return [empty];
  const width = Math.max(...classes.map((name) => name.length));
  return classes.map((name, row) => {
    const others = [...classes.keys()].filter((column) => column !== row && counts[row * n + column] > 0);
    const worst = others.reduce<number | null>(
      (best, column) => (best === null || counts[row * n + column] > counts[row * n + best] ? column : best),
      null,
    );
    const shares = `recall ${percent(recall[row])}  precision ${percent(precision[row])}`;
    const taken =
      worst === null
        ? ''
        : `  most often taken for ${classes[worst]} (${formatCount(counts[row * n + worst])})`;
    return `${name.padEnd(width)}  ${shares}  of ${formatCount(support[row])}${taken}`;
  });
}

function planePanel({ groups, field, empty, x, y }: PlanePanel): string {
  if (groups.length === 0 && field === null) return empty;
  const parts = groups.map(
    ({ name, points }) => `${name === '' ? 'points' : name}: ${formatCount(points.x.length)}`,
  );
  if (field !== null) parts.push(`answers at ${formatCount(field.columns * field.rows)} places`);
  return `${y.name} over ${x.name}: ${parts.join(', ')}`;
}

/** A histogram with two bins a character. */
function bars(counts: Float64Array): string {
  const pairs = Array.from(
    { length: Math.ceil(counts.length / 2) },
    (_, i) => counts[2 * i] + (counts[2 * i + 1] ?? 0),
  );
  const tallest = Math.max(...pairs);
  return pairs
    .map((count) => (count > 0 ? BARS[Math.min(7, Math.floor((count / tallest) * 8))] : ' '))
    .join('');
}

/** The mean of each stretch of steps as one of eight bars; a gap where nothing finite was measured. */
export function sparkline(series: LineSeries, log: boolean): string {
  const { x, y } = series.line;
  const height = (value: number): number => (log ? Math.log(value) : value);
  const from = x[0];
  const span = x[x.length - 1] - from;
  const columns = Math.min(SPARK_WIDTH, x.length);
  const sums = new Float64Array(columns);
  const counts = new Float64Array(columns);
  for (let i = 0; i < x.length; i++) {
    const value = height(y[i]);
    if (!Number.isFinite(value)) continue;
    const column = span > 0 ? Math.min(columns - 1, Math.floor(((x[i] - from) / span) * columns)) : 0;
    sums[column] += value;
    counts[column] += 1;
  }
  const means = Array.from(sums, (sum, i) => (counts[i] > 0 ? sum / counts[i] : NaN));
  const finite = means.filter(Number.isFinite);
  const low = Math.min(...finite);
  const range = Math.max(...finite) - low;
  return means
    .map((mean) => {
      if (!Number.isFinite(mean)) return ' ';
      return range > 0 ? BARS[Math.min(7, Math.floor(((mean - low) / range) * 8))] : BARS[0];
    })
    .join('');
}
