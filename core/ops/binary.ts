/** The maker of elementwise ops of two operands, tensors or JavaScript numbers, with broadcasting and type promotion. */
import { highest, levels, type Step } from '../autograd/levels/wrapped.js';
import { gradMode, type Watch } from '../autograd/mode.js';
import { type DType, elementOf, type HalfDType, isFloat, isHalf, resultType, toFloatType } from '../dtype.js';
import type { BinaryFunction, BinaryOp, CompareOp, UnaryOp } from '../kernels/api.js';
import { kernels, LEAST_PARALLEL } from '../kernels/index.js';
import { broadcastShapes, Layout, sameShape, type Shape } from '../layout.js';
import { allocate, type Tensor } from '../tensor.js';
import { type BinaryDescription, BinaryKind } from './binary-node.js';
import { cast } from './cast.js';
import { computeRows, FEW_ROWS } from './binary-rows.js';
import { deferBinary, deferUnary, defers } from './deferred/record.js';
import { flatStep, isTensor, numberAt, type Operand, operand, tensorOperand } from './operand.js';
import { elements, inDType, move } from './raw.js';
import {
  type InPlaceOp,
  inPlaceOp,
  type MethodOp,
  methodOp,
  type OpDescription,
  type SampleMaker,
  functionOp,
  type FunctionOp,
} from './record.js';
import { alignedTo } from './primitive.js';
import { expandTo } from './shape.js';
import { notATensor } from './record.js';
import type { ComparedOperands, ElementwiseResult, FitsOperand } from '../types/methods.js';

export { type BinaryDescription, BinaryKind } from './binary-node.js';

export type Binary = <A extends Operand, B extends Operand>(
  input: A,
  other: B & FitsOperand<'elementwise', A, B>,
) => ElementwiseResult<A, B>;

/** A comparison or a logical function. */
export type Compare = <A extends Operand, B extends Operand>(
  input: A,
  other: B & FitsOperand<'elementwise', A, B>,
) => ComparedOperands<A, B>;
export type BinaryMethod = (other: Operand) => Tensor;

/** The layout of the result, one of the operands' own where possible. */
export function broadcastLayout(op: string, a: Operand, b: Operand): Layout {
  if (typeof a === 'number') return typeof b === 'number' ? Layout.scalar : b.layout.compact();
  if (typeof b === 'number') return a.layout.compact();
  const x = a.layout;
  const y = b.layout;
  if (x === y || sameShape(x.shape, y.shape)) return x.compact();
  return Layout.contiguous(broadcastShapes(op, x.shape, y.shape));
}

/** The promoted dtype of two operands. */
export function promoted(a: Operand, b: Operand): DType {
  if (typeof a !== 'number') {
    if (typeof b === 'number') {
      if (isFloat(a.dtype)) return a.dtype;
    } else if (a.dtype === b.dtype) return a.dtype;
  } else if (typeof b !== 'number' && isFloat(b.dtype)) return b.dtype;
  return resultType(a, b);
}

/** Powers that are a few multiplications, or a root. */
const SIMPLER_POWERS: ReadonlyMap<number, UnaryOp> = new Map([
  [2, 'square'],
  [3, 'cube'],
  [-1, 'reciprocal'],
  [0.5, 'sqrt'],
  [-0.5, 'rsqrt'],
]);

function simplerPower(kind: BinaryKind, a: Operand, b: Operand): UnaryOp | undefined {
  const isPower = kind.how === 'pow' && typeof a !== 'number' && typeof b === 'number';
  return isPower ? SIMPLER_POWERS.get(b) : undefined;
}

