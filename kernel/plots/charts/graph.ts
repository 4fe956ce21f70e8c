/** The autograd graph behind a loss, as a picture. */
import {
  readGraph,
  type GraphNode,
  type GraphReading,
  type GraphReadOptions,
  type TensorSummary,
} from '../../../core/diagnostics/index.js';
import type { Tensor } from '../../../core/index.js';
import type { LiveEnvironment } from '../live/live-display.js';
import type { ChartModel } from '../model/chart.js';
import { partsOf, type Part } from '../model/collapse.js';
import { formatCount, formatNumber } from '../model/format.js';
import type { GraphBox, GraphLink } from '../model/pictures.js';
import { placeGraph, type GraphStage } from './graph-layout.js';
import { Still } from './still.js';

export interface GraphOptions extends GraphReadOptions {
  title?: string;
  /** More boxes than these are collapsed into modules; default 150. */
  most?: number;
  /** Whether values and gradients are written into the boxes; default true. */
  values?: boolean;
}

const MOST = 150;
const NOTE_HEIGHT = 15;
/** Text lists so many. */
const MOST_LINES = 40;

/**
 * Draws the graph that `loss.backward()` walks: leaves blue, operations grey, the loss orange, with values, gradients
 * and, on the edges, shapes. Red are gradients with NaN and parameters that get none. Past 150 boxes operations become
 * the modules of `model` that they belong to. Gradients are computed for the picture; no `grad` and no hook is touched.
 * Given a function that computes the loss, values of all operations and calls of modules are known; given the loss,
 * only those that backward keeps. It never throws: what is wrong is said in the picture.
 *
 * ```ts
 * graph(loss, { names: { w, b } });
 * graph(() => F.crossEntropy(model(x), y), { model });
 * ```
 */
export function graph(
  loss: Tensor | (() => Tensor),
  options: GraphOptions = {},
  environment?: LiveEnvironment,
): Still {
  try {
    return new Still(draw(readGraph(loss, options), options), environment);
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    return new Still(
      chart({ title: options.title ?? 'Autograd graph', boxes: [], links: [], notes: [words], lines: [] }),
      environment,
    );
  }
}

function draw(reading: GraphReading, options: GraphOptions): ChartModel {
  const { parts, cut } = partsOf(reading, options.most ?? MOST);
  const detail = options.values ?? true;
  const anyGradient = reading.nodes.some(({ gradient }) => gradient !== null);
  const boxes = parts.map((part) => boxOf(part, detail, anyGradient));
  const links = parts.flatMap((part, to): GraphLink[] =>
    part.inputs.map(({ from, node }) => ({ from, to, label: shapeWords(node), now: false, pale: false })),
  );
  for (const { name, shape, frozen } of reading.unreached.slice(0, 12)) {
    if (frozen) continue;
    boxes.push({
      kind: 'leaf',
      lines: [name, `[${shape.join(', ')}]`, 'not reached: no gradient'],
      trouble: 'missing',
      now: false,
      pale: false,
    });
  }
  const notes: string[] = [];
  if (parts.some(({ node }) => node === null))
    notes.push(`${formatCount(reading.nodes.length)} operations and leaves, collapsed into modules.`);
  if (cut > 0) {
    const advice = options.model === undefined ? ' Give { model } to have modules collapsed.' : '';
    notes.push(`Only the last ${parts.length} of ${formatCount(parts.length + cut)} are drawn.${advice}`);
  }
  if (reading.freed)
    notes.push(
      'A backward has already freed the graph: gradients are those that leaves have kept. graph(() => loss) shows all.',
    );
  const frozen = reading.unreached.filter((one) => one.frozen).length;
  if (frozen > 0) notes.push(`${frozen} parameters are frozen.`);
  const lines = parts.map((part, i) => lineOf(part, boxes[i]));
  for (const { name, frozen: still } of reading.unreached)
    if (!still) lines.push(`${name}: not reached, no gradient`);
  return chart({ title: options.title ?? 'Autograd graph', boxes, links, notes, lines });
}

