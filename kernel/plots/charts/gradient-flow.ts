/** How far gradients reach: their size layer by layer, in forward order. */
import {
  gradientDistributions,
  judgeGradient,
  type Distribution,
  type ParameterSource,
} from '../../../core/diagnostics/index.js';
import type { LiveEnvironment } from '../live/live-display.js';
import type { ChartModel, DotRow } from '../model/chart.js';
import { DOT_FRAME, DOT_ROW } from '../scene/dots.js';
import { Still } from './still.js';

export interface GradientFlowOptions {
  title?: string;
  /** Whether parameters with one dimension (biases, norms) are left out; default false. */
  weightsOnly?: boolean;
  /** CSS pixels; default 720. */
  width?: number;
}

/** Below this mean magnitude a gradient moves nothing in float32; above this largest one a step is likely to jump. */
const VANISHING = 1e-7;
const EXPLODING = 10;
const MAX_ROWS = 40;
const TITLE_HEIGHT = 46;
const NOTE_HEIGHT = 15;

/**
 * The mean and the largest magnitude of each parameter's gradient, mean |g| and max |g|, on a logarithmic axis, in the
 * model's forward order. Marked are a mean below 1e-7 (it vanishes) and a maximum above 10 (it explodes), and gradients
 * that are missing, all zero or not finite. Call it after `backward()`; it never throws.
 *
 * @param model a module, or pairs of a name and a tensor with `grad`
 */
export function gradientFlow(
  model: ParameterSource,
  options: GradientFlowOptions = {},
  environment?: LiveEnvironment,
): Still {
  const notes: string[] = [];
  let rows: DotRow[] = [];
  try {
    rows = gradientDistributions(model)
      .filter(({ name }) => options.weightsOnly !== true || !/(^|\.)bias$/.test(name))
      .map(({ name, distribution }) => row(name, distribution));
  } catch (error) {
    notes.push(`The gradients could not be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  return new Still(chart(rows, notes, options), environment);
}

function row(name: string, distribution: Distribution | null): DotRow {
  const { severity, words } = judgeGradient(distribution);
  if (distribution === null) return { name, values: [NaN, NaN], warning: words };
  const { meanAbs, min, max } = distribution;
  // That most of a gradient is zero is for the histogram to say: it flows where it is not.
  return { name, values: [meanAbs, Math.max(-min, max)], warning: severity > 1 ? words : '' };
}

function chart(rows: DotRow[], notes: string[], options: GradientFlowOptions): ChartModel {
  const { shown, said } = fewEnough(rows);
  notes.push(...said);
  const ill = rows.filter(({ warning }) => warning !== '').length;
  if (ill > 0) notes.push(`${ill} of ${rows.length} parameters need attention.`);
  return {
    title: options.title ?? 'Gradient flow, from the input (top) to the output',
    width: options.width ?? 720,
    height: TITLE_HEIGHT + DOT_FRAME + DOT_ROW * Math.max(3, shown.length) + NOTE_HEIGHT * notes.length,
    panels: [
      {
        kind: 'dots',
        weight: 1,
        x: { name: 'magnitude of the gradient', scale: 'log' },
        measures: ['mean |g|', 'max |g|'],
        rows: shown,
        low: VANISHING,
        high: EXPLODING,
        guides: [],
        empty: 'No parameters',
      },
    ],
    notes,
  };
}

/** Of too many layers those that need attention and an even sample of the others, still in order. */
function fewEnough(rows: DotRow[]): { shown: DotRow[]; said: string[] } {
  if (rows.length <= MAX_ROWS) return { shown: rows, said: [] };
  const ill = rows.filter(({ warning }) => warning !== '').slice(0, MAX_ROWS / 2);
  const others = rows.filter((one) => !ill.includes(one));
  const stride = others.length / (MAX_ROWS - ill.length);
  const sample = others.filter((_, i) => Math.floor(i / stride) !== Math.floor((i - 1) / stride));
  const kept = new Set([...ill, ...sample]);
  return {
    shown: rows.filter((one) => kept.has(one)),
    said: [`${kept.size} of ${rows.length} parameters are shown.`],
  };
}
