/** Making tensors. */
import {
  type DType,
  DTYPE_NAMES,
  elementOf,
  getDefaultDtype,
  integerRange,
  isDType,
  isFloat,
  isHalf,
} from '../dtype.js';
import { checkShape, describeValue, formatShape, Layout, type Shape } from '../layout.js';
import { allocateShape, Tensor } from '../tensor.js';
import type { DTypeOf, KnownDType, KnownShape, NestedDType, NestedShape } from '../types/known.js';
import { cast } from './cast.js';
import { castCopy, elements, filled } from './raw.js';
import { type DataArray, exactly, isArrays, numbersOf } from './typed-arrays.js';

/** Numbers, booleans or bigints in nested arrays of equal lengths. */
export type Nested = number | boolean | bigint | readonly Nested[];

/** What `tensor` makes a tensor of. */
export type TensorData = Nested | DataArray | readonly DataArray[] | Tensor;

export interface TensorOptions {
  /** The element type; by default float32 for numbers, bool for booleans, and a typed array's own. */
  dtype?: DType;
  /** Whether operations on the tensor are recorded for gradients. Default false. */
  requiresGrad?: boolean;
}

export interface ShapedOptions extends TensorOptions {
  /** The shape of flat data. */
  shape?: Shape;
}

/** A new tensor as its options want it. */
export function finish(x: Tensor, options: TensorOptions | undefined): Tensor {
  if (options?.requiresGrad) x.requiresGrad = true;
  return x;
}

const OPTIONS = ['dtype', 'requiresGrad', 'shape'];

/** The dtype that options ask for; undefined where they do not. */
export function dtypeOption(op: string, options: TensorOptions | undefined): DType | undefined {
  if (options !== undefined) {
    for (const name in options) {
      if (!OPTIONS.includes(name)) {
        throw new TypeError(`${op}: there is no option '${name}'; the options are dtype and requiresGrad`);
      }
    }
  }
  const dtype: unknown = options?.dtype;
  if (dtype === undefined) return undefined;
  if (!isDType(dtype)) {
    throw new TypeError(`${op}: there is no dtype ${JSON.stringify(dtype)}; the dtypes are ${DTYPE_NAMES}`);
  }
  return dtype;
}

function isRow(data: Nested | undefined): data is readonly Nested[] {
  return Array.isArray(data);
}

function shapeOf(data: Nested): number[] {
  const shape: number[] = [];
  let level: Nested = data;
  while (isRow(level)) {
    shape.push(level.length);
    if (level.length === 0) break;
    level = level[0]!;
  }
  return shape;
}

/** Copies nested arrays into `target` in row-major order; returns the position behind. */
function fillNested(
  data: Nested,
  shape: Shape,
  depth: number,
  target: Record<number, number>,
  at: number,
): number {
  if (!isRow(data)) {
    const leaf: unknown = data;
    if (typeof leaf === 'bigint') throw mixed();
    if (typeof leaf !== 'number' && typeof leaf !== 'boolean') throw notANumber(leaf);
    if (depth !== shape.length) throw ragged(shape, depth);
    target[at] = Number(data);
    return at + 1;
  }
  if (depth >= shape.length || data.length !== shape[depth]) throw ragged(shape, depth);
  if (depth === shape.length - 1) {
    // The innermost rows hold the bulk of the elements.
    for (let i = 0; i < data.length; i++) {
      const value = data[i];
      if (typeof value === 'number') target[at + i] = value;
      else fillNested(value, shape, depth + 1, target, at + i);
    }
    return at + data.length;
  }
  let next = at;
  for (const row of data) next = fillNested(row, shape, depth + 1, target, next);
  return next;
}

/** The same arrays with numbers in the place of bigints. */
function withoutBigints(data: Nested): Nested {
  if (isRow(data)) return data.map(withoutBigints);
  if (typeof data !== 'bigint') throw mixed();
  return exactly(data, 'tensor');
}

function mixed(): TypeError {
  return new TypeError(
    'tensor: bigints and numbers do not mix in one tensor; write all integers as 1n, or all of them as 1',
  );
}

function notANumber(found: unknown): TypeError {
  if (found instanceof Tensor) {
    return new TypeError('tensor: found a tensor among the data; join tensors with stack([…]) or cat([…])');
  }
  return new TypeError(`tensor: the data are numbers or booleans, found ${describeValue(found)}`);
}

