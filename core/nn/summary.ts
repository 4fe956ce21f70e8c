/** A table of a model's layers: what goes in and comes out, numbers of parameters, work and memory. */

import { noGrad } from '../autograd/mode.js';
import type { DType } from '../dtype.js';
import { describeValue, formatShape, type Shape, sizeOf } from '../layout.js';
import { zeros } from '../ops/creation.js';
import { Tensor } from '../tensor.js';
import { Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d } from './conv.js';
import { Linear } from './linear.js';
import type { Module } from './module.js';

/** One layer in a {@link ModelSummary}. */
export interface SummaryRow {
  /** Path in the model, empty for a model that is one layer, and its class. */
  readonly name: string;
  readonly type: string;
  /** Shapes of the tensors that it was given, and of those that it gave, in order; empty if it was not called. */
  readonly inputShapes: readonly Shape[];
  readonly outputShapes: readonly Shape[];
  /** Numbers in its own parameters (not those of layers in it), and how many of them are learned. */
  readonly parameters: number;
  readonly trainable: number;
  /** Multiply-adds of linear layers and convolutions for the given input; 0 for others. */
  readonly macs: number;
}

/** What {@link summary} found; `toString` gives the table. */
export class ModelSummary {
  constructor(
    readonly title: string,
    readonly rows: readonly SummaryRow[],
    /** Numbers in all parameters, each counted once, and how many of them are learned. */
    readonly parameters: number,
    readonly trainable: number,
    /** Bytes of all parameters and buffers. */
    readonly bytes: number,
    /** Multiply-adds of all linear layers and convolutions. */
    readonly macs: number,
    /** Bytes of what all layers gave, which training holds for the way back. */
    readonly activationBytes: number,
  ) {}

  toString(): string {
    const header = ['Layer', 'Input shape', 'Output shape', 'Parameters', 'MACs'];
    const lines = this.rows.map((row) => [
      row.name === '' ? row.type : `${row.name} (${row.type})`,
      row.inputShapes.map(formatShape).join(', ') || '-',
      row.outputShapes.map(formatShape).join(', ') || '-',
      parametersText(row),
      row.macs === 0 ? '-' : withSeparators(row.macs),
    ]);
    const widths = header.map((text, column) =>
      Math.max(text.length, ...lines.map((line) => line[column].length)),
    );
    const format = (line: readonly string[]): string =>
      line
        .map((text, column) => (column < WORDS ? text.padEnd(widths[column]) : text.padStart(widths[column])))
        .join('  ');
    const rule = '-'.repeat(widths.reduce((a, b) => a + b) + 2 * (widths.length - 1));
    const frozen = this.parameters - this.trainable;
    return [
      this.title,
      rule,
      format(header),
      rule,
      ...shown(lines.map(format)),
      rule,
      `Parameters: ${withSeparators(this.parameters)} (${withSeparators(this.trainable)} trainable, ${withSeparators(frozen)} frozen)`,
      `Multiply-adds (linear layers and convolutions): ${withSeparators(this.macs)}`,
      `Memory of parameters and buffers: ${formatBytes(this.bytes)}`,
      ...(this.activationBytes > 0
        ? [`Memory of what the layers give (activations): ${formatBytes(this.activationBytes)}`]
        : []),
    ].join('\n');
  }

