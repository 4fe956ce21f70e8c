/** Rows of a float32 table by int64 numbers as one node, whose kernels read the numbers themselves. */
import { levels } from '../../autograd/levels/wrapped.js';
import { gradMode } from '../../autograd/mode.js';
import { kernels } from '../../kernels/index.js';
import type { TableGeometry } from '../../kernels/layers.js';
import { apply, type Primitive } from '../../ops/primitive.js';
import { contiguousData } from '../../ops/raw.js';
import { allocateShape, type Tensor } from '../../tensor.js';

interface TableAttributes {
  readonly g: TableGeometry;
  readonly shape: readonly number[];
  /** Whether the padding row is taken as zeros: so does the derivative of the derivative. */
  readonly masked: boolean;
}

const takeRows: Primitive<TableAttributes> = {
  name: 'embedding',
  reads: [[1], []],
  forward: ([weight, numbers], { g, shape, masked }) => {
    const table = contiguousData(weight, 'embedding');
    const out = allocateShape(shape, 'float32', 'embedding');
    kernels.tableRows(masked ? g : { ...g, padding: -1 }, numbers.ptr, table.ptr, out.ptr);
    return out;
  },
  vjp: (grad, context) => [apply(addRows, [grad, context.input(1)], context.attributes), null],
};

const addRows: Primitive<TableAttributes> = {
  name: 'embeddingBackward',
  reads: [[1], []],
  forward: ([grad, numbers], { g }) => {
    const values = contiguousData(grad, 'embedding');
    const out = allocateShape([g.rows, g.columns], 'float32', 'embedding');
    kernels.tableRowsGrad(g, numbers.ptr, values.ptr, out.ptr);
    return out;
  },
  vjp: (grad, context) => [
    apply(takeRows, [grad, context.input(1)], { ...context.attributes, masked: true }),
    null,
  ],
};

/** Rows of `weight` [V, D] for the numbers in `input`: [..., D]; null where the kernels do not do it. */
export function tableRows(name: string, input: Tensor, weight: Tensor, padding: number): Tensor | null {
  const { watch } = gradMode;
  if (levels.top !== null || (watch !== null && !watch.passive)) return null;
  if (input.dtype !== 'int64' || !input.layout.contiguous || weight.dtype !== 'float32') return null;
  const [rows, columns] = weight.shape;
  const g = { name, count: input.numel(), rows, columns, padding };
  if (g.count === 0 || columns === 0) return null;
  return apply(takeRows, [weight, input], { g, shape: [...input.shape, columns], masked: false });
}
