/** Backpropagation on a small graph, one operation at a time. */
import {
  readGraph,
  type GraphEdge,
  type GraphNode,
  type GraphReading,
  type GraphReadOptions,
} from '../../../core/diagnostics/index.js';
import type { Tensor } from '../../../core/index.js';
import { LiveDisplay, type LiveEnvironment } from '../live/live-display.js';
import { MIN_INTERVAL_MS } from '../live/rate.js';
import type { ChartModel } from '../model/chart.js';
import { formatNumber } from '../model/format.js';
import type { GraphBox, GraphLink } from '../model/pictures.js';
import { chart, nameOf, valueWords } from './graph.js';
import type { GraphStage } from './graph-layout.js';
import { Still } from './still.js';

export interface BackpropOptions extends GraphReadOptions {
  title?: string;
}

/** A graph of more nodes than these is no lesson. */
const MOST = 40;

/**
 * The steps of a backward pass. Shown, it is the last step: every gradient and every factor.
 */
export class BackpropSteps {
  /** How many steps there are: the loss itself, and each operation on the way back. */
  readonly length: number;
  private at: number;
  private readonly display: LiveDisplay;

  constructor(
    private readonly reading: GraphReading | null,
    private readonly problem: string,
    private readonly title: string,
    private readonly environment?: LiveEnvironment,
  ) {
    this.order = stepsOf(reading);
    this.length = this.order.length;
    this.at = Math.max(0, this.length - 1);
    this.display = new LiveDisplay(() => this.model(this.at), environment);
  }

  private readonly order: number[];
  private stages: (GraphStage & { note: string })[] | undefined;

  /** One step, from 0 (the gradient of the loss by itself) to `length - 1`. */
  step(i: number): Still {
    return new Still(this.model(i), this.environment);
  }

  /** Shows all steps one after the other in one place, three a second at most. */
  async play({ seconds = 1 }: { seconds?: number } = {}): Promise<void> {
    for (this.at = 0; this.at < this.length; this.at++) {
      this.display.touch();
      this.display.finish();
      await new Promise((resolve) => setTimeout(resolve, Math.max(MIN_INTERVAL_MS, 1000 * seconds)));
    }
    this.at = Math.max(0, this.length - 1);
  }

  /** A step as plain data. */
  model(i = this.length - 1): ChartModel {
    const { reading } = this;
    if (reading === null || this.length === 0)
      return chart({ title: this.title, boxes: [], links: [], notes: [this.problem], lines: [] });
    const step = Math.min(Math.max(0, Math.round(i) || 0), this.length - 1);
    this.stages ??= this.order.map((_, k) => stageOf(reading, this.order, k));
    const { boxes, links, note } = this.stages[step];
    const sentences = this.stages.slice(0, step + 1).map((stage, k) => `${k}. ${stage.note}`);
    return chart({
      title: `${this.title}: step ${step} of ${this.length - 1}`,
      boxes: [...boxes],
      links: [...links],
      notes: [note],
      lines: sentences,
      stages: this.stages,
    });
  }

  [Symbol.for('Jupyter.display')](): Record<string, unknown> {
    return this.display.result();
  }
}

/**
 * Backpropagation step by step on a small graph: at each step one operation hands the gradient of its result on to what
 * it was computed from, times the local derivative that is written on the edge (chain rule). For tensors the factor is
 * the ratio of the gradients' norms. It never throws.
 *
 * ```ts
 * const steps = backpropSteps(() => w.mul(x).add(b).tanh(), { names: { w, x, b } });
 * steps.step(0);       // one picture
 * await steps.play();  // all of them, in place
 * ```
 */
