/** Ops that choose between elements by a condition. */
import { tracedStep } from '../autograd/levels/tracing.js';
import { levels } from '../autograd/levels/wrapped.js';
import { gradMode } from '../autograd/mode.js';
import { type DType, elementOf, storable } from '../dtype.js';
import { kernels } from '../kernels/index.js';
import { broadcastShapes, Layout, sameShape, type Shape } from '../layout.js';
import { allocate, type Tensor } from '../tensor.js';
import { promoted } from './binary.js';
import { cast } from './cast.js';
import { flatStep, isTensor, numberAt, type Operand, operand, tensorOperand } from './operand.js';
import { aligned, apply, type Primitive } from './primitive.js';
import { filled } from './raw.js';
import { functionOp, type FunctionOp, type InPlaceOp, inPlaceOp } from './record.js';
import { expandTo } from './shape.js';
import { sumTo } from './sum.js';
import { notATensor } from './record.js';

interface WhereAttributes {
  /** Numbers in place of tensor operands. */
  readonly a: number | null;
  readonly b: number | null;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly shapes: readonly Shape[];
}

/** The elements themselves, unrecorded; `x` and `y` are of `dtype`. */
function choose(condition: Tensor, x: Operand, y: Operand, dtype: DType, shape: Shape): Tensor {
  const layout = sameShape(condition.layout.shape, shape)
    ? condition.layout.compact()
    : Layout.contiguous(shape);
  const out = allocate(layout, dtype, 'where');
  const { size } = layout;
  const xStep = flatStep(x, size);
  const yStep = flatStep(y, size);
  if (size === 0) return out;
  if (xStep !== null && yStep !== null && condition.layout.contiguous && condition.layout.size === size) {
    const element = elementOf(dtype);
    const a = typeof x === 'number' ? numberAt(x, element, 0) : x.ptr;
    const b = typeof y === 'number' ? numberAt(y, element, 1) : y.ptr;
    kernels.whereFlat(element, size, condition.ptr, a, b, out.ptr, xStep, yStep);
  } else {
    kernels.where(
      elementOf(dtype),
      shape,
      tensorOperand(condition, shape),
      operand(x, dtype, shape, 0),
      operand(y, dtype, shape, 1),
      out.ptr,
    );
  }
  return out;
}

function shapeWith(shape: Shape, x: Operand): Shape {
  return typeof x === 'number' ? shape : broadcastShapes('where', shape, x.layout.shape);
}

const wherePrimitive: Primitive<WhereAttributes> = {
  name: 'where',
  reads: [[], [0], [0]],
  // The condition, then those operands that are tensors.
  forward: (inputs, { a, b, dtype, shape }) =>
    choose(inputs[0], a ?? inputs[1], b ?? inputs[a === null ? 2 : 1], dtype, shape),
  vjp: (grad, context) => {
    const { a, b, shapes } = context.attributes;
    const condition = context.input(0);
    if (a === null && b === null && !gradMode.enabled && levels.top === null) {
      const { dtype } = grad;
      const { shape } = grad.layout;
      return [
        null,
        context.needs(1) ? sumTo(choose(condition, grad, 0, dtype, shape), shapes[0]) : null,
        context.needs(2) ? sumTo(choose(condition, 0, grad, dtype, shape), shapes[1]) : null,
      ];
    }
    const gradients: (Tensor | null)[] = [null];
    if (a === null) gradients.push(context.needs(1) ? sumTo(where(condition, grad, 0), shapes[0]) : null);
    if (b === null) {
      const i = gradients.length;
      gradients.push(context.needs(i) ? sumTo(where(condition, 0, grad), shapes[i - 1]) : null);
    }
    return gradients;
  },
  jvp: (tangents, context) => {
    const { a, b, shape } = context.attributes;
    const byA = a === null ? tangents[1] : null;
    const byB = b === null ? tangents[a === null ? 2 : 1] : null;
    return expandTo(where(context.input(0), byA ?? 0, byB ?? 0), shape);
  },
  batch: (inputs, { a, b }, batch) => {
    const [condition, ...others] = aligned(inputs, batch);
    const x = a ?? others[0];
    const y = b ?? others[a === null ? 1 : 0];
    return where(condition, x, y);
  },
};

