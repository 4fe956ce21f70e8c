/** What recurrent networks share: how they go through sequences, in layers and in both directions. */

import { type FloatDType, isFloat } from '../dtype.js';
import { formatShape } from '../layout.js';
import { zeros } from '../ops/creation.js';
import { cat, stack } from '../ops/joining.js';
import { linear } from '../ops/linear.js';
import { checkSizes } from '../options.js';
import type { Tensor } from '../tensor.js';
import { dropout } from './functional/dropout.js';
import { uniform_ } from './init.js';
import { emptyParameter } from './linear.js';
import { Module } from './module.js';
import { PackedSequence } from './packed.js';
import type { Parameter } from './parameter.js';

/** Options of recurrent networks. */
export interface RecurrentOptions {
  /** Layers on top of each other (1). */
  numLayers?: number;
  /** Whether there are biases (yes). */
  bias?: boolean;
  /** Input and output are [N, T, …] rather than [T, N, …] (no). */
  batchFirst?: boolean;
  /** Probability with which outputs of all layers but the last are dropped in training (0). */
  dropout?: number;
  /** Also go through the sequence backwards, and join both outputs (no). */
  bidirectional?: boolean;
  dtype?: FloatDType;
}

/** All that recurrent networks are made with. */
export interface RecurrentArguments extends RecurrentOptions {
  inputSize: number;
  hiddenSize: number;
}

/** What recurrent networks go through: a padded batch, or a packed one, which gives a packed one. */
export type Sequence = Tensor | PackedSequence;
export type SameKind<I> = I extends PackedSequence ? PackedSequence : Tensor;

/** The state of one layer and direction: the hidden state, and what a kind of network keeps beside it. */
export type State = readonly [hidden: Tensor, ...rest: Tensor[]];
/** What one direction of one layer gives. */
interface Pass {
  readonly output: Tensor;
  readonly state: State;
}

