/** Reads the graph behind a loss: operations, leaves, values, gradients and the factors of the chain rule. */
import { AccumulateGrad } from '../autograd/accumulate.js';
import { runBackward } from '../autograd/engine.js';
import { gradMode, noGrad, type Watch } from '../autograd/mode.js';
import { OutputNode } from '../autograd/multi.js';
import { lastSequence, type Node } from '../autograd/node.js';
import type { Module } from '../nn/module.js';
import { filled } from '../ops/raw.js';
import { Tensor } from '../tensor.js';
import { describeValue } from '../shapes.js';
import { describe } from './distribution.js';

/** What is to be said of a tensor in a few numbers. */
export interface TensorSummary {
  shape: readonly number[];
  /** The element, where there is one only. */
  value: number | null;
  mean: number;
  std: number;
  /** Euclidean length of all elements. */
  norm: number;
  /** How many elements are NaN or infinite. */
  bad: number;
  allZero: boolean;
}

/** Where a gradient goes on its way back. */
export interface GraphEdge {
  /** Place among the nodes; what the operation was computed from. */
  input: number;
  /**
   * What the gradient is multiplied by on this edge: the derivative of the operation by this input where both have one
   * element, else the ratio of the gradients' norms. Null where no gradient went this way.
   */
  factor: number | null;
  /** Whether `factor` is that derivative. */
  exact: boolean;
}

/** A module call that an operation belongs to. */
export interface Scope {
  name: string;
  type: string;
  /** Tells calls of one module apart. */
  call: number;
}

export interface GraphNode {
  kind: 'leaf' | 'op' | 'loss';
  /** Of the parameter or the operation; empty for a leaf that has none. */
  name: string;
  /** Null where the value was not kept. */
  value: TensorSummary | null;
  /** Null where there is none. */
  gradient: TensorSummary | null;
  inputs: GraphEdge[];
  /** The modules that were being called, outermost first. */
  scopes: readonly Scope[];
  /** Which of two was computed first. */
  sequence: number;
}

export interface GraphReading {
  /** In order of computation; the loss is last. */
  nodes: GraphNode[];
  /** Parameters of the model that the loss does not depend on, or that are frozen. */
  unreached: { name: string; shape: readonly number[]; frozen: boolean }[];
  /** Whether an earlier backward has let the graph go, so that gradients are those that leaves have kept. */
  freed: boolean;
}

export interface GraphReadOptions {
  /** Whose parameters and modules have names. */
  model?: Module;
  /** Names of other tensors. */
  names?: Readonly<Record<string, Tensor>>;
}

export function summarize(x: Tensor): TensorSummary {
  const plain = x.detach();
  const values = Float64Array.from(plain.toTypedArray(), Number);
  const { mean, std, nan, infinite, zero, count } = describe(values);
  return {
    shape: [...x.shape],
    value: values.length === 1 ? values[0] : null,
    mean,
    std,
    norm: Math.sqrt(values.reduce((sum, value) => sum + value * value, 0)),
    bad: nan + infinite,
    allZero: zero === count,
  };
}

/** Sees what operations give while a loss is computed, and what gradients do while they go back. */
class Recorder implements Watch {
  readonly passive = false;
  readonly values = new Map<Node, TensorSummary>();
  readonly given = new Map<Node, Tensor>();
  readonly parts = new Map<Node, readonly unknown[]>();
  /** Calls of modules in order of their beginning, with the numbers of the nodes made before and in them. */
  readonly calls: { scope: Scope; after: number; until: number }[] = [];
  private readonly open: number[] = [];

  run<T>(_name: string, _args: readonly unknown[], call: () => T): T {
    const output = call();
    this.look(output);
    return output;
  }

  private look(output: unknown): void {
    for (const one of Array.isArray(output) ? (output as unknown[]) : [output]) {
      if (!(one instanceof Tensor) || one.node === null || this.values.has(one.node)) continue;
      this.values.set(one.node, summarize(one));
    }
  }