export function backpropSteps(
  loss: Tensor | (() => Tensor),
  options: BackpropOptions = {},
  environment?: LiveEnvironment,
): BackpropSteps {
  const title = options.title ?? 'Backpropagation';
  try {
    const reading = readGraph(loss, options);
    if (reading.freed)
      return new BackpropSteps(
        null,
        'A backward has already freed the graph. Call backpropSteps before, or give it a function.',
        title,
        environment,
      );
    if (reading.nodes.length > MOST)
      return new BackpropSteps(
        null,
        `${reading.nodes.length} operations and leaves are too many to follow; up to ${MOST} are drawn. graph() draws large ones.`,
        title,
        environment,
      );
    return new BackpropSteps(reading, '', title, environment);
  } catch (error) {
    return new BackpropSteps(
      null,
      error instanceof Error ? error.message : String(error),
      title,
      environment,
    );
  }
}

/** The order in which the engine's rule lets operations hand on: each after all that use its result. */
function stepsOf(reading: GraphReading | null): number[] {
  if (reading === null) return [];
  const places = reading.nodes.map((_, i) => i).filter((i) => reading.nodes[i].inputs.length > 0);
  places.sort((a, b) => reading.nodes[b].sequence - reading.nodes[a].sequence);
  // Before the first of them there is only the loss.
  return [-1, ...places];
}

function stageOf(
  { nodes }: GraphReading,
  order: readonly number[],
  step: number,
): GraphStage & { note: string } {
  const done = new Set(order.slice(0, step + 1));
  const now = order[step];
  const last = step === order.length - 1;
  const loss = nodes.findIndex(({ kind }) => kind === 'loss');
  // A gradient is complete when all that use the value have handed theirs on.
  const users = nodes.map((_, i) =>
    nodes.flatMap((node, user) => (node.inputs.some(({ input }) => input === i) ? [user] : [])),
  );
  const has = (i: number): boolean => i === loss || users[i].some((user) => done.has(user));
  const complete = (i: number): boolean => users[i].every((user) => done.has(user));
  const boxes = nodes.map((node, i): GraphBox => {
    const lines = [nameOf(node)];
    if (node.value !== null) lines.push(valueWords(node.value));
    if (has(i)) lines.push(complete(i) ? gradientWords(node) : 'grad: more to come');
    else if (!last) lines.push('grad ?');
    const trouble = complete(i) && (node.gradient?.bad ?? 0) > 0 ? 'nan' : '';
    return {
      kind: node.kind,
      lines,
      trouble,
      now: i === now || (now === -1 && i === loss),
      pale: !has(i) && !last,
    };
  });
  const links = nodes.flatMap((node, to): GraphLink[] =>
    node.inputs.map((edge) => ({
      from: edge.input,
      to,
      label: done.has(to) ? factorWords(edge) : '',
      now: to === now && !last,
      pale: !done.has(to),
    })),
  );
  return { boxes, links, note: sentence(nodes, now, loss) };
}

function gradientWords({ gradient }: GraphNode): string {
  if (gradient === null) return 'no grad';
  return gradient.value === null
    ? `‖grad‖ ${formatNumber(gradient.norm)}`
    : `grad ${formatNumber(gradient.value, 4)}`;
}

function factorWords({ factor, exact }: GraphEdge): string {
  if (factor === null) return '× ?';
  return exact ? `× ${formatNumber(factor, 4)}` : `‖·‖ × ${formatNumber(factor)}`;
}

function sentence(nodes: readonly GraphNode[], place: number, loss: number): string {
  if (place === -1) return `The derivative of the loss (${nodes[loss].name}) by itself is 1.`;
  const node = nodes[place];
  const { gradient } = node;
  const from = gradient?.value ?? null;
  const parts = node.inputs.map((edge) => {
    const name = nameOf(nodes[edge.input]);
    if (!edge.exact || edge.factor === null || from === null)
      return `${name} gets its part, norm ${factorWords(edge)}`;
    return `${name} gets ${formatNumber(from, 4)} × ${formatNumber(edge.factor, 4)} = ${formatNumber(from * edge.factor, 4)}`;
  });
  return `${nameOf(node)} hands on its gradient${from === null ? '' : ` ${formatNumber(from, 4)}`}: ${parts.join('; ')}.`;
}