function ragged(shape: Shape, depth: number): RangeError {
  return new RangeError(
    `tensor: nested arrays must have equal lengths; the first ones say ${formatShape(shape)}, ` +
      `but at depth ${depth} another one differs`,
  );
}

function firstLeaf(data: Nested): number | boolean | bigint | undefined {
  let level: Nested | undefined = data;
  while (isRow(level)) level = level[0];
  return level;
}

function toInteger(dtype: DType, data: Iterable<number>, op: string): void {
  if (isFloat(dtype)) return;
  const range = integerRange(dtype);
  for (const value of data) {
    if (!Number.isFinite(value)) throw new TypeError(`${op}: ${value} cannot be stored as ${dtype}`);
    if (range !== null && (value < range[0] || value > range[1])) {
      throw new RangeError(
        `${op}: ${value} is out of range for ${dtype}, which holds ${range[0]} to ${range[1]}`,
      );
    }
  }
}

/**
 * A tensor of the given data: a number, (nested) arrays of numbers or booleans, a typed array or an array of them as
 * rows, or a copy of a tensor.
 *
 * Numbers become the default dtype (float32), because JavaScript does not tell 1 from 1.0; say
 * `{ dtype: 'int64' }` for indices and class labels, or write bigints: `tensor([1n, 2n])` is int64. Booleans become
 * bool, typed arrays their own type.
 * @throws RangeError for integers that the dtype does not hold; those of int64 are exact up to 2⁵³ − 1
 */
export function tensor<const T extends Nested, E extends DType = NestedDType<T>>(
  data: T,
  options?: TensorOptions & { dtype?: E; shape?: undefined },
): Tensor<NestedShape<T>, KnownDType<E>>;
export function tensor(data: TensorData, options?: ShapedOptions): Tensor;
export function tensor(data: TensorData, options?: ShapedOptions): Tensor {
  const asked = dtypeOption('tensor', options);
  if (data instanceof Tensor) return finish(castCopy(data, asked ?? data.dtype, 'tensor'), options);
  if (ArrayBuffer.isView(data)) return fromTypedArray(data, options);
  if (isArrays(data)) return ofRows(data, options);
  const leaf: unknown = Array.isArray(data) ? firstLeaf(data) : data;
  if (typeof leaf === 'bigint') return tensor(withoutBigints(data), { ...options, dtype: asked ?? 'int64' });
  if (leaf === data && typeof leaf !== 'number' && typeof leaf !== 'boolean') {
    throw new TypeError('tensor: the data are a number, nested arrays of numbers, or a typed array');
  }
  const dtype = asked ?? (typeof firstLeaf(data) === 'boolean' ? 'bool' : getDefaultDtype());
  if (isHalf(dtype)) {
    const wide = tensor(data, { ...options, dtype: 'float32', requiresGrad: false });
    return finish(castCopy(wide, dtype, 'tensor'), options);
  }
  const shape = shapeOf(data);
  const out = allocateShape(shape, dtype, 'tensor');
  if (isFloat(dtype)) fillNested(data, shape, 0, elements(out), 0);
  else {
    // Through ordinary numbers, so that what integers cannot hold is noticed rather than wrapped.
    const values = new Array<number>(out.layout.size);
    fillNested(data, shape, 0, values, 0);
    toInteger(dtype, values, 'tensor');
    const target = elements(out);
    for (let i = 0; i < values.length; i++) target[i] = convert(dtype, values[i]);
  }
  if (options?.shape !== undefined) return finish(withShape(out, options.shape, 'tensor'), options);
  return finish(out, options);
}

/**
 * The tensor itself where data is one of the dtype asked for, its conversion (which keeps its place in the graph) where it
 * is one of another, and else `tensor(data)`: a copy of a typed array, too, since tensors have a memory of their own.
 */
export function asTensor(data: TensorData, options?: Pick<TensorOptions, 'dtype'>): Tensor {
  if (!(data instanceof Tensor)) return tensor(data, options);
  return cast(data, dtypeOption('asTensor', options) ?? data.dtype);
}

/** A number or truth value as a 0-d tensor, of the default dtype unless another is given. */
export function scalarTensor(value: number | boolean, options?: TensorOptions): Tensor {
  return tensor(Number(value), options);
}

