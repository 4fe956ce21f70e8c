/**
 * Rows of class scores and the class of each: what it costs that a row's score (or, of cross entropy, its softmax) is
 * not all on its class, as one node.
 */
import { computesInJavaScript } from '../kernels/recording.js';
import { levels } from '../autograd/levels/wrapped.js';
import { gradMode } from '../autograd/mode.js';
import { elementOfFloat, elementOf, isIntegral, isWideFloat } from '../dtype.js';
import { kernels } from '../kernels/index.js';
import type { ClassGeometry } from '../kernels/layers.js';
import { formatShape, Layout, sameShape, type Shape, sizeOf } from '../layout.js';
import { f32, f64 } from '../memory.js';
import { allocate, type Tensor } from '../tensor.js';
import { add, div, mul, neg } from './arithmetic.js';
import { where } from './choice.js';
import { isPlain } from './formulas.js';
import { reduceLoss, type Reduction } from './losses.js';
import { allocateLike, numberAt } from './operand.js';
import { apply, type Primitive } from './primitive.js';
import { contiguousData, elements, filled } from './raw.js';
import { sum } from './reduction.js';
import { type Rows, spreadRows, takeRows } from './rows.js';
import { permuteDims, reshapeTo } from './shape.js';
import { softmax } from './softmax.js';

/** Class scores as [N, C] rows (from [C], [N, C] or [N, C, d1, …]). */
export function classRows(x: Tensor): Tensor {
  if (x.ndim === 1) return reshapeTo(x, [1, x.shape[0]]);
  if (x.ndim === 2) return x;
  const order = [0, ...Array.from({ length: x.ndim - 2 }, (_, i) => i + 2), 1];
  return reshapeTo(permuteDims(x, order), [x.layout.size / x.shape[1], x.shape[1]]);
}

export function checkClasses(op: string, input: Tensor, target: Tensor): void {
  const expected = input.ndim === 1 ? [] : [input.shape[0], ...input.shape.slice(2)];
  if (input.ndim === 0)
    throw new RangeError(`${op}: the input has a dimension for classes, got a 0-d tensor`);
  if (!sameShape(target.shape, expected)) {
    throw new RangeError(
      `${op}: for an input of shape ${formatShape(input.shape)} the target holds a class for each row, of shape ` +
        `${formatShape(expected)}; got ${formatShape(target.shape)}`,
    );
  }
}

export interface Classes {
  /** Position of each row's target in the flattened [N, C] input; row 0 stands in where ignored. */
  readonly positions: Rows;
  /** The weight of each row, 0 where ignored; null where all are 1. */
  readonly weights: Float64Array | null;
  readonly total: number;
}

export function readClasses(
  op: string,
  rows: Tensor,
  target: Tensor,
  weight: Tensor | undefined,
  ignoreIndex: number,
): Classes {
  computesInJavaScript();
  if (!isIntegral(target.dtype) || target.dtype === 'bool') {
    throw new TypeError(
      `${op}: class targets are integers, got ${target.dtype}; convert them with target.long()`,
    );
  }
  const [count, classes] = rows.shape as [number, number];
  const given = contiguousData(target, op);
  const isWide = given.dtype === 'int64';
  const labels = isWide ? f64 : elements(given);
  const first = isWide ? given.ptr >>> 3 : 0;
  const factors = weight === undefined ? null : elements(contiguousData(weight, op));
  if (factors !== null && factors.length !== classes) {
    throw new RangeError(
      `${op}: the weight holds one number for each of ${classes} classes, got ${factors.length}`,
    );
  }
  const positions = new Int32Array(count);
  let weights = factors === null ? null : new Float64Array(count);
  let total = 0;
  for (let i = 0; i < count; i++) {
    const label = labels[first + i];
    if (label === ignoreIndex) {
      weights ??= new Float64Array(count).fill(1, 0, i);
      positions[i] = i * classes;
      continue;
    }
    if (!(label >= 0 && label < classes)) {
      throw new RangeError(
        `${op}: target ${label} is out of range; with ${classes} classes it is 0 to ${classes - 1}`,
      );
    }
    positions[i] = i * classes + label;
    const factor = factors === null ? 1 : factors[label];
    if (weights !== null) weights[i] = factor;
    total += factor;
  }
  return { positions, weights, total };
}

/** Numbers as a tensor. */
function tensorOf(numbers: Float64Array, shape: Shape, like: Tensor, op: string): Tensor {
  const out = filled(shape, 0, like.dtype, op);
  elements(out).set(numbers);
  return out;
}