/** The weights as fields: `weightIhL0`, `weightHhL0`, `biasIhL0`, `biasHhL0`, with further layers `L1`, backwards `L0Reverse`. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- defined by the constructor
export interface Recurrent {
  [weight: `weight${'Ih' | 'Hh' | 'Hr'}L${string}`]: Parameter;
  [bias: `bias${'Ih' | 'Hh'}L${string}`]: Parameter;
}

/** What recurrent networks share: weights a layer and direction, and the way through the sequence. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- see the interface
export abstract class Recurrent extends Module {
  readonly numLayers: number;
  readonly batchFirst: boolean;
  readonly dropout: number;
  readonly bidirectional: boolean;
  /** By PyTorch's names: `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`, …, `…_reverse`. */
  readonly weights = new Map<string, Tensor>();

  readonly inputSize: number;
  readonly hiddenSize: number;

  constructor(
    gates: number,
    options: RecurrentArguments,
    /** Size of the hidden state after a projection, or 0 without one. */
    readonly projSize = 0,
  ) {
    super();
    const { inputSize, hiddenSize } = options;
    checkSizes(this.typeName, { inputSize, hiddenSize });
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    const { numLayers = 1, bias = true, batchFirst = false, bidirectional = false, dtype } = options;
    this.numLayers = numLayers;
    this.batchFirst = batchFirst;
    this.dropout = options.dropout ?? 0;
    this.bidirectional = bidirectional;
    if (!(this.dropout >= 0 && this.dropout <= 1)) {
      throw new RangeError(`${this.typeName}: dropout must be in [0, 1], got ${this.dropout}`);
    }
    if (projSize < 0 || projSize >= hiddenSize) {
      throw new RangeError(`${this.typeName}: projSize must be from 0 to below hiddenSize, got ${projSize}`);
    }
    const rows = gates * hiddenSize;
    for (const [layer, suffix] of this.passes()) {
      const columns = layer === 0 ? inputSize : this.stateSize * this.directions;
      this.weights.set(`weight_ih_${suffix}`, emptyParameter([rows, columns], dtype));
      this.weights.set(`weight_hh_${suffix}`, emptyParameter([rows, this.stateSize], dtype));
      if (bias) {
        this.weights.set(`bias_ih_${suffix}`, emptyParameter([rows], dtype));
        this.weights.set(`bias_hh_${suffix}`, emptyParameter([rows], dtype));
      }
      if (projSize > 0)
        this.weights.set(`weight_hr_${suffix}`, emptyParameter([projSize, hiddenSize], dtype));
    }
    // PyTorch's attributes in camelCase, `weightIhL0`; the state dict finds the weights in the map.
    for (const name of this.weights.keys()) {
      const field = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
      Object.defineProperty(this, field, {
        configurable: true,
        get(this: Recurrent) {
          return this.weights.get(name);
        },
        set(this: Recurrent, value: Tensor) {
          this.weights.set(name, value);
        },
      });
    }
    this.resetParameters();
  }

  /** One time step from what input and hidden state contribute to the gates. */
  protected abstract step(fromInput: Tensor, fromHidden: Tensor, state: State): State;

  /** Draws the parameters anew, uniform in ±1/√hiddenSize. */
  resetParameters(): void {
    const bound = this.hiddenSize > 0 ? 1 / Math.sqrt(this.hiddenSize) : 0;
    for (const parameter of this.weights.values()) uniform_(parameter, { a: -bound, b: bound });
  }

  override held(): Iterable<[string, unknown]> {
    return this.weights;
  }

  override replaceHeld(name: string, value: Tensor): void {
    if (this.weights.has(name)) this.weights.set(name, value);
  }

  get directions(): number {
    return this.bidirectional ? 2 : 1;
  }

  /** Size of the hidden state. */
  get stateSize(): number {
    return this.projSize > 0 ? this.projSize : this.hiddenSize;
  }

  private *passes(): Iterable<[layer: number, suffix: string]> {
    for (let layer = 0; layer < this.numLayers; layer++) {
      yield [layer, `l${layer}`];
      if (this.bidirectional) yield [layer, `l${layer}_reverse`];
    }
  }

  private weight(name: string): Tensor {
    const parameter = this.weights.get(name);
    if (!parameter) throw new Error(`${this.typeName}: lost its parameter ${name}`);
    return parameter;
  }

  /** Runs all layers; `initial` holds [numLayers · directions, N, size] for each part of the state. */
  protected run(input: Sequence, initial: readonly Tensor[]): { output: Sequence; state: Tensor[] } {
    return input instanceof PackedSequence ? this.runPacked(input, initial) : this.runPadded(input, initial);
  }

  private runPadded(input: Tensor, initial: readonly Tensor[]): { output: Tensor; state: Tensor[] } {
    const single = input.ndim === 2;
    const { shape } = input;
    if ((!single && shape.length !== 3) || shape[shape.length - 1] !== this.inputSize) {
      const sizes = this.batchFirst ? 'N, T' : 'T, N';
      throw new RangeError(
        `${String(this)}: expected an input of shape [${sizes}, ${this.inputSize}] or [T, ${this.inputSize}], ` +
          `got ${formatShape(shape)}`,
      );
    }
    const sequence = single ? input.unsqueeze(1) : this.batchFirst ? input.transpose(0, 1) : input;
    const parts = initial.map((part) => (single ? part.unsqueeze(1) : part));
    const { output: last, state: finals } = this.layers(sequence, parts, (...pass) => this.runPass(...pass));
    const state = finals.map((part) => (single ? part.squeeze(1) : part));
    const output = single ? last.squeeze(1) : this.batchFirst ? last.transpose(0, 1) : last;
    return { output, state };
  }

  /** Each layer's passes over what the layer before it gave; `parts` holds the first states of all. */
  private layers(
    input: Tensor,
    parts: readonly Tensor[],
    run: (sequence: Tensor, initial: State, suffix: string, backwards: boolean) => Pass,
  ): { output: Tensor; state: Tensor[] } {
    const finals: Tensor[][] = parts.map(() => []);
    let sequence = input;
    let pass = 0;
    for (let layer = 0; layer < this.numLayers; layer++) {
      if (layer > 0 && this.dropout > 0)
        sequence = dropout(sequence, this.dropout, { training: this.training });
      const outputs: Tensor[] = [];
      for (let direction = 0; direction < this.directions; direction++, pass++) {
        const [hidden, ...rest] = parts.map((part) => part.select(0, pass));
        const suffix = `l${layer}${direction === 1 ? '_reverse' : ''}`;
        const { output, state } = run(sequence, [hidden, ...rest], suffix, direction === 1);
        outputs.push(output);
        state.forEach((part, i) => finals[i].push(part));
      }
      sequence = outputs.length === 1 ? outputs[0] : cat(outputs, -1);
    }
    return { output: sequence, state: finals.map((part) => stack(part, 0)) };
  }

  private runPass(sequence: Tensor, initial: State, suffix: string, backwards: boolean): Pass {
    const hiddenWeight = this.weight(`weight_hh_${suffix}`);
    const hiddenBias = this.weights.get(`bias_hh_${suffix}`);
    const projection = this.projSize > 0 ? this.weight(`weight_hr_${suffix}`) : null;
    // The input's part of the gates is one product for all time steps.
    const inputBias = this.weights.get(`bias_ih_${suffix}`);
    const fromInput = linear(sequence, this.weight(`weight_ih_${suffix}`), inputBias).unbind(0);
    const steps = fromInput.length;
    const outputs = new Array<Tensor>(steps);
    let state = initial;
    for (let i = 0; i < steps; i++) {
      const t = backwards ? steps - 1 - i : i;
      state = this.step(fromInput[t], linear(state[0], hiddenWeight, hiddenBias), state);
      if (projection) state = [linear(state[0], projection), ...state.slice(1)];
      outputs[t] = state[0];
    }
    return { output: stack(outputs, 0), state };
  }

  /** At each step those sequences go on that have an element there. */
  private runPacked(
    input: PackedSequence,
    initial: readonly Tensor[],
  ): { output: PackedSequence; state: Tensor[] } {
    const { batchSizes, sortedIndices, unsortedIndices } = input;
    const width = input.data.shape.at(-1);
    if (input.data.ndim !== 2 || width !== this.inputSize) {
      throw new RangeError(
        `${String(this)}: expected packed data of shape [.., ${this.inputSize}], got ${formatShape(input.data.shape)}`,
      );
    }
    const parts = initial.map((part) => (sortedIndices === null ? part : part.indexSelect(1, sortedIndices)));
    const { output: data, state: finals } = this.layers(
      input.data,
      parts,
      (sequence, first, suffix, backwards) => this.packedPass(sequence, batchSizes, first, suffix, backwards),
    );
    const state = finals.map((part) =>
      unsortedIndices === null ? part : part.indexSelect(1, unsortedIndices),
    );
    return { output: new PackedSequence(data, batchSizes, sortedIndices, unsortedIndices), state };
  }

  private packedPass(
    data: Tensor,
    batchSizes: readonly number[],
    initial: State,
    suffix: string,
    backwards: boolean,
  ): Pass {
    const hiddenWeight = this.weight(`weight_hh_${suffix}`);
    const hiddenBias = this.weights.get(`bias_hh_${suffix}`);
    const projection = this.projSize > 0 ? this.weight(`weight_hr_${suffix}`) : null;
    const inputBias = this.weights.get(`bias_ih_${suffix}`);
    const fromInput = linear(data, this.weight(`weight_ih_${suffix}`), inputBias).split([...batchSizes], 0);
    const steps = fromInput.length;
    const outputs = new Array<Tensor>(steps);
    const rows = (state: State, from: number, count: number): State => {
      const [hidden, ...rest] = state.map((part) => part.narrow(0, from, count));
      return [hidden, ...rest];
    };
    const joined = (a: State, b: State): State => {
      const [hidden, ...rest] = a.map((part, i) => cat([part, b[i]], 0));
      return [hidden, ...rest];
    };
    let state = rows(initial, 0, batchSizes[backwards ? steps - 1 : 0]);
    /** Of sequences that have ended, the shortest first. */
    let ended: State | null = null;
    for (let i = 0; i < steps; i++) {
      const t = backwards ? steps - 1 - i : i;
      const present = state[0].shape[0];
      const size = batchSizes[t];
      if (size > present) state = joined(state, rows(initial, present, size - present));
      if (size < present) {
        const last = rows(state, size, present - size);
        ended = ended === null ? last : joined(last, ended);
        state = rows(state, 0, size);
      }
      state = this.step(fromInput[t], linear(state[0], hiddenWeight, hiddenBias), state);
      if (projection) state = [linear(state[0], projection), ...state.slice(1)];
      outputs[t] = state[0];
    }
    return { output: cat(outputs, 0), state: ended === null ? state : joined(state, ended) };
  }

  /** Zeros for a part of the state. */
  protected zeroState(sequence: Tensor | PackedSequence, size: number): Tensor {
    const packed = sequence instanceof PackedSequence;
    const { dtype, ndim, shape } = packed ? sequence.data : sequence;
    const batch = packed ? [sequence.batchSizes[0]] : ndim === 2 ? [] : [shape[this.batchFirst ? 0 : 1]];
    return zeros([this.numLayers * this.directions, ...batch, size], {
      dtype: isFloat(dtype) ? dtype : 'float32',
    });
  }

  override extraRepr(): string {
    const { inputSize, hiddenSize, numLayers, batchFirst, dropout: p, bidirectional, projSize } = this;
    const more = [
      projSize > 0 && `projSize=${projSize}`,
      numLayers > 1 && `numLayers=${numLayers}`,
      !this.weights.has('bias_ih_l0') && 'bias=false',
      batchFirst && 'batchFirst=true',
      p > 0 && `dropout=${p}`,
      bidirectional && 'bidirectional=true',
    ].filter((text) => text !== false);
    return [inputSize, hiddenSize, ...more].join(', ');
  }
}