/** A chart of boxes and links, as large as they need. */
export function chart(given: {
  title: string;
  boxes: GraphBox[];
  links: GraphLink[];
  notes: string[];
  lines: string[];
  /** Of a graph that changes: the picture has room for all of them. */
  stages?: (GraphStage & { note: string })[];
}): ChartModel {
  const { stages = [] } = given;
  const { boxes, links, size } = placeGraph(given, stages);
  const lines =
    given.lines.length > MOST_LINES
      ? [...given.lines.slice(0, MOST_LINES), `… and ${given.lines.length - MOST_LINES} more`]
      : given.lines;
  const width = Math.max(420, Math.ceil(size.width) + 28);
  const rows = (note: string): number => Math.ceil((6.4 * note.length) / (width - 28));
  const wrapped = Math.max(
    given.notes.reduce((sum, note) => sum + rows(note), 0),
    ...stages.map(({ note }) => rows(note)),
  );
  return {
    title: given.title,
    width,
    height: Math.ceil(38 + Math.max(70, size.height + 16) + NOTE_HEIGHT * wrapped + 6),
    panels: [{ kind: 'graph', weight: 1, boxes, links, size, lines, empty: 'No graph' }],
    notes: given.notes,
  };
}

function boxOf(part: Part, detail: boolean, anyGradient: boolean): GraphBox {
  const { node } = part;
  if (node === null) return moduleBox(part);
  const { kind, value, gradient } = node;
  const lines = [nameOf(node)];
  if (kind === 'leaf' && value !== null && value.value === null) lines.push(`[${value.shape.join(', ')}]`);
  const trouble = troubleOf(node, anyGradient);
  if (detail && value !== null) lines.push(valueWords(value));
  if (trouble === 'nan') lines.push(`gradient: ${formatCount(gradient?.bad ?? 0)} NaN or Inf`);
  else if (trouble === 'missing') lines.push('no gradient');
  else if (detail && gradient !== null) lines.push(gradientWords(gradient));
  return { kind, lines, trouble, now: false, pale: false };
}

function moduleBox({ name, members }: Part): GraphBox {
  const leaves = members.filter(({ kind }) => kind === 'leaf');
  const operations = members.length - leaves.length;
  const bad = members.reduce((sum, { gradient }) => sum + (gradient?.bad ?? 0), 0);
  const missing = leaves.filter(({ gradient }) => gradient === null).length;
  const norm = Math.hypot(...leaves.map(({ gradient }) => gradient?.norm ?? 0));
  const lines = [name, `${operations} ops, ${leaves.length} parameters`];
  if (bad > 0) lines.push(`gradient: ${formatCount(bad)} NaN or Inf`);
  else if (leaves.length > 0)
    lines.push(missing > 0 ? `${missing} without gradient` : `‖grad‖ ${formatNumber(norm)}`);
  const trouble = bad > 0 ? 'nan' : missing > 0 ? 'missing' : '';
  return { kind: 'module', lines, trouble, now: false, pale: false };
}

function troubleOf({ kind, gradient }: GraphNode, anyGradient: boolean): GraphBox['trouble'] {
  if (gradient !== null) return gradient.bad > 0 ? 'nan' : '';
  return kind === 'leaf' && anyGradient ? 'missing' : '';
}

export function nameOf({ kind, name }: GraphNode): string {
  if (name !== '') return kind === 'loss' ? `loss: ${name}` : name;
  return 'leaf';
}

export function valueWords(value: TensorSummary): string {
  if (value.value !== null) return `= ${formatNumber(value.value, 4)}`;
  return `${formatNumber(value.mean, 2)} ± ${formatNumber(value.std, 2)}`;
}

function gradientWords(gradient: TensorSummary): string {
  if (gradient.value !== null) return `grad ${formatNumber(gradient.value, 4)}`;
  return gradient.allZero ? 'grad all zero' : `‖grad‖ ${formatNumber(gradient.norm)}`;
}

function shapeWords({ value, gradient }: GraphNode): string {
  const shape = (value ?? gradient)?.shape;
  return shape === undefined || shape.length === 0 ? '' : `[${shape.join(', ')}]`;
}

function lineOf({ node, inputs }: Part, { lines }: GraphBox): string {
  const [name, ...rest] = lines;
  const from =
    inputs.length === 0 || node === null ? '' : ` of ${inputs.map((input) => nameOf(input.node)).join(', ')}`;
  return `${name}${from}${rest.length === 0 ? '' : `: ${rest.join(', ')}`}`;
}
