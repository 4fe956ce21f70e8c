/**
 * A layout says where the elements of a tensor lie in its storage: shape, strides and offset, all in elements.
 * It is an immutable value without data; every view of a tensor is arithmetic on it. The arithmetic of shapes alone is
 * in `shapes.ts`, handed on here.
 */
import { recall, remember, Way } from './derived-layouts.js';
import { contiguousStrides, formatShape, sameShape, sizeOf, type Shape } from './shapes.js';

export * from './shapes.js';

const NO_DIMS: Shape = Object.freeze([]);

export class Layout {
  readonly ndim: number;
  /** Number of elements. */
  readonly size: number;
  /** Whether elements lie in row-major order without gaps (from `offset` on). */
  readonly contiguous: boolean;

  private constructor(
    readonly shape: Shape,
    readonly strides: readonly number[],
    /** Where the first element lies in the storage. */
    readonly offset: number,
    contiguous: boolean | null,
  ) {
    this.ndim = shape.length;
    this.size = sizeOf(shape);
    this.contiguous = contiguous ?? isContiguous(shape, strides, this.size);
  }

  static contiguous(shape: Shape, offset = 0): Layout {
    const { length } = shape;
    if (length === 0) return offset === 0 ? Layout.scalar : new Layout(NO_DIMS, NO_DIMS, offset, true);
    if (offset !== 0 || length > 5) return new Layout(shape, contiguousStrides(shape), offset, true);
    // The shapes of results repeat: finding the layout takes less time than making it, and layouts are values.
    let place = shape[0] * 31;
    for (let d = 1; d < length; d++) place = place * 5 + shape[d] * 17;
    place &= KEPT;
    const kept = recent[place];
    if (kept !== undefined && sameShape(kept.shape, shape)) return kept;
    const own = shape.slice();
    return (recent[place] = new Layout(own, contiguousStrides(own), 0, true));
  }

  static of(shape: Shape, strides: readonly number[], offset: number): Layout {
    return new Layout(shape, strides, offset, null);
  }

  static readonly scalar: Layout = new Layout(NO_DIMS, NO_DIMS, 0, true);

  /** Whether every element has its own place: no broadcast dimension (stride 0), no overlapping windows. */
  get injective(): boolean {
    if (this.contiguous) return true;
    const dims = this.shape
      .map((size, i) => ({ size, stride: this.strides[i] }))
      .filter(({ size }) => size > 1)
      .sort((a, b) => a.stride - b.stride);
    let reach = 0;
    for (const { size, stride } of dims) {
      if (stride <= reach) return false;
      reach += (size - 1) * stride;
    }
    return true;
  }

  /** One past the largest element offset that is used (0 for an empty layout). */
  get end(): number {
    if (this.size === 0) return 0;
    let last = this.offset;
    for (let i = 0; i < this.ndim; i++) last += (this.shape[i] - 1) * this.strides[i];
    return last + 1;
  }

  /** Strides for reading this as a tensor of `shape`, 0 where a dimension is repeated. */
  broadcastStrides(shape: Shape): readonly number[] {
    const lead = shape.length - this.ndim;
    if (lead === 0 && sameShape(shape, this.shape)) return this.strides;
    const strides = new Array<number>(shape.length);
    for (let i = 0; i < shape.length; i++) {
      const own = i - lead;
      strides[i] = own < 0 || (this.shape[own] === 1 && shape[i] !== 1) ? 0 : this.strides[own];
    }
    return strides;
  }

  /** Dimensions of size 1 repeated without a copy; -1 keeps a size. */
  expand(op: string, shape: Shape): Layout {
    const { length } = shape;
    const few = length > 0 && length <= 3;
    if (few) {
      const known = recall(this, Way.Expand, length, shape[0], shape[1], shape[2]);
      if (known !== null) return known;
    }
    const lead = length - this.ndim;
    const fail = (): never => {
      throw new RangeError(
        `${op}: a tensor of shape ${formatShape(this.shape)} cannot be expanded to ${formatShape(shape)}: ` +
          'only dimensions of size 1 (or new ones in front) can grow',
      );
    };
    if (lead < 0) fail();
    const sizes = new Array<number>(shape.length);
    const strides = new Array<number>(shape.length);
    for (let i = 0; i < shape.length; i++) {
      const own = i - lead;
      const asked = shape[i];
      if (own < 0) {
        if (!Number.isInteger(asked) || asked < 0) fail();
        sizes[i] = asked;
        strides[i] = 0;
      } else {
        const size = this.shape[own];
        const wanted = asked === -1 ? size : asked;
        if (wanted !== size && size !== 1) fail();
        if (!Number.isInteger(wanted) || wanted < 0) fail();
        sizes[i] = wanted;
        strides[i] = wanted === size ? this.strides[own] : 0;
      }
    }
    const expanded = new Layout(sizes, strides, this.offset, null);
    return few ? remember(expanded) : expanded;
  }

