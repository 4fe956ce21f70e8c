/** Recurrent cells: one time step as a module. */

import { isFloat } from '../dtype.js';
import { formatShape } from '../layout.js';
import { zeros } from '../ops/creation.js';
import { linear } from '../ops/linear.js';
import type { Tensor } from '../tensor.js';
import { gruStep, lstmStep, rnnStep } from './functional/cells.js';
import { checkSizes } from '../options.js';
import { uniform_ } from './init.js';
import { emptyParameter, type LayerOptions } from './linear.js';
import { type Arguments, byName } from '../arguments.js';
import { Module } from './module.js';
import type { Parameter } from './parameter.js';

/** All that cells are made with. */
export interface CellArguments extends LayerOptions {
  inputSize: number;
  hiddenSize: number;
}

/** All that {@link RNNCell} is made with. */
export interface RNNCellArguments extends CellArguments {
  nonlinearity?: 'tanh' | 'relu';
}

const CELL_ORDER = ['inputSize', 'hiddenSize', 'bias'] as const;
const RNN_CELL_ORDER = ['inputSize', 'hiddenSize', 'bias', 'nonlinearity'] as const;
type ForCell = Arguments<CellArguments, typeof CELL_ORDER>;
type ForRNNCell = Arguments<RNNCellArguments, typeof RNN_CELL_ORDER>;

/** What cells share: weights of `gates` blocks of hiddenSize rows for the input and for the hidden state. */
abstract class RecurrentCell extends Module {
  weightIh: Parameter;
  weightHh: Parameter;
  biasIh: Parameter | null;
  biasHh: Parameter | null;

  readonly inputSize: number;
  readonly hiddenSize: number;

  constructor(gates: number, options: CellArguments) {
    super();
    const { inputSize, hiddenSize, bias = true, dtype } = options;
    checkSizes(this.typeName, { inputSize, hiddenSize });
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    const rows = gates * hiddenSize;
    this.weightIh = emptyParameter([rows, inputSize], dtype);
    this.weightHh = emptyParameter([rows, hiddenSize], dtype);
    this.biasIh = bias ? emptyParameter([rows], dtype) : null;
    this.biasHh = bias ? emptyParameter([rows], dtype) : null;
    this.resetParameters();
  }

  /** Draws the parameters anew, uniform in ±1/√hiddenSize. */
  resetParameters(): void {
    const bound = this.hiddenSize > 0 ? 1 / Math.sqrt(this.hiddenSize) : 0;
    for (const parameter of this.parameters(false)) uniform_(parameter, { a: -bound, b: bound });
  }

  protected fromInput(input: Tensor): Tensor {
    const { shape } = input;
    if ((shape.length !== 1 && shape.length !== 2) || shape[shape.length - 1] !== this.inputSize) {
      throw new RangeError(
        `${String(this)}: expected an input of shape [N, ${this.inputSize}] or [${this.inputSize}], got ${formatShape(shape)}`,
      );
    }
    return linear(input, this.weightIh, this.biasIh);
  }

  protected fromHidden(hidden: Tensor): Tensor {
    return linear(hidden, this.weightHh, this.biasHh);
  }

  protected zeroState(input: Tensor): Tensor {
    const dtype = isFloat(input.dtype) ? input.dtype : 'float32';
    return zeros([...input.shape.slice(0, -1), this.hiddenSize], { dtype });
  }

  override extraRepr(): string {
    return `${this.inputSize}, ${this.hiddenSize}, bias=${this.biasIh !== null}`;
  }
}

/** h' = tanh(W x + b + U h + c), or relu: input [N, inputSize], hidden [N, hiddenSize] (zeros if left out). */
export class RNNCell extends RecurrentCell {
  readonly nonlinearity: 'tanh' | 'relu';

  constructor(
    inputSize: number,
    hiddenSize: number,
    options?: LayerOptions & { nonlinearity?: 'tanh' | 'relu' },
  );
  constructor(...args: ForRNNCell);
  constructor(...args: ForRNNCell) {
    const options = byName<RNNCellArguments>('RNNCell', args, RNN_CELL_ORDER, 2);
    super(1, options);
    this.nonlinearity = options.nonlinearity ?? 'tanh';
  }

  forward(input: Tensor, hidden: Tensor = this.zeroState(input)): Tensor {
    return rnnStep(this.fromInput(input), this.fromHidden(hidden), this.nonlinearity);
  }
}

/** Long short-term memory (Hochreiter and Schmidhuber, 1997): input [N, inputSize], state [h, c] of [N, hiddenSize] each. */
export class LSTMCell extends RecurrentCell {
  constructor(inputSize: number, hiddenSize: number, options?: LayerOptions);
  constructor(...args: ForCell);
  constructor(...args: ForCell) {
    super(4, byName<CellArguments>('LSTMCell', args, CELL_ORDER, 2));
  }

  forward(input: Tensor, state?: readonly [hidden: Tensor, cell: Tensor]): [hidden: Tensor, cell: Tensor] {
    const [hidden, cell] = state ?? [this.zeroState(input), this.zeroState(input)];
    return lstmStep(this.fromInput(input), this.fromHidden(hidden), cell);
  }
}

/** Gated recurrent unit (Cho et al., 2014): input [N, inputSize], hidden [N, hiddenSize] (zeros if left out). */
export class GRUCell extends RecurrentCell {
  constructor(inputSize: number, hiddenSize: number, options?: LayerOptions);
  constructor(...args: ForCell);
  constructor(...args: ForCell) {
    super(3, byName<CellArguments>('GRUCell', args, CELL_ORDER, 2));
  }

  forward(input: Tensor, hidden: Tensor = this.zeroState(input)): Tensor {
    return gruStep(this.fromInput(input), this.fromHidden(hidden), hidden);
  }
}