  enter(name: string, type: string): void {
    this.open.push(this.calls.length);
    this.calls.push({
      scope: { name, type, call: this.calls.length },
      after: lastSequence(),
      until: Infinity,
    });
  }

  leave(): void {
    const call = this.open.pop();
    if (call !== undefined) this.calls[call].until = lastSequence();
  }

  /** The calls that a node was made in, outermost first. */
  scopesOf({ sequence }: Node): Scope[] {
    return this.calls
      .filter(({ after, until }) => after < sequence && sequence <= until)
      .map(({ scope }) => scope);
  }

  trace(): string {
    return '';
  }

  backward<G extends readonly unknown[]>(node: object, given: unknown, compute: () => G): G {
    const computed = compute();
    if (given instanceof Tensor) this.given.set(node as Node, given);
    this.parts.set(node as Node, computed);
    return computed;
  }

  reset(): void {
    this.open.length = 0;
  }

  /** Runs `fn` with this in the place of anomaly mode. */
  watching<T>(fn: () => T): T {
    const { watch } = gradMode;
    gradMode.watch = this;
    try {
      return fn();
    } finally {
      gradMode.watch = watch;
    }
  }
}

/**
 * The graph behind a loss of one element. Neither `grad` of any leaf nor hooks are touched: gradients are computed for
 * the reading alone. Given a function, it is called, and all values are known; given the loss, only those that backward
 * needs are.
 *
 * @throws TypeError where there is no graph or the loss has several elements
 */
export function readGraph(loss: Tensor | (() => Tensor), options: GraphReadOptions = {}): GraphReading {
  const recorder = new Recorder();
  const root = typeof loss === 'function' ? recorded(loss, recorder, options.model) : loss;
  if (!((root as unknown) instanceof Tensor))
    throw new TypeError(
      `graph: expected a loss, or a function that computes one, got ${describeValue(root)}`,
    );
  if (root.numel() !== 1)
    throw new TypeError(
      `graph: a loss has one element, got shape [${root.shape.join(', ')}]; reduce it with sum() or mean()`,
    );
  const start = root.edge();
  if (start === null)
    throw new TypeError(
      'graph: the loss was not recorded; compute it from tensors that require gradients, outside of noGrad',
    );
  const order = reachable(start);
  const freed = !walkBack(start, root, order, recorder);
  return reading(root, order, recorder, options, freed);
}

function recorded(fn: () => Tensor, recorder: Recorder, model: Module | undefined): Tensor {
  const handles = (model?.namedModules() ?? []).flatMap(([name, module]) => [
    module.registerForwardPreHook(() => {
      recorder.enter(name, module.constructor.name);
      return undefined;
    }),
    module.registerForwardHook(() => {
      recorder.leave();
      return undefined;
    }),
  ]);
  try {
    return recorder.watching(fn);
  } finally {
    for (const handle of handles) handle.remove();
  }
}

/** An output of an operation with several stands for the operation. */
function solid(node: Node): Node {
  return node instanceof OutputNode ? (node.next[0] ?? node) : node;
}

/** All nodes below, in order of their making. */
function reachable(start: Node): Node[] {
  const found = new Set<Node>([start]);
  // The set grows while it is walked.
  for (const node of found) for (const next of node.next) if (next !== null) found.add(next);
  return [...found].sort((a, b) => a.sequence - b.sequence);
}

/** Lets gradients go back without touching anything; false where the graph was let go. */
function walkBack(start: Node, root: Tensor, order: readonly Node[], recorder: Recorder): boolean {
  const before = order.map(({ hooks, retained }) => ({ hooks, retained }));
  // Hooks belong to the user. An empty list makes the engine keep the gradient for us.
  for (const node of order) [node.hooks, node.retained] = [[], null];
  const targets = order.filter((node) => node instanceof AccumulateGrad);
  try {
    const ones = filled(root.shape, 1, root.dtype, 'graph');
    const found = recorder.watching(() =>
      runBackward([start], [ones], { retainGraph: true, createGraph: false, targets }),
    );
    found.forEach((gradient, i) => {
      if (gradient !== null) recorder.given.set(targets[i], gradient);
    });
    return true;
  } catch {
    return false;
  } finally {
    order.forEach((node, i) => Object.assign(node, before[i]));
  }
}