/** −input[i][target[i]] for rows [N, C] of log-probabilities. */
export function nllRows(
  op: string,
  rows: Tensor,
  { positions, weights, total }: Classes,
  shape: Shape,
  reduction: Reduction,
): Tensor {
  const count = positions.length;
  const picked = neg(reshapeTo(takeRows(reshapeTo(rows, [1, rows.layout.size, 1]), positions), [count]));
  const factors = weights === null ? null : tensorOf(weights, [count], rows, op);
  // Where ignored, whatever the row holds counts nothing: not even infinity.
  const losses = factors === null ? picked : where(factors.ne(0), mul(picked, factors), 0);
  if (reduction === 'mean') return div(sum(losses), total);
  return reduceLoss(op, reduction === 'none' ? reshapeTo(losses, shape) : losses, reduction);
}

interface ClassAttributes {
  readonly classes: Classes;
  /** What the sum is divided by. */
  readonly divisor: number;
  /** Whether the result is the sum, rather than all losses. */
  readonly reduced: boolean;
  /** Of the losses of rows that are kept. */
  readonly shape: Shape;
}

function startOf(x: Tensor): number {
  return x.dtype === 'float32' ? x.ptr >>> 2 : x.ptr >>> 3;
}

/** The loss of rows of scores (cross entropy) or of log-probabilities. */
function classPrimitive(ofScores: boolean): Primitive<ClassAttributes> {
  const name = ofScores ? 'crossEntropy' : 'nllLoss';

  const forward = (given: Tensor, { classes, divisor, reduced, shape }: ClassAttributes): Tensor => {
    const { positions, weights } = classes;
    const rows = contiguousData(given, name);
    const [count, columns] = rows.layout.shape;
    const out = allocate(reduced ? Layout.scalar : Layout.contiguous(shape), rows.dtype, name);
    const logarithms = ofScores ? allocateLike(rows, rows.dtype, name) : rows;
    if (ofScores && rows.layout.size > 0)
      kernels.softmax(true, elementOfFloat(rows), count, columns, rows.ptr, logarithms.ptr);
    const array = rows.dtype === 'float32' ? f32 : f64;
    const from = startOf(logarithms);
    const to = startOf(out);
    let total = 0;
    for (let i = 0; i < count; i++) {
      const weight = weights === null ? 1 : weights[i];
      // Where ignored, whatever the row holds counts nothing: not even infinity.
      const loss = weight === 0 ? 0 : -array[from + positions[i]] * weight;
      if (reduced) total += loss;
      else array[to + i] = loss;
    }
    if (reduced) array[to] = total / divisor;
    if (ofScores) logarithms.storage.release();
    return out;
  };

  const backward = (given: Tensor, input: Tensor, attributes: ClassAttributes): Tensor => {
    const { classes, divisor, reduced } = attributes;
    const { positions, weights } = classes;
    const rows = contiguousData(input, name);
    const grad = contiguousData(given, name);
    const out = allocateLike(rows, rows.dtype, name);
    const { size } = rows.layout;
    if (size === 0) return out;
    const [count, columns] = rows.layout.shape;
    const element = elementOf(rows.dtype);
    const array = rows.dtype === 'float32' ? f32 : f64;
    const from = startOf(grad);
    const to = startOf(out);
    if (ofScores) kernels.softmax(false, elementOfFloat(rows), count, columns, rows.ptr, out.ptr);
    else kernels.fill(element, out.ptr, size, 0);
    const common = reduced ? array[from] / divisor : 0;
    const alike = reduced && weights === null;
    if (alike && ofScores)
      kernels.binaryFlat('mul', element, size, out.ptr, numberAt(common, element, 0), out.ptr, 1, 0);
    for (let i = 0; i < count; i++) {
      const weight = weights === null ? 1 : weights[i];
      const factor = weight === 0 ? 0 : weight * (reduced ? common : array[from + i]);
      if (!alike && ofScores) {
        const row = to + i * columns;
        if (weight === 0) array.fill(0, row, row + columns);
        else for (let k = row; k < row + columns; k++) array[k] *= factor;
      }
      array[to + positions[i]] -= factor;
    }
    return out;
  };

  return {
    name,
    reads: [[0]],
    forward: ([rows], attributes) => forward(rows, attributes),
    vjp: (grad, context) => {
      const rows = context.input(0);
      const { attributes } = context;
      if (isPlain() && grad.dtype === rows.dtype) return [backward(grad, rows, attributes)];
      return [composedGrad(name, ofScores, grad, rows, attributes)];
    },
  };
}

/** The gradient in ops, so that it can be differentiated. */
function composedGrad(
  name: string,
  ofScores: boolean,
  grad: Tensor,
  rows: Tensor,
  { classes, divisor, reduced }: ClassAttributes,
): Tensor {
  const { positions, weights } = classes;
  const count = positions.length;
  const factors = tensorOf(weights ?? new Float64Array(count).fill(1), [count, 1], rows, name);
  const given = reduced ? div(grad, divisor) : reshapeTo(grad, [count, 1]);
  const scaled = mul(given, factors);
  const onClass = spreadRows(reshapeTo(neg(scaled), [1, count, 1]), positions, rows.layout.size);
  const taken = reshapeTo(onClass, rows.shape);
  if (!ofScores) return taken;
  const result = add(mul(softmax(rows, 1), scaled), taken);
  return weights === null ? result : where(factors.ne(0), result, 0);
}