/** A number as elements of a dtype are: truth values, whole numbers, or as it is. */
export function convert(dtype: DType, value: number): number {
  if (dtype === 'bool') return value !== 0 ? 1 : 0;
  return isFloat(dtype) ? value : Math.trunc(value);
}

function withShape(x: Tensor, shape: Shape, op: string): Tensor {
  checkShape(op, shape);
  const layout = Layout.contiguous(shape);
  if (layout.size !== x.layout.size) {
    throw new RangeError(
      `${op}: shape ${formatShape(shape)} holds ${layout.size} elements, but the data has ${x.layout.size}`,
    );
  }
  return new Tensor(x.storage, layout, x.dtype);
}

/** Rows that are typed arrays of one length, as one tensor. */
function ofRows(rows: readonly DataArray[], options: ShapedOptions | undefined): Tensor {
  const parts = rows.map((row) => numbersOf(row, 'tensor'));
  const [{ data: first, dtype }] = parts;
  const size = first.length;
  const together = new Array<number>(size * rows.length);
  parts.forEach((part, i) => {
    if (part.dtype !== dtype || part.data.length !== size) {
      throw new RangeError(
        `tensor: rows are typed arrays of one kind and length; the first is a ${rows[0].constructor.name} of ${size}, ` +
          `but row ${i} is a ${rows[i].constructor.name} of ${part.data.length}`,
      );
    }
    part.data.forEach((value, k) => (together[i * size + k] = value));
  });
  return tensor(together, {
    ...options,
    dtype: options?.dtype ?? dtype,
    shape: options?.shape ?? [rows.length, size],
  });
}

/** A tensor of a copy of a typed array, of the array's own dtype unless another is given; flat unless a shape is given. */
export function fromTypedArray(data: ArrayBufferView, options?: ShapedOptions): Tensor {
  const asked = dtypeOption('fromTypedArray', options);
  const { data: source, dtype: own } = numbersOf(data, 'fromTypedArray');
  const dtype = asked ?? own;
  if (isHalf(dtype)) {
    const wide = fromTypedArray(data, { ...options, dtype: 'float32', requiresGrad: false });
    return finish(castCopy(wide, dtype, 'fromTypedArray'), options);
  }
  const out = allocateShape([source.length], dtype, 'fromTypedArray');
  if (elementOf(dtype) === elementOf(own) && (dtype === own || isFloat(dtype))) elements(out).set(source);
  else {
    toInteger(dtype, source, 'fromTypedArray');
    const target = elements(out);
    for (let i = 0; i < source.length; i++) target[i] = convert(dtype, source[i]);
  }
  return finish(
    options?.shape === undefined ? out : withShape(out, options.shape, 'fromTypedArray'),
    options,
  );
}

/** A shape given as an array or as numbers, with options behind: `zeros(2, 3)`, `zeros([2, 3], { dtype })`. */
export type ShapeArguments =
  | readonly number[]
  | readonly [...number[], TensorOptions]
  | readonly [Shape]
  | readonly [Shape, TensorOptions];

function splitShape(op: string, args: ShapeArguments): { shape: Shape; options: TensorOptions | undefined } {
  const list: (number | Shape | TensorOptions)[] = [...args];
  const last = list[list.length - 1];
  const options = isOptions(last) ? last : undefined;
  const rest = options === undefined ? list : list.slice(0, -1);
  const [first] = rest;
  const shape =
    Array.isArray(first) && rest.length === 1 ? (first as Shape) : rest.filter((n) => typeof n === 'number');
  if (shape !== first && shape.length !== rest.length) {
    throw new TypeError(`${op}: takes a shape as numbers or one array, and options`);
  }
  checkShape(op, shape);
  return { shape: shape.slice(), options };
}

function isOptions(value: number | Shape | TensorOptions | undefined): value is TensorOptions {
  const given: unknown = value;
  return typeof given === 'object' && given !== null && !Array.isArray(given);
}

/** A tensor of zeros. */
export function zeros<const R extends Shape, E extends DType = 'float32'>(
  shape: R,
  options?: TensorOptions & { dtype?: E },
): Tensor<KnownShape<R>, KnownDType<E>>;
export function zeros<const R extends Shape>(...shape: R): Tensor<KnownShape<R>, 'float32'>;
export function zeros(...args: ShapeArguments): Tensor;
export function zeros(...args: ShapeArguments): Tensor {
  return constant('zeros', 0, args);
}