function compute(kind: BinaryKind, dtype: DType, a: Operand, b: Operand, out: Tensor): void {
  const { shape, size } = out.layout;
  if (size === 0) return;
  const { how } = kind;
  if (typeof how === 'string') {
    if (how === 'pow' && typeof b === 'number' && typeof a !== 'number' && isFloat(dtype)) {
      const simpler = SIMPLER_POWERS.get(b);
      if (simpler !== undefined) {
        const element = dtype === 'float32' ? 'float32' : 'float64';
        if (a.layout.contiguous) kernels.unaryFlat(simpler, element, size, a.ptr, out.ptr);
        else kernels.unary(simpler, element, shape, a, out.ptr);
        return;
      }
    }
    const aStep = flatStep(a, size);
    const bStep = flatStep(b, size);
    if (aStep !== null && bStep !== null && (aStep === 1 || bStep === 1)) {
      const element = elementOf(dtype);
      const x = typeof a === 'number' ? numberAt(a, element, 0) : a.ptr;
      const y = typeof b === 'number' ? numberAt(b, element, 1) : b.ptr;
      if (how === 'floorDivide' && dtype === 'int64')
        kernels.wholeQuotients(size, x, y, out.ptr, aStep, bStep);
      else if (size < LEAST_PARALLEL && (dtype === 'float32' || dtype === 'float64')) {
        const run = kind.kernel(dtype);
        if (run !== null) run(x, y, out.ptr, 1, size, 0, 0, aStep, bStep);
      } else kernels.binaryFlat(kernelName(kind, how, dtype), element, size, x, y, out.ptr, aStep, bStep);
      return;
    }
    if (shape.length === 2 && size <= FEW_ROWS && (dtype === 'float32' || dtype === 'float64')) {
      const run = kind.kernel(dtype);
      if (run !== null && computeRows(run, dtype, a, b, out)) return;
    }
    kernels.binary(
      kernelName(kind, how, dtype),
      elementOf(dtype),
      shape,
      operand(a, dtype, shape, 0),
      operand(b, dtype, shape, 1),
      out.ptr,
    );
    return;
  }
  const target = elements(out);
  const x = typeof a === 'number' ? null : elements(expandedData(a, shape, kind.name));
  const y = typeof b === 'number' ? null : elements(expandedData(b, shape, kind.name));
  const constantA = typeof a === 'number' ? a : 0;
  const constantB = typeof b === 'number' ? b : 0;
  for (let i = 0; i < target.length; i++) {
    target[i] = how(x === null ? constantA : x[i], y === null ? constantB : y[i]);
  }
}

function kernelName({ bools }: BinaryKind, how: BinaryOp, dtype: DType): BinaryOp {
  return dtype === 'bool' && bools !== undefined && bools !== 'refuse' ? bools : how;
}

/** A tensor repeated to a shape, contiguous. */
export function expandedData(x: Tensor, shape: Shape, op: string): Tensor {
  if (sameShape(x.layout.shape, shape) && x.layout.contiguous) return x;
  const out = allocate(Layout.contiguous(shape), x.dtype, op);
  if (out.layout.size > 0) move(x.dtype, shape, tensorOperand(x, shape), out);
  return out;
}

/** An operand of an op whose result is of a 16-bit dtype, as what is computed with: float32, rounded first. */
function widened(x: Operand, dtype: HalfDType): Operand {
  if (typeof x === 'number') return x;
  return cast(x.ndim > 0 ? cast(x, dtype) : x, 'float32');
}

/** Computes and records a binary op. */
export function applyBinary(kind: BinaryKind, first: Operand, second: Operand): Tensor {
  return gradMode.watch === null
    ? unwatched(kind, first, second)
    : watched(gradMode.watch, kind, first, second);
}

/** A function of its own, because one that makes closures is slower where it makes none. */
function watched(watch: Watch, kind: BinaryKind, first: Operand, second: Operand): Tensor {
  return watch.run(kind.name, [first, second], () => unwatched(kind, first, second));
}

function unwatched(kind: BinaryKind, first: Operand, second: Operand): Tensor {
  let a = first;
  let b = second;
  if (typeof a !== 'number' && !isTensor(a)) throw notATensor(kind.name, a);
  if (typeof b !== 'number' && !isTensor(b)) throw notATensor(kind.name, b);
  let dtype = promoted(a, b);
  if (dtype !== 'float32' && dtype !== 'float64') {
    if (isHalf(dtype)) {
      return cast(applyBinary(kind, widened(a, dtype), widened(b, dtype)), dtype, kind.name);
    }
    dtype = integerResult(kind, dtype);
    if (kind.checkIntegers !== undefined && !isFloat(dtype)) kind.checkIntegers(b);
  }
  if (typeof a !== 'number' && a.dtype !== dtype) a = cast(a, dtype);
  if (typeof b !== 'number' && b.dtype !== dtype) b = cast(b, dtype);
  if (levels.top !== null && highest([a, b]) !== null) return binaryOnLevel(kind, a, b);
  const y = allocate(broadcastLayout(kind.name, a, b), dtype, kind.name);
  if (!(defers(y.layout) && deferred(kind, dtype, a, b, y))) compute(kind, dtype, a, b, y);
  if (
    gradMode.enabled &&
    ((typeof a !== 'number' && a.requiresGrad && kind.byA !== null) ||
      (typeof b !== 'number' && b.requiresGrad && kind.byB !== null))
  ) {
    y.node = kind.record(a, b, y);
    y.differentiable = true;
  }
  return y;
}