  permute(dims: readonly number[]): Layout {
    const { length } = dims;
    const few = length > 0 && length <= 4;
    if (few) {
      const known = recall(this, Way.Permute, dims[0], dims[1], dims[2], dims[3]);
      if (known !== null) return known;
    }
    const shape = new Array<number>(length);
    const strides = new Array<number>(length);
    for (let i = 0; i < length; i++) {
      shape[i] = this.shape[dims[i]];
      strides[i] = this.strides[dims[i]];
    }
    const permuted = new Layout(shape, strides, this.offset, null);
    return few ? remember(permuted) : permuted;
  }

  /** Two dimensions exchanged; the last such layout is kept, because most tensors are turned in one way. */
  transpose(a: number, b: number): Layout {
    if (this.ndim === 0 || a === b) return this;
    const pair = a * this.ndim + b;
    if (this.turned !== null && this.turnedPair === pair) return this.turned;
    const turned = this.exchange(a, b);
    this.turnedPair = pair;
    this.turned = turned;
    return turned;
  }

  private turned: Layout | null = null;
  private turnedPair = 0;

  private exchange(a: number, b: number): Layout {
    const shape = this.shape.slice();
    const strides = this.strides.slice();
    shape[a] = this.shape[b]!;
    shape[b] = this.shape[a]!;
    strides[a] = this.strides[b]!;
    strides[b] = this.strides[a]!;
    return new Layout(shape, strides, this.offset, null);
  }

  /** `size` elements of a dimension from `start`, `step` apart. */
  slice(dim: number, start: number, size: number, step: number): Layout {
    const known = recall(this, Way.Slice, dim, start, size, step);
    if (known !== null) return known;
    const shape = this.shape.slice();
    const strides = this.strides.slice();
    shape[dim] = size;
    strides[dim] = this.strides[dim] * step;
    const offset = size === 0 ? this.offset : this.offset + start * this.strides[dim];
    return remember(new Layout(shape, strides, offset, null));
  }

  /** One element of a dimension, which goes away. */
  select(dim: number, index: number): Layout {
    const known = recall(this, Way.Select, dim, index);
    if (known !== null) return known;
    const shape = without(this.shape, dim);
    const strides = without(this.strides, dim);
    return remember(new Layout(shape, strides, this.offset + index * this.strides[dim], null));
  }

  unsqueeze(dim: number): Layout {
    const known = recall(this, Way.Unsqueeze, dim);
    if (known !== null) return known;
    const stride = dim < this.ndim ? this.shape[dim] * this.strides[dim] : 1;
    const shape = withOne(this.shape, dim, 1);
    return remember(new Layout(shape, withOne(this.strides, dim, stride), this.offset, this.contiguous));
  }

  /** Without those of the given dimensions that have size 1. */
  squeeze(dims: readonly number[]): Layout {
    const shape: number[] = [];
    const strides: number[] = [];
    for (let i = 0; i < this.ndim; i++) {
      if (this.shape[i] === 1 && dims.includes(i)) continue;
      shape.push(this.shape[i]);
      strides.push(this.strides[i]);
    }
    return new Layout(shape, strides, this.offset, this.contiguous);
  }