interface Where {
  /** The places where the condition is not 0: an index tensor for each dimension. */
  (condition: Tensor): Tensor[];
  (condition: Tensor, input: Operand, other: Operand): Tensor;
}

/**
 * `input` where the condition holds, else `other`; all three broadcast. Of a condition alone, where it is not 0, as a
 * tensor of int64 for each dimension: `x.at(...where(x.gt(0)))`.
 */
export const where: FunctionOp<Where> = functionOp<Where>(
  {
    name: 'where',
    params: ['condition', 'input', 'other'],
    samples: (make) => [
      [make([2, 3], { dtype: 'bool', low: 0, high: 2 }), make([2, 3]), make([3])],
      [make([3, 1], { dtype: 'bool', low: 0, high: 2 }), make([1, 4]), 0],
      [make([2, 3], { dtype: 'bool', low: 0, high: 2 })],
    ],
    errors: (make) => [
      { args: [make([2], { dtype: 'bool' }), make([3]), 0], message: /do not broadcast/ },
      { args: [make([2]), make([2]), 0], message: /condition is a bool tensor, got float/ },
    ],
  },
  choosing,
);

function choosing(condition: Tensor): Tensor[];
function choosing(condition: Tensor, input: Operand, other: Operand): Tensor;
function choosing(condition: Tensor, input?: Operand, other?: Operand): Tensor | Tensor[] {
  if (!isTensor(condition)) throw notATensor('where', condition);
  if (input === undefined && other === undefined) return condition.nonzero().unbind(1);
  if (input === undefined || other === undefined) {
    throw new TypeError(
      'where: takes what to give where the condition holds and where not, or the condition alone for the places where it does',
    );
  }
  if (condition.dtype !== 'bool' && condition.dtype !== 'uint8') {
    throw new TypeError(
      `where: the condition is a bool tensor, got ${condition.dtype}; compare with x.ne(0)`,
    );
  }
  const dtype = promoted(input, other);
  const x = isTensor(input) ? cast(input, dtype) : input;
  const y = isTensor(other) ? cast(other, dtype) : other;
  if (levels.top?.traces) return levels.top.run(tracedStep('where', { kind: 'select' }, [condition, x, y]));
  const shape = shapeWith(shapeWith(condition.layout.shape, x), y);
  const recorded =
    gradMode.enabled &&
    ((typeof x !== 'number' && x.requiresGrad) || (typeof y !== 'number' && y.requiresGrad));
  if (levels.top === null && !recorded) return choose(condition, x, y, dtype, shape);
  const inputs = [condition];
  const shapes: Shape[] = [];
  for (const each of [x, y]) {
    if (typeof each === 'number') continue;
    inputs.push(each);
    shapes.push(each.layout.shape);
  }
  return apply(wherePrimitive, inputs, {
    a: typeof x === 'number' ? x : null,
    b: typeof y === 'number' ? y : null,
    dtype,
    shape,
    shapes,
  });
}

type MaskedFill = (input: Tensor, mask: Tensor, value: Operand) => Tensor;

/** `value` (a number or a 0-d tensor) where the mask holds, else the input. */
export const maskedFill: InPlaceOp<MaskedFill> = inPlaceOp<MaskedFill>(
  {
    name: 'maskedFill',
    params: ['input', 'mask', 'value'],
    samples: (make) => [
      [make([2, 3]), make([3], { dtype: 'bool', low: 0, high: 2 }), 1.5],
      [make([2, 3]), make([2, 1], { dtype: 'bool', low: 0, high: 2 }), make([])],
    ],
    errors: (make) => [{ args: [make([2]), make([2]), 0], message: /mask is a bool tensor/ }],
  },
  (input, mask, value) => {
    if (mask.dtype !== 'bool')
      throw new TypeError(`maskedFill: the mask is a bool tensor, got ${mask.dtype}`);
    if (isTensor(value)) {
      if (value.ndim > 0) throw new RangeError('maskedFill: the value is a number or a 0-d tensor');
      return where(mask, cast(value, input.dtype), input);
    }
    const stored = storable(input.dtype, value, 'maskedFill');
    return where(mask, input.dtype === 'bool' ? filled([], stored, 'bool', 'maskedFill') : stored, input);
  },
);