  /** What Node's `console.log` prints. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** Columns of the table that are words. */
const WORDS = 3;

function parametersText({ parameters, trainable }: SummaryRow): string {
  if (parameters === 0) return '-';
  const learned =
    trainable === parameters ? '' : trainable === 0 ? ' frozen' : `, ${withSeparators(trainable)} trainable`;
  return `${withSeparators(parameters)}${learned}`;
}

/** Options of {@link summary}. */
export interface SummaryOptions {
  /** Of the input that is made: `int64` for models that begin with an embedding. The parameters' dtype by default. */
  dtype?: DType;
}

/**
 * Runs a model once on zeros of the given shape (batch dimension included), in evaluation mode and without gradients,
 * and tells what each layer was given and gave: `summary(model, [64, 784])`. A model of several inputs takes a list of shapes, or
 * the inputs themselves. Without an input nothing is run, and only the parameters are told.
 * @throws TypeError for other inputs; what the model throws for inputs of such shapes
 */
export function summary(
  model: Module,
  input?: Shape | Tensor | readonly (Shape | Tensor)[],
  options: SummaryOptions = {},
): ModelSummary {
  const dtype = options.dtype ?? model.parameters()[0]?.dtype;
  const made = (item: Shape | Tensor): Tensor =>
    item instanceof Tensor ? item : zeros([...item], { dtype });
  const inputs = input === undefined ? null : listed(input).map(made);
  const calls = new Map<Module, Call>();
  const modes = model.modules().map((module) => ({ module, training: module.training }));
  const handles = model.modules().map((module) =>
    module.registerForwardHook((_module, given, output) => {
      const before = calls.get(module);
      const [inputShapes, outputShapes] = [shapesOf(given), shapesOf(output)];
      calls.set(module, {
        inputShapes,
        outputShapes,
        macs: (before?.macs ?? 0) + macsOf(module, inputShapes, outputShapes),
        // What holds other layers gives what the last of them gave.
        bytes: (before?.bytes ?? 0) + (module.children().length > 0 ? 0 : bytesOf(output)),
      });
      return undefined;
    }),
  );
  try {
    model.eval();
    if (inputs !== null) noGrad((): unknown => Reflect.apply(model, undefined, inputs));
  } finally {
    for (const handle of handles) handle.remove();
    for (const { module, training } of modes) module.training = training;
  }
  const rows = model.namedModules().flatMap(([name, module]): SummaryRow[] => {
    const own = module.parameters(false);
    if (name === '' || (module.children().length > 0 && own.length === 0)) return [];
    return [rowOf(name, module, own, calls.get(module))];
  });
  const all = model.parameters();
  const bytes = [...all, ...model.buffers()].reduce(
    (sum, item) => sum + item.numel() * item.elementSize(),
    0,
  );
  return new ModelSummary(
    model.typeName,
    rows.length > 0 ? rows : [rowOf('', model, all, calls.get(model))],
    count(all),
    trainable(all),
    bytes,
    [...calls.values()].reduce((sum, call) => sum + call.macs, 0),
    [...calls.values()].reduce((sum, call) => sum + call.bytes, 0),
  );
}

/** Layers that are told of; of more the first and the last. */
const MOST_LINES = 200;

function shown(lines: readonly string[]): readonly string[] {
  const half = MOST_LINES / 2;
  if (lines.length <= MOST_LINES) return lines;
  return [...lines.slice(0, half), `… ${lines.length - MOST_LINES} more layers …`, ...lines.slice(-half)];
}

/** What was seen of a layer: the shapes of its last call, and the sums over all. */
interface Call {
  inputShapes: Shape[];
  outputShapes: Shape[];
  macs: number;
  bytes: number;
}

function rowOf(name: string, module: Module, own: readonly Tensor[], call: Call | undefined): SummaryRow {
  return {
    name,
    type: module.typeName,
    inputShapes: call?.inputShapes ?? [],
    outputShapes: call?.outputShapes ?? [],
    parameters: count(own),
    trainable: trainable(own),
    macs: call?.macs ?? 0,
  };
}

/** Each number of the output of a linear layer or a convolution takes one multiply-add for each weight that it reads. */
function macsOf(module: Module, inputs: readonly Shape[], outputs: readonly Shape[]): number {
  const weight: unknown = Reflect.get(module, 'weight');
  if (!(weight instanceof Tensor) || weight.ndim < 2 || inputs.length === 0 || outputs.length === 0) return 0;
  const each = weight.numel() / weight.shape[0];
  if (module instanceof Linear || CONVOLUTIONS.some((type) => module instanceof type)) {
    return sizeOf(outputs[0]) * each;
  }
  // A transposed convolution multiplies each number of its input instead.
  return TRANSPOSED.some((type) => module instanceof type) ? sizeOf(inputs[0]) * each : 0;
}

const CONVOLUTIONS = [Conv1d, Conv2d, Conv3d];
const TRANSPOSED = [ConvTranspose1d, ConvTranspose2d, ConvTranspose3d];

function listed(input: Shape | Tensor | readonly (Shape | Tensor)[]): readonly (Shape | Tensor)[] {
  if (input instanceof Tensor) return [input];
  if (!Array.isArray(input))
    throw new TypeError(
      `summary: the input is a shape such as [64, 784], a tensor, or a list of these, got ${describeValue(input)}`,
    );
  return isShape(input) ? [input] : input;
}

function isShape(input: Shape | readonly (Shape | Tensor)[]): input is Shape {
  return input.every((item) => typeof item === 'number');
}

function shapesOf(output: unknown): Shape[] {
  if (output instanceof Tensor) return [output.shape];
  return Array.isArray(output) ? output.flatMap(shapesOf) : [];
}

function bytesOf(output: unknown): number {
  if (output instanceof Tensor) return output.numel() * output.elementSize();
  return Array.isArray(output) ? output.reduce<number>((sum, item) => sum + bytesOf(item), 0) : 0;
}

function count(parameters: readonly Tensor[]): number {
  return parameters.reduce((sum, parameter) => sum + parameter.numel(), 0);
}

function trainable(parameters: readonly Tensor[]): number {
  return count(parameters.filter((parameter) => parameter.requiresGrad));
}

function withSeparators(n: number): string {
  return n.toLocaleString('en-US');
}

function formatBytes(bytes: number): string {
  if (bytes < 1e3) return `${bytes} bytes`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
