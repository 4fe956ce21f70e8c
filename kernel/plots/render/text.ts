/** A chart in plain text: a sparkline and the numbers that matter, for terminals, logs and screen readers. */
import type { ChartModel, LinePanel, LineSeries } from '../model/chart.js';
import { formatCount, formatNumber } from '../model/format.js';

const BARS = '▁▂▃▄▅▆▇█';
const SPARK_WIDTH = 24;
/** More lines than these are counted, not listed. */
const MAX_LISTED = 24;

export function toText(chart: ChartModel): string {
  const lines: string[] = [];
  if (chart.title !== '') lines.push(chart.title);
  for (const panel of chart.panels) {
    if (panel.kind === 'lines') lines.push(...linePanel(panel));
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
    if (mark.kind === 'rule') lines.push(`${mark.label} (${panel.x.name} ${formatCount(mark.x)})`);
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