/** Notes the op down, to be computed when it is asked for; false where it is computed at once. */
function deferred({ how }: BinaryKind, dtype: DType, a: Operand, b: Operand, y: Tensor): boolean {
  if (typeof how !== 'string' || (dtype !== 'float32' && dtype !== 'float64')) return false;
  if (how === 'pow' && typeof b === 'number' && typeof a !== 'number') {
    const simpler = SIMPLER_POWERS.get(b);
    if (simpler !== undefined) return deferUnary(simpler, a, y);
  }
  return deferBinary(how, a, b, y);
}

/** The dtype that the op has for integer operands of a promoted dtype. */
function integerResult(kind: BinaryKind, dtype: DType): DType {
  if (kind.integers === 'float') return toFloatType(dtype);
  if (dtype === 'bool' && kind.bools === 'refuse') {
    throw new TypeError(
      `${kind.name}: bool tensors do not work here; use logicalXor or logicalNot, or convert with x.to('int64')`,
    );
  }
  return dtype;
}

/** The same where an operand is of a level of function transforms. */
function binaryOnLevel(kind: BinaryKind, a: Operand, b: Operand): Tensor {
  const level = highest([a, b])!;
  const simpler = level.traces ? simplerPower(kind, a, b) : undefined;
  const y = level.run({
    name: kind.name,
    inputs: simpler === undefined ? [a, b] : [a],
    kernel:
      simpler !== undefined
        ? { kind: 'unary', op: simpler }
        : typeof kind.how === 'string'
          ? { kind: 'binary', op: kind.how }
          : undefined,
    call: ([x, y]) => applyBinary(kind, x, y),
    batch: (inputs, batched) => {
      const [x, y] = alignOperands(inputs, batched);
      return applyBinary(kind, x, y);
    },
    jvp: ([x, y], [byX, byY], out) => {
      const terms: Tensor[] = [];
      if (byX !== null && kind.byA !== null) terms.push(kind.byA(expandTo(byX, out.shape), x, y, out));
      if (byY !== null && kind.byB !== null) terms.push(kind.byB(expandTo(byY, out.shape), x, y, out));
      return terms.length === 0 ? null : terms.reduce((first, second) => first.add(second));
    },
  });
  const records = (x: Operand, own: unknown): boolean =>
    typeof x !== 'number' && own !== null && x.level === level.depth && x.requiresGrad;
  if (gradMode.enabled && (records(a, kind.byA) || records(b, kind.byB))) {
    y.node = kind.record(a, b, y);
    y.differentiable = true;
  }
  return y;
}

/** Operands whose samples broadcast, with the batch in front of the longer shape. */
function alignOperands(inputs: Step['inputs'], batched: readonly boolean[]): Operand[] {
  const rank = (x: Operand, i: number): number =>
    typeof x === 'number' ? 0 : batched[i] ? x.ndim : x.ndim + 1;
  const ndim = Math.max(...inputs.map(rank));
  return inputs.map((x, i) => (typeof x !== 'number' && batched[i] ? alignedTo(x, ndim) : x));
}

/** Writes the result into the first operand, where it has its place and dtype. */
export function binaryInto(kind: BinaryKind, self: Tensor, other: Operand): boolean {
  if (!self.layout.contiguous || (typeof other !== 'number' && !isTensor(other))) return false;
  if (promoted(self, other) !== self.dtype) return false;
  if (!isFloat(self.dtype)) kind.checkIntegers?.(other);
  if (!isFloat(self.dtype) && (kind.integers === 'float' || self.dtype === 'bool')) return false;
  if (typeof other !== 'number') {
    if (other.storage === self.storage && other.layout !== self.layout) return false;
    if (!sameShape(broadcastShapes(kind.name, self.shape, other.shape), self.shape)) return false;
    const b = inDType(other, self.dtype, kind.name);
    compute(kind, self.dtype, self, b, self);
  } else compute(kind, self.dtype, self, other, self);
  return true;
}

/** Defines an elementwise op of two operands, with its method and its in-place twin. */
export function binaryOp(description: BinaryDescription): InPlaceOp<Binary, BinaryMethod> {
  const kind = new BinaryKind(description);
  return inPlaceOp<Binary, BinaryMethod>(
    {
      samples: binarySamples(-2, 2),
      errors: broadcastErrors,
      ...description,
      halves: 'own',
      onLevels: true,
      params: description.params ?? ['input', 'other'],
      into: (self, args) => binaryInto(kind, self, args[0] as Operand),
    },
    (input: Operand, other: Operand): Tensor => applyBinary(kind, input, other),
  );
}

