/** Arithmetic on shapes and dimensions: sizes, broadcasting, dimensions counted from the end, and what errors say of them. */

export type Shape = readonly number[];

/** `[2, 3]` */
export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  let n = 1;
  for (const size of shape) n *= size;
  return n;
}

/** Row-major strides of a shape. */
export function contiguousStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step;
    const size = shape[i];
    step *= size === 0 ? 1 : size;
  }
  return strides;
}

/** Checks sizes given by a caller: whole numbers that are not negative. */
export function checkShape(op: string, shape: Shape): void {
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0) {
      throw new RangeError(
        `${op}: a shape holds whole numbers from 0 up, got ${formatShape(shape)} (the entry ${size} does not work)`,
      );
    }
  }
  if (!Number.isSafeInteger(sizeOf(shape))) {
    throw new RangeError(`${op}: the shape ${formatShape(shape)} has more elements than can be counted`);
  }
}

/** A dimension counted from the front: -1 is the last. A 0-d tensor is treated as having one dimension, as in PyTorch. */
export function wrapDim(op: string, dim: number, ndim: number): number {
  const count = ndim === 0 ? 1 : ndim;
  if (!Number.isInteger(dim) || dim < -count || dim >= count) {
    throw new RangeError(
      `${op}: dimension ${dim} is out of range for a tensor of ${ndim} dimension${ndim === 1 ? '' : 's'}; ` +
        `use ${-count} to ${count - 1}`,
    );
  }
  return dim < 0 ? dim + count : dim;
}

/** A value as errors name it. */
export function describeValue(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'string') return `the string ${JSON.stringify(value.slice(0, 40))}`;
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') {
    return `${value} (a ${typeof value})`;
  }
  return `a ${typeof value}`;
}

/** A list of dimensions counted from the front, without repeats, ascending. `null` or an empty list means all. */
export function wrapDims(
  op: string,
  dims: number | readonly number[] | null | undefined,
  ndim: number,
): readonly number[] {
  if (dims === null || dims === undefined) return range(ndim);
  if (typeof dims === 'number' && ndim > 0) return [wrapDim(op, dims, ndim)];
  const list = typeof dims === 'number' ? [dims] : dims;
  const given: unknown = list;
  if (!Array.isArray(given)) {
    throw new TypeError(`${op}: a dimension is a number, or several in an array, got ${describeValue(dims)}`);
  }
  if (list.length === 0) return range(ndim);
  const wrapped = list.map((dim) => wrapDim(op, dim, ndim)).sort((a, b) => a - b);
  for (let i = 1; i < wrapped.length; i++) {
    if (wrapped[i] === wrapped[i - 1]) {
      throw new RangeError(`${op}: dimension ${wrapped[i]} appears twice in [${list.join(', ')}]`);
    }
  }
  return ndim === 0 ? [] : wrapped;
}

const RANGES: readonly (readonly number[])[] = Array.from({ length: 9 }, (_, n) =>
  Object.freeze(Array.from({ length: n }, (__, i) => i)),
);

/** [0, …, n − 1] */
export function range(n: number): readonly number[] {
  return RANGES[n] ?? Array.from({ length: n }, (_, i) => i);
}

/**
 * The shape two shapes broadcast to: aligned at the last dimension, sizes must agree or be 1.
 * @throws RangeError that names both shapes and the dimension that stands in the way.
 */
export function broadcastShapes(op: string, a: Shape, b: Shape): Shape {
  if (sameShape(a, b)) return a;
  const ndim = Math.max(a.length, b.length);
  const out = new Array<number>(ndim);
  for (let i = 1; i <= ndim; i++) {
    const x = i <= a.length ? a[a.length - i] : 1;
    const y = i <= b.length ? b[b.length - i] : 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw new RangeError(
        `${op}: shapes ${formatShape(a)} and ${formatShape(b)} do not broadcast: ` +
          `counted from the end, dimension ${-i} has ${x} and ${y} elements, and they must be equal or one of them 1`,
      );
    }
    out[ndim - i] = x === 1 ? y : x;
  }
  return out;
}

/**
 * The size given as -1 in a shape, from the number of elements.
 * @throws RangeError where the elements do not fit.
 */
export function inferShape(op: string, shape: Shape, size: number): Shape {
  let unknown = -1;
  let known = 1;
  for (let i = 0; i < shape.length; i++) {
    const n = shape[i];
    if (n === -1) {
      if (unknown >= 0) throw new RangeError(`${op}: only one size can be -1, got ${formatShape(shape)}`);
      unknown = i;
    } else {
      if (!Number.isInteger(n) || n < 0) {
        throw new RangeError(`${op}: ${formatShape(shape)} is not a shape (the entry ${n} does not work)`);
      }
      known *= n;
    }
  }
  if (unknown < 0) {
    if (known !== size) {
      throw new RangeError(
        `${op}: shape ${formatShape(shape)} holds ${known} elements, but the tensor has ${size}`,
      );
    }
    return shape;
  }
  if (known === 0 ? size !== 0 : size % known !== 0) {
    throw new RangeError(`${op}: ${size} elements cannot be laid out as ${formatShape(shape)}`);
  }
  if (known === 0) {
    throw new RangeError(
      `${op}: the size -1 in ${formatShape(shape)} cannot be told, because any number of it holds 0 elements`,
    );
  }
  const out = shape.slice();
  out[unknown] = size / known;
  return out;
}
