/**
 * Tensors as notebooks show them: the text that they print, and HTML of the same text with statistics and a heatmap.
 * The markup stands in JupyterLab's untrusted view and on GitHub: no script, no style sheet, no colours of text.
 */
import { describeDistribution } from '../../../core/diagnostics/index.js';
import { noGrad, slice, Tensor } from '../../../core/index.js';
import { formatCount, formatNumber } from '../model/format.js';
import { drawHeatmap, type Heatmap, INFINITE_COLOR, type Matrices, NAN_COLOR } from './heatmap.js';

/** Statistics of larger tensors are of elements at even distances. */
const MOST_ELEMENTS = 2 ** 20;
/** Matrices side by side, for tensors of more than two dimensions. */
const MOST_TILES = 8;

interface Sample {
  readonly values: Float32Array | Float64Array;
  readonly shape: readonly number[];
  readonly whole: boolean;
}

/** The elements, or of a large tensor those at even distances in each dimension. */
function sampleOf(x: Tensor): Sample {
  const steps = x.shape.map(() => 1);
  const sizes = x.shape.slice();
  const count = (): number => sizes.reduce((n, size) => n * size, 1);
  while (count() > MOST_ELEMENTS) {
    const largest = sizes.indexOf(Math.max(...sizes));
    steps[largest] *= 2;
    sizes[largest] = Math.ceil(x.shape[largest] / steps[largest]);
  }
  const whole = steps.every((step) => step === 1);
  const view = whole ? x : x.at(...steps.map((step) => slice(null, null, step)));
  const values = view.toTypedArray();
  return {
    values:
      values instanceof Float32Array || values instanceof Float64Array ? values : Float64Array.from(values),
    shape: sizes,
    whole,
  };
}

/** The sample as matrices of the last two dimensions, the first few of them. */
function matricesOf({ values, shape }: Sample): Matrices {
  const columns = shape.at(-1) ?? 1;
  const rows = shape.at(-2) ?? 1;
  const tiles = Math.min(
    MOST_TILES,
    shape.slice(0, -2).reduce((n, size) => n * size, 1),
  );
  return { values, tiles, rows, columns };
}

function escape(text: string): string {
  return text.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function statisticsOf(x: Tensor, sample: Sample): [string, string][] {
  const { count, nan, infinite, zero, mean, std, min, max } = describeDistribution(sample.values);
  const about = sample.whole ? '' : '≈ ';
  const number = (value: number): string => about + formatNumber(value, 4);
  const share = (n: number): string =>
    `${formatCount(n)}${sample.whole ? '' : ` of ${formatCount(count)} seen`}`;
  if (x.dtype === 'bool')
    return [
      ['true', share(count - zero)],
      ['false', share(zero)],
    ];
  const facts: [string, string][] = [
    ['min', number(min)],
    ['mean', number(mean)],
    ['max', number(max)],
    ['std', number(std)],
  ];
  if (nan > 0) facts.push([mark(NAN_COLOR, 'NaN'), share(nan)]);
  if (infinite > 0) facts.push([mark(INFINITE_COLOR, 'Inf'), share(infinite)]);
  const { grad } = x;
  if (grad !== null) facts.push(['|grad|', formatNumber(grad.detach().norm().item(), 4)]);
  return facts;
}

/** A word behind a patch of the colour that stands for it in the heatmap. */
function mark(color: string, word: string): string {
  return `<span style="background:${color}">&nbsp;&nbsp;</span> ${word}`;
}

function picture(map: Heatmap, tiles: number, all: number): string {
  const { png, width, height, low, high } = map;
  const said = tiles < all ? `, the first ${tiles} of ${all} matrices` : '';
  const title = `colours from ${formatNumber(low)} to ${formatNumber(high)}${said}`;
  const source = `data:image/png;base64,${png.toString('base64')}`;
  return (
    `<img src="${source}" width="${width}" height="${height}" alt="heatmap: ${title}" title="${title}" ` +
    'style="image-rendering:pixelated;max-width:none">'
  );
}

/** The tensor as HTML: its text, and from two elements on its statistics and a heatmap. */
export function tensorHtml(x: Tensor): string {
  const text = `<pre style="margin:0">${escape(String(x))}</pre>`;
  if (x.numel() < 2) return `<div>${text}</div>`;
  const sample = sampleOf(x.detach());
  const facts = statisticsOf(x, sample)
    .map(([name, value]) => `<b>${name}</b>&nbsp;${value}`)
    .join(' &ensp; ');
  const matrices = matricesOf(sample);
  const map = drawHeatmap(matrices);
  const all = x.shape.slice(0, -2).reduce((n, size) => n * size, 1);
  const image = map === null ? '' : `<div style="margin-top:6px">${picture(map, matrices.tiles, all)}</div>`;
  return `<div>${text}<div style="margin-top:6px"><small>${facts}</small></div>${image}</div>`;
}

/** What a cell that ends with a tensor shows. */
export function tensorBundle(x: Tensor): Record<string, string> {
  const text = String(x);
  try {
    return { 'text/plain': text, 'text/html': noGrad(() => tensorHtml(x)) };
  } catch {
    // Statistics take some memory. A tensor that cannot have it, because there is none left, is shown by its text.
    return { 'text/plain': text };
  }
}

Object.defineProperty(Tensor.prototype, Symbol.for('Jupyter.display'), {
  value(this: Tensor): Record<string, string> {
    return tensorBundle(this);
  },
});