/** Defines a binary op for other ops only (such as a derivative's kernel): no method, no in-place twin. */
export function internalBinaryOp(description: BinaryDescription): FunctionOp<Binary> {
  const kind = new BinaryKind(description);
  return functionOp<Binary>(
    {
      samples: binarySamples(-2, 2),
      torch: [],
      ...description,
      halves: 'own',
      onLevels: true,
      params: description.params ?? ['input', 'other'],
    },
    (input: Operand, other: Operand): Tensor => applyBinary(kind, input, other),
  );
}

/** Samples of broadcasting: same shapes, repeated rows and columns, 0-d, empty, and a JavaScript number. */
export function binarySamples(
  low: number,
  high: number,
): (make: SampleMaker) => readonly (readonly unknown[])[] {
  return (make) => [
    [make([2, 3], { low, high }), make([2, 3], { low, high })],
    [make([3, 1], { low, high }), make([1, 4], { low, high })],
    [make([2, 1, 3], { low, high }), make([3], { low, high })],
    [make([], { low, high }), make([2], { low, high })],
    [make([0, 3], { low, high }), make([3], { low, high })],
    [make([3], { low, high }), (low + high) / 2 + 0.375],
  ];
}

function broadcastErrors(make: SampleMaker): { args: Tensor[]; message: RegExp }[] {
  return [{ args: [make([2, 3]), make([2])], message: /\[2, 3\] and \[2\] do not broadcast/ }];
}

/** Defines a comparison: the result is bool, and no gradient flows. */
export function compareOp(
  description: Omit<OpDescription, 'params' | 'options'> & { readonly kernel: CompareOp },
): MethodOp<Compare, BinaryMethod> {
  const { kernel, name } = description;
  let narrow: BinaryFunction | null = null;
  let wide: BinaryFunction | null = null;
  const compiled = (dtype: DType): BinaryFunction =>
    dtype === 'float32'
      ? (narrow ??= kernels.compareFunction(kernel, 'float32'))
      : (wide ??= kernels.compareFunction(kernel, 'float64'));
  const compare = (first: Operand, second: Operand): Tensor =>
    gradMode.watch === null ? compareNow(first, second) : watchedCompare(gradMode.watch, first, second);
  const watchedCompare = (watch: Watch, first: Operand, second: Operand): Tensor =>
    watch.run(name, [first, second], () => compareNow(first, second));
  const compareNow = (first: Operand, second: Operand): Tensor => {
    if (typeof first !== 'number' && !isTensor(first)) throw notATensor(name, first);
    if (typeof second !== 'number' && !isTensor(second)) throw notATensor(name, second);
    if (levels.top !== null) {
      const level = highest([first, second]);
      if (level !== null) {
        return level.run({
          name,
          inputs: [first, second],
          kernel: { kind: 'compare', op: kernel },
          call: ([x, y]) => compare(x, y),
          batch: (inputs, batched) => {
            const [x, y] = alignOperands(inputs, batched);
            return compare(x, y);
          },
          jvp: () => null,
        });
      }
    }
    const common = promoted(first, second);
    const dtype = isHalf(common) ? 'float32' : common;
    const a = typeof first === 'number' ? first : inDType(first, dtype, name);
    const b = typeof second === 'number' ? second : inDType(second, dtype, name);
    const out = allocate(broadcastLayout(name, a, b), 'bool', name);
    const { shape, size } = out.layout;
    if (size === 0) return out;
    const aStep = flatStep(a, size);
    const bStep = flatStep(b, size);
    const isFlat = aStep !== null && bStep !== null && (aStep === 1 || bStep === 1);
    if (isFlat && size < LEAST_PARALLEL && (dtype === 'float32' || dtype === 'float64')) {
      const x = typeof a === 'number' ? numberAt(a, dtype, 0) : a.ptr;
      const y = typeof b === 'number' ? numberAt(b, dtype, 1) : b.ptr;
      compiled(dtype)(x, y, out.ptr, 1, size, 0, 0, aStep, bStep);
    } else {
      kernels.compare(
        kernel,
        elementOf(dtype),
        shape,
        operand(a, dtype, shape, 0),
        operand(b, dtype, shape, 1),
        out.ptr,
      );
    }
    return out;
  };
  return methodOp<Compare, BinaryMethod>(
    {
      samples: binarySamples(-2, 2),
      errors: broadcastErrors,
      ...description,
      halves: 'own',
      onLevels: true,
      params: ['input', 'other'],
    },
    compare,
  );
}