/** A tensor of ones. */
export function ones<const R extends Shape, E extends DType = 'float32'>(
  shape: R,
  options?: TensorOptions & { dtype?: E },
): Tensor<KnownShape<R>, KnownDType<E>>;
export function ones<const R extends Shape>(...shape: R): Tensor<KnownShape<R>, 'float32'>;
export function ones(...args: ShapeArguments): Tensor;
export function ones(...args: ShapeArguments): Tensor {
  return constant('ones', 1, args);
}

function constant(op: string, value: number, args: ShapeArguments): Tensor {
  const { shape, options } = splitShape(op, args);
  return finish(filled(shape, value, dtypeOption(op, options) ?? getDefaultDtype(), op), options);
}

/** A tensor whose elements are whatever was in memory: for those who write them next. */
export function empty<const R extends Shape, E extends DType = 'float32'>(
  shape: R,
  options?: TensorOptions & { dtype?: E },
): Tensor<KnownShape<R>, KnownDType<E>>;
export function empty<const R extends Shape>(...shape: R): Tensor<KnownShape<R>, 'float32'>;
export function empty(...args: ShapeArguments): Tensor;
export function empty(...args: ShapeArguments): Tensor {
  const { shape, options } = splitShape('empty', args);
  return finish(allocateShape(shape, dtypeOption('empty', options) ?? getDefaultDtype(), 'empty'), options);
}

/** A tensor filled with one value; of dtype bool for a boolean, else of the default dtype. */
export function full<
  const R extends Shape,
  V extends number | boolean,
  E extends DType = V extends boolean ? 'bool' : 'float32',
>(shape: R, value: V, options?: TensorOptions & { dtype?: E }): Tensor<KnownShape<R>, KnownDType<E>>;
export function full(shape: Shape, value: number | boolean, options?: TensorOptions): Tensor;
export function full(shape: Shape, value: number | boolean, options?: TensorOptions): Tensor {
  checkShape('full', shape);
  const given: unknown = value;
  if (typeof given !== 'number' && typeof given !== 'boolean') {
    throw new TypeError(`full: the value is a number or a boolean, got ${describeValue(given)}`);
  }
  const dtype = dtypeOption('full', options) ?? (typeof value === 'boolean' ? 'bool' : getDefaultDtype());
  toInteger(dtype, [Number(value)], 'full');
  return finish(filled(shape.slice(), convert(dtype, Number(value)), dtype, 'full'), options);
}

/** Zeros of the shape and dtype of another tensor. */
export function zerosLike<S, D, E extends DType = DTypeOf<D>>(
  input: Tensor<S, D>,
  options?: TensorOptions & { dtype?: E },
): Tensor<S, KnownDType<E>>;
export function zerosLike(input: Tensor, options?: TensorOptions): Tensor;
export function zerosLike(input: Tensor, options?: TensorOptions): Tensor {
  return like('zerosLike', input, 0, options);
}

/** Ones of the shape and dtype of another tensor. */
export function onesLike<S, D, E extends DType = DTypeOf<D>>(
  input: Tensor<S, D>,
  options?: TensorOptions & { dtype?: E },
): Tensor<S, KnownDType<E>>;
export function onesLike(input: Tensor, options?: TensorOptions): Tensor;
export function onesLike(input: Tensor, options?: TensorOptions): Tensor {
  return like('onesLike', input, 1, options);
}

/** A tensor of the shape and dtype of another, filled with one value. */
export function fullLike(input: Tensor, value: number, options?: TensorOptions): Tensor {
  return like('fullLike', input, value, options);
}

function like(op: string, input: Tensor, value: number, options: TensorOptions | undefined): Tensor {
  const dtype = dtypeOption(op, options) ?? input.dtype;
  toInteger(dtype, [value], op);
  return finish(filled(input.shape, convert(dtype, value), dtype, op), options);
}

/** An uninitialized tensor of the shape and dtype of another. */
export function emptyLike(input: Tensor, options?: TensorOptions): Tensor {
  return finish(
    allocateShape(input.shape, dtypeOption('emptyLike', options) ?? input.dtype, 'emptyLike'),
    options,
  );
}