function reading(
  root: Tensor,
  order: readonly Node[],
  recorder: Recorder,
  { model, names = {} }: GraphReadOptions,
  freed: boolean,
): GraphReading {
  const named = new Map<Tensor | Node, string>();
  const parameters = model?.namedParameters() ?? [];
  for (const [name, parameter] of parameters) named.set(parameter, name);
  const values = new Map(recorder.values);
  const keep = (x: Tensor | null): void => {
    if (x?.node && !x.storage.released && !values.has(x.node)) values.set(x.node, summarize(x));
  };
  for (const node of order) for (const saved of node.keeps()) keep(saved);
  for (const node of order) for (const retained of node.retained ?? []) keep(retained);
  keep(root);
  for (const [name, x] of Object.entries(names)) {
    const node = x.edge();
    named.set(node ?? x, name);
    keep(x);
  }
  const solids = order.filter((node) => !(node instanceof OutputNode));
  const places = new Map(solids.map((node, i) => [node, i]));
  const first = root.edge();
  const nodes = solids.map((node): GraphNode => {
    const leaf = node instanceof AccumulateGrad ? node.leaf : null;
    const outputs = order.filter((other) => other === node || solid(other) === node).slice(0, 8);
    const value = leaf
      ? summarize(leaf)
      : (outputs.map((one) => values.get(one)).find((one) => one !== undefined) ?? null);
    const given = freed ? (leaf?.grad ?? undefined) : recorder.given.get(node);
    const own = named.get(node) ?? (leaf ? named.get(leaf) : undefined);
    return {
      kind: leaf ? 'leaf' : first !== null && node === solid(first) ? 'loss' : 'op',
      name: own ?? (leaf ? '' : operation(node.name)),
      value,
      gradient: given === undefined ? null : summarize(given),
      inputs: node.next.flatMap((next, k): GraphEdge[] => {
        const input = next === null ? undefined : places.get(solid(next));
        if (input === undefined) return [];
        return [{ input, ...factorOf(given, recorder.parts.get(node)?.[k], () => partOf(node, given, k)) }];
      }),
      scopes: leaf ? [] : recorder.scopesOf(node),
      sequence: node.sequence,
    };
  });
  const reached = new Set(solids.flatMap((node) => (node instanceof AccumulateGrad ? [node.leaf] : [])));
  const unreached = parameters
    .filter(([, parameter]) => !reached.has(parameter))
    .map(([name, parameter]) => ({ name, shape: [...parameter.shape], frozen: !parameter.requiresGrad }));
  return { nodes, unreached, freed };
}

/** "MatmulBackward" -> "matmul" */
function operation(name: string): string {
  const short = name.replace(/Backward$/, '');
  return short.charAt(0).toLowerCase() + short.slice(1);
}

function factorOf(
  given: Tensor | undefined,
  part: unknown,
  ofOne: () => Tensor | null,
): Pick<GraphEdge, 'factor' | 'exact'> {
  if (given === undefined || !(part instanceof Tensor) || part.storage.released)
    return { factor: null, exact: false };
  const [from, to] = [summarize(given), summarize(part)];
  if (from.value !== null && to.value !== null) {
    if (from.value !== 0 && Number.isFinite(from.value))
      return { factor: to.value / from.value, exact: true };
    // A gradient that has vanished, or is none, tells nothing of the derivative by which it is multiplied.
    const local = ofOne();
    if (local !== null) return { factor: summarize(local).value, exact: true };
  }
  return { factor: from.norm > 0 ? to.norm / from.norm : null, exact: false };
}

/** What an operation would hand to an input of a gradient of 1; null where it cannot be asked. */
function partOf(node: Node, given: Tensor | undefined, k: number): Tensor | null {
  if (given === undefined) return null;
  try {
    const part: unknown = noGrad(() => node.backward(filled(given.shape, 1, given.dtype, 'graph')))[k];
    return part instanceof Tensor ? part : null;
  } catch {
    return null;
  }
}