  /** The elements (i, i + offset) of two dimensions as a new last dimension. */
  diagonal(offset: number, dim1: number, dim2: number): Layout {
    const known = recall(this, Way.Diagonal, offset, dim1, dim2);
    if (known !== null) return known;
    const rows = this.shape[dim1];
    const columns = this.shape[dim2];
    const size = Math.max(
      0,
      offset >= 0 ? Math.min(rows, columns - offset) : Math.min(rows + offset, columns),
    );
    const first = size === 0 ? 0 : offset >= 0 ? offset * this.strides[dim2] : -offset * this.strides[dim1];
    const shape = new Array<number>(this.ndim - 1);
    const strides = new Array<number>(this.ndim - 1);
    let to = 0;
    for (let i = 0; i < this.ndim; i++) {
      if (i === dim1 || i === dim2) continue;
      shape[to] = this.shape[i];
      strides[to++] = this.strides[i];
    }
    shape[to] = size;
    strides[to] = this.strides[dim1] + this.strides[dim2];
    return remember(new Layout(shape, strides, this.offset + first, null));
  }

  /** Windows of `size` elements, `step` apart, of a dimension; the window becomes a new last dimension. */
  unfold(dim: number, size: number, step: number): Layout {
    const known = recall(this, Way.Unfold, dim, size, step);
    if (known !== null) return known;
    const shape = [...this.shape, size];
    const strides = [...this.strides, this.ndim === 0 ? 1 : this.strides[dim]];
    if (this.ndim > 0) {
      shape[dim] = Math.floor((this.shape[dim] - size) / step) + 1;
      strides[dim] = this.strides[dim] * step;
    }
    return remember(new Layout(shape, strides, this.offset, null));
  }

  /** The same elements under another shape, without a copy; `null` where the strides do not allow it. */
  view(shape: Shape): Layout | null {
    if (this.contiguous) return Layout.contiguous(shape, this.offset);
    if (this.size === 0) return Layout.contiguous(shape, this.offset);
    // Merge neighbours that are contiguous with each other into chunks, then cut each chunk into the new sizes.
    const strides = new Array<number>(shape.length);
    let view = shape.length - 1;
    let chunkStride = this.strides[this.ndim - 1];
    let chunk = 1;
    for (let i = this.ndim - 1; i >= 0; i--) {
      chunk *= this.shape[i];
      const ends = i === 0 || (this.shape[i - 1] !== 1 && this.strides[i - 1] !== chunk * chunkStride);
      if (!ends) continue;
      let filled = 1;
      while (view >= 0 && (filled < chunk || shape[view] === 1)) {
        strides[view] = filled * chunkStride;
        filled *= shape[view];
        view--;
      }
      if (filled !== chunk) return null;
      if (i > 0) {
        chunkStride = this.strides[i - 1]!;
        chunk = 1;
      }
    }
    if (view !== -1) return null;
    return new Layout(shape, strides, this.offset, null);
  }

  /** The layout of a result for each line along a dimension, which is gone or (`keep`) has size 1. */
  without(dim: number, keep: boolean): Layout {
    const place = keep ? dim + this.ndim : dim;
    return (this.reduced ??= [])[place] ?? this.reduce(dim, keep, place);
  }

  private reduced: (Layout | undefined)[] | null = null;

  private reduce(dim: number, keep: boolean, place: number): Layout {
    const left = keep ? this.shape.with(dim, 1) : without(this.shape, dim);
    const layout = Layout.contiguous(left);
    if (this.reduced !== null) this.reduced[place] = layout;
    return layout;
  }

  /** The same shape laid out without gaps at the start of a storage of its own. */
  compact(): Layout {
    return this.contiguous && this.offset === 0 ? this : Layout.contiguous(this.shape);
  }
}

/** Layouts of recent results by a number made of their sizes. */
const KEPT = 255;
const recent = new Array<Layout | undefined>(KEPT + 1).fill(undefined);

/** All but one of the numbers; loops, because what arrays have for it takes several times as long for a few. */
function without(numbers: readonly number[], at: number): number[] {
  const out = new Array<number>(numbers.length - 1);
  for (let i = 0; i < out.length; i++) out[i] = numbers[i < at ? i : i + 1];
  return out;
}

/** The numbers with one more. */
function withOne(numbers: readonly number[], at: number, value: number): number[] {
  const out = new Array<number>(numbers.length + 1);
  for (let i = 0; i < out.length; i++) out[i] = i < at ? numbers[i] : i === at ? value : numbers[i - 1];
  return out;
}

function isContiguous(shape: Shape, strides: readonly number[], size: number): boolean {
  if (size === 0) return true;
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    const n = shape[i];
    if (n === 1) continue;
    if (strides[i] !== step) return false;
    step *= n;
  }
  return true;
}