interface KernelAttributes {
  readonly g: ClassGeometry;
  readonly ofScores: boolean;
  /** What the sum was divided by, as one float64. */
  readonly divisor: Tensor;
}

/** The same by kernels that read the labels themselves, for float32, int64 and one number as the result. */
function kernelPrimitive(name: string): Primitive<KernelAttributes> {
  return {
    name,
    reads: [[0, 1]],
    forward: ([given, labels], { g, ofScores: scores, divisor }) => {
      const rows = contiguousData(given, name);
      const out = allocate(Layout.scalar, 'float32', name);
      const logarithms = scores ? allocateLike(rows, 'float32', name) : rows;
      if (scores && rows.layout.size > 0)
        kernels.softmax(true, 'float32', g.rows, g.columns, rows.ptr, logarithms.ptr);
      kernels.classLoss(g, logarithms.ptr, labels.ptr, out.ptr, divisor.ptr);
      if (scores) logarithms.storage.release();
      return out;
    },
    vjp: (grad, context) => {
      const rows = contiguousData(context.input(0), name);
      const labels = context.input(1);
      const { g, ofScores: scores, divisor } = context.attributes;
      if (!isPlain() || grad.dtype !== 'float32') {
        const classes = readClasses(name, rows, labels, undefined, g.ignore);
        const attributes = { classes, divisor: g.mean ? classes.total : 1, reduced: true, shape: [] };
        return [composedGrad(name, scores, grad, context.input(0), attributes), null];
      }
      const out = allocateLike(rows, 'float32', name);
      if (rows.layout.size === 0) return [out, null];
      if (scores) kernels.softmax(false, 'float32', g.rows, g.columns, rows.ptr, out.ptr);
      else kernels.fill('float32', out.ptr, rows.layout.size, 0);
      kernels.classLossGrad(g, grad.ptr, labels.ptr, divisor.ptr, out.ptr);
      return [out, null];
    },
  };
}

const kernelPrimitives = {
  crossEntropy: kernelPrimitive('crossEntropy'),
  nllLoss: kernelPrimitive('nllLoss'),
};

/** The loss by kernels, where they can: the most frequent case, and the one that compiled steps need. Else null. */
export function classLossByKernels(
  name: 'crossEntropy' | 'nllLoss',
  rows: Tensor,
  target: Tensor,
  weight: Tensor | undefined,
  ignore: number,
  reduction: Reduction,
): Tensor | null {
  if (
    levels.top !== null ||
    (gradMode.watch !== null && !gradMode.watch.passive) ||
    weight !== undefined ||
    rows.dtype !== 'float32' ||
    target.dtype !== 'int64' ||
    !target.layout.contiguous ||
    (reduction !== 'mean' && reduction !== 'sum')
  )
    return null;
  const [count, columns] = rows.layout.shape;
  const g = { name, rows: count, columns, ignore, mean: reduction === 'mean' };
  const divisor = allocate(Layout.scalar, 'float64', name);
  return apply(kernelPrimitives[name], [rows, target], { g, ofScores: name === 'crossEntropy', divisor });
}

const ofScores = classPrimitive(true);
const ofLogarithms = classPrimitive(false);

/**
 * Cross entropy of rows of scores, or the negative log-likelihood of rows of log-probabilities; null where the composed
 * ops are to be used: inside of function transforms, and for reductions that do not exist.
 */
export function classLoss(
  isOfScores: boolean,
  rows: Tensor,
  classes: Classes,
  shape: Shape,
  reduction: Reduction,
): Tensor | null {
  if (levels.top !== null || gradMode.watch !== null || !isWideFloat(rows.dtype)) return null;
  const attributes = attributesOf(classes, shape, reduction);
  if (attributes === null) return null;
  return apply(isOfScores ? ofScores : ofLogarithms, [rows], attributes);
}

function attributesOf(classes: Classes, shape: Shape, reduction: Reduction): ClassAttributes | null {
  switch (reduction) {
    case 'mean':
      return { classes, divisor: classes.total, reduced: true, shape };
    case 'sum':
      return { classes, divisor: 1, reduced: true, shape };
    case 'none':
      return { classes, divisor: 1, reduced: false, shape };
    default:
      return null;
  }
}

/** Which rows are not ignored; null where none is. */
export function labelsKept(target: Tensor, ignoreIndex: number, rows: Tensor): Tensor | null {
  const labels = reshapeTo(target, [sizeOf(target.shape)]);
  const kept = labels.ne(ignoreIndex);
  return elements(kept).includes(0) ? reshapeTo(kept, [rows.shape[0]]) : null;
}
