/** Recurrent networks over sequences. */

import { type Arguments, byName } from '../arguments.js';
import type { Tensor } from '../tensor.js';
import { gruStep, lstmStep, rnnStep } from './functional/cells.js';
import type { PackedSequence } from './packed.js';
import {
  Recurrent,
  type RecurrentArguments,
  type RecurrentOptions,
  type SameKind,
  type Sequence,
  type State,
} from './recurrence.js';

/** All that {@link RNN} is made with. */
export interface RNNArguments extends RecurrentArguments {
  nonlinearity?: 'tanh' | 'relu';
}

/** All that {@link LSTM} is made with. */
export interface LSTMArguments extends RecurrentArguments {
  projSize?: number;
}

const GRU_ORDER = [
  'inputSize',
  'hiddenSize',
  'numLayers',
  'bias',
  'batchFirst',
  'dropout',
  'bidirectional',
] as const;
const LSTM_ORDER = [...GRU_ORDER, 'projSize'] as const;
const RNN_ORDER = [
  'inputSize',
  'hiddenSize',
  'numLayers',
  'nonlinearity',
  'bias',
  'batchFirst',
  'dropout',
  'bidirectional',
] as const;
type ForGRU = Arguments<RecurrentArguments, typeof GRU_ORDER>;
type ForLSTM = Arguments<LSTMArguments, typeof LSTM_ORDER>;
type ForRNN = Arguments<RNNArguments, typeof RNN_ORDER>;

/** `layer(x)`: packed sequences give packed ones. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- see the class
export interface RNN {
  // eslint-disable-next-line @typescript-eslint/prefer-function-type -- merged into the class
  <I extends Sequence>(input: I, hidden?: Tensor | null): [output: SameKind<I>, hidden: Tensor];
}

/**
 * Elman's network: hₜ = tanh(W xₜ + b + U hₜ₋₁ + c), or relu. Input [T, N, inputSize] and first state
 * [numLayers · directions, N, hiddenSize] (zeros if left out) give [output [T, N, directions · hiddenSize], last state].
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- the call signature of modules
export class RNN extends Recurrent {
  readonly nonlinearity: 'tanh' | 'relu';

  constructor(
    inputSize: number,
    hiddenSize: number,
    options?: RecurrentOptions & { nonlinearity?: 'tanh' | 'relu' },
  );
  constructor(...args: ForRNN);
  constructor(...args: ForRNN) {
    const options = byName<RNNArguments>('RNN', args, RNN_ORDER, 2);
    super(1, options);
    this.nonlinearity = options.nonlinearity ?? 'tanh';
  }

  protected step(fromInput: Tensor, fromHidden: Tensor): State {
    return [rnnStep(fromInput, fromHidden, this.nonlinearity)];
  }

  forward(input: PackedSequence, hidden?: Tensor | null): [output: PackedSequence, hidden: Tensor];
  forward(input: Tensor, hidden?: Tensor | null): [output: Tensor, hidden: Tensor];
  forward(input: Sequence, hidden?: Tensor | null): [output: Sequence, hidden: Tensor] {
    const initial = [hidden ?? this.zeroState(input, this.hiddenSize)];
    const { output, state } = this.run(input, initial);
    return [output, state[0]];
  }
}

/** `layer(x)`: packed sequences give packed ones. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- see the class
export interface GRU {
  // eslint-disable-next-line @typescript-eslint/prefer-function-type -- merged into the class
  <I extends Sequence>(input: I, hidden?: Tensor | null): [output: SameKind<I>, hidden: Tensor];
}

/** Gated recurrent units (Cho et al., 2014) over a sequence; shapes as {@link RNN}. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- the call signature of modules
export class GRU extends Recurrent {
  constructor(inputSize: number, hiddenSize: number, options?: RecurrentOptions);
  constructor(...args: ForGRU);
  constructor(...args: ForGRU) {
    super(3, byName<RecurrentArguments>('GRU', args, GRU_ORDER, 2));
  }

  protected step(fromInput: Tensor, fromHidden: Tensor, [hidden]: State): State {
    return [gruStep(fromInput, fromHidden, hidden)];
  }

  forward(input: PackedSequence, hidden?: Tensor | null): [output: PackedSequence, hidden: Tensor];
  forward(input: Tensor, hidden?: Tensor | null): [output: Tensor, hidden: Tensor];
  forward(input: Sequence, hidden?: Tensor | null): [output: Sequence, hidden: Tensor] {
    const initial = [hidden ?? this.zeroState(input, this.hiddenSize)];
    const { output, state } = this.run(input, initial);
    return [output, state[0]];
  }
}

/** `layer(x)`: packed sequences give packed ones. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- see the class
export interface LSTM {
  // eslint-disable-next-line @typescript-eslint/prefer-function-type -- merged into the class
  <I extends Sequence>(
    input: I,
    state?: readonly [hidden: Tensor, cell: Tensor] | null,
  ): [output: SameKind<I>, state: [hidden: Tensor, cell: Tensor]];
}

/**
 * Long short-term memory (Hochreiter and Schmidhuber, 1997) over a sequence; shapes as {@link RNN}, the state being
 * [h, c]. With `projSize` the hidden state is projected to that size.
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- the call signature of modules
export class LSTM extends Recurrent {
  constructor(inputSize: number, hiddenSize: number, options?: RecurrentOptions & { projSize?: number });
  constructor(...args: ForLSTM);
  constructor(...args: ForLSTM) {
    const options = byName<LSTMArguments>('LSTM', args, LSTM_ORDER, 2);
    super(4, options, options.projSize);
  }

  protected step(fromInput: Tensor, fromHidden: Tensor, [, cell]: State): State {
    return lstmStep(fromInput, fromHidden, cell);
  }

  forward(
    input: PackedSequence,
    state?: readonly [hidden: Tensor, cell: Tensor] | null,
  ): [output: PackedSequence, state: [hidden: Tensor, cell: Tensor]];
  forward(
    input: Tensor,
    state?: readonly [hidden: Tensor, cell: Tensor] | null,
  ): [output: Tensor, state: [hidden: Tensor, cell: Tensor]];
  forward(
    input: Sequence,
    state?: readonly [hidden: Tensor, cell: Tensor] | null,
  ): [output: Sequence, state: [hidden: Tensor, cell: Tensor]] {
    const initial = state ?? [this.zeroState(input, this.stateSize), this.zeroState(input, this.hiddenSize)];
    const { output, state: last } = this.run(input, initial);
    return [output, [last[0], last[1]]];
  }
}
