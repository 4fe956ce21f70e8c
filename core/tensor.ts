/**
 * A tensor is a storage, a layout that says where its elements lie in there, a dtype, and its place in the graph of
 * automatic differentiation. This file holds the object itself; its methods come from the op records
 * (`ops/methods.ts`), `autograd/methods.ts` and `print.ts`.
 */
import { AccumulateGrad } from './autograd/accumulate.js';
import { enableGrad } from './autograd/mode.js';
import type { Node } from './autograd/node.js';
import { tracing } from './autograd/tracing.js';
import { type DType, isFloat, itemSize } from './dtype.js';
import { formatShape, Layout, type Shape, wrapDim } from './layout.js';
import { Storage } from './storage.js';
import type { DTypeOf, ShapeOf, Unknown } from './types/known.js';

/** How a tensor was made as a view of another: enough to make the same view of what the other becomes. */
export interface ViewOf {
  /** The tensor that owns the storage's history: not a view itself. */
  readonly base: Tensor;
  /** The tensor this is a view of, and how. */
  readonly parent: Tensor;
  readonly replay: (parent: Tensor) => Tensor;
}

/** What leaves have, and what was changed in place. */
class Further {
  gradient: Tensor | null = null;
  accumulator: AccumulateGrad | null = null;
  history = 0;
}

/** The storage of tensors that were disposed of. */
const gone = Storage.withoutMemory();

/**
 * Numbers of one dtype in n dimensions, whose operations are recorded where gradients are wanted. `tensor([[1, 2], [3, 4]])`,
 * `zeros(2, 3)` and `randn([2, 3], { requiresGrad: true })` make them; most functions on tensors are methods, too:
 * `x.matmul(w).add(b).relu()`. Elements are read by `x.at(0, slice(1, 3))`, `x.item()`, `x.tolist()`.
 *
 * The types know shapes and dtypes that are written as literals: `Tensor<[2, 3], 'float32'>`.
 */
export class Tensor<S = Unknown, D = Unknown> {
  /** Where the elements lie; shared by all views. @internal */
  storage: Storage;
  /** Shape, strides and offset: how the elements lie in the storage. */
  layout: Layout;
  /** The type of the elements, for example `float32`. */
  readonly dtype: DTypeOf<D>;

  /** What made this tensor, when that was recorded. Read `gradFn`, which knows of in-place changes. @internal */
  node: Node | null = null;
  /** @internal */
  differentiable = false;
  /** @internal */
  viewOf: ViewOf | null = null;
  /** What few tensors have; most are results that are soon gone, and take less time with fewer fields. */
  private further: Further | null = null;

  /** @internal Use `tensor`, `zeros`, … to make tensors. */
  constructor(storage: Storage, layout: Layout, dtype: DTypeOf<D>) {
    this.storage = storage;
    this.layout = layout;
    this.dtype = dtype;
    storage.handles++;
  }

  /** The size of each dimension. */
  get shape(): ShapeOf<S> {
    // What the type says was derived from how the tensor was made; the layout knows numbers only.
    return this.layout.shape as ShapeOf<S>;
  }

  /** Number of dimensions. */
  get ndim(): number {
    return this.layout.ndim;
  }

  /** Number of dimensions. */
  dim(): number {
    return this.layout.ndim;
  }

  /** Number of elements. */
  numel(): number {
    return this.layout.size;
  }

  /** The shape, or the size of one dimension. */
  size(): Shape;
  size(dim: number): number;
  size(dim?: number): Shape | number {
    const { shape } = this.layout;
    return dim === undefined ? shape : shape[wrapDim('size', dim, this.ndim)];
  }

  /** Elements between neighbours of each dimension. */
  get strides(): readonly number[] {
    return this.layout.strides;
  }

  /** Elements between neighbours of each dimension, or of one. */
  stride(): readonly number[];
  stride(dim: number): number;
  stride(dim?: number): readonly number[] | number {
    return dim === undefined ? this.strides : this.strides[wrapDim('stride', dim, this.ndim)];
  }

  /** Where the first element lies in the storage, in elements. */
  storageOffset(): number {
    return this.layout.offset;
  }

  /** Whether the elements lie in row-major order without gaps. */
  isContiguous(): boolean {
    return this.layout.contiguous;
  }

  /** Bytes per element. */
  elementSize(): number {
    return itemSize(this.dtype);
  }

  /** Whether the elements are floating-point numbers: float32, float64, float16 or bfloat16. */
  isFloatingPoint(): boolean {
    return isFloat(this.dtype);
  }

  /** Byte offset of the first element in the tensor memory. @internal */
  get ptr(): number {
    return this.storage.ptr + this.layout.offset * itemSize(this.dtype);
  }

  /** Where the first element lies in the tensor memory, counted in elements of 2 ** `shift` bytes. @internal */
  start(shift: number): number {
    return (this.storage.ptr >>> shift) + this.layout.offset;
  }

  /** The function transform this tensor belongs to, counted from outside; 0 for ordinary tensors. @internal */
  // eslint-disable-next-line @typescript-eslint/class-literal-property-style -- a field would cost every tensor a word
  get level(): number {
    return 0;
  }

  /** Whether operations on this tensor are recorded, so that gradients can be computed by it. */
  get requiresGrad(): boolean {
    if (this.viewOf !== null && this.viewOf.base.history !== this.history) this.remake(this.viewOf);
    return this.differentiable;
  }

  set requiresGrad(value: boolean) {
    if (value === this.requiresGrad) return;
    if (value && !isFloat(this.dtype)) {
      throw new TypeError(
        `requiresGrad: only float tensors have gradients, this one is ${this.dtype}; convert it with x.to('float32')`,
      );
    }
    if (!value && this.node !== null) {
      throw new Error(
        'requiresGrad: this tensor is the result of an operation; only a leaf can stop requiring gradients. Use x.detach().',
      );
    }
    this.differentiable = value;
    if (!value) this.forgetAccumulator();
  }

  /** Sets `requiresGrad` and returns this tensor. */
  requiresGrad_(value = true): this {
    this.requiresGrad = value;
    return this;
  }

  /** The operation that made this tensor, as a node of the graph; null for leaves. */
  get gradFn(): Node | null {
    if (this.viewOf !== null && this.viewOf.base.history !== this.history) this.remake(this.viewOf);
    return this.node;
  }

  /** Whether this tensor is not the result of a recorded operation. `backward` fills `grad` of leaves only. */
  get isLeaf(): boolean {
    return this.gradFn === null;
  }

  /** The gradient that `backward` has accumulated here; null before. */
  get grad(): Tensor | null {
    const gradient = this.further === null ? null : this.further.gradient;
    if (tracing.current !== null) tracing.current.gradRead(this, gradient);
    return gradient;
  }

  set grad(value: Tensor | null) {
    if (value !== null) {
      if (value.dtype !== this.dtype) {
        throw new TypeError(
          `grad: a gradient of a ${this.dtype} tensor is ${this.dtype}, got ${value.dtype}`,
        );
      }
      const { shape } = value;
      if (shape.length !== this.ndim || shape.some((n, i) => n !== this.layout.shape[i])) {
        throw new RangeError(
          `grad: a gradient has the shape of its tensor, ${formatShape(this.layout.shape)}; got ${formatShape(shape)}`,
        );
      }
    }
    if (tracing.current !== null) tracing.current.gradWritten(this, value);
    if (value !== null || this.further !== null) (this.further ??= new Further()).gradient = value;
  }

  /** What adds gradients up here, once somebody asked for it. @internal */
  get accumulator(): AccumulateGrad | null {
    return this.further === null ? null : this.further.accumulator;
  }

  /** Counts the in-place changes of the history; a view whose count is behind its base's makes itself again. @internal */
  get history(): number {
    return this.further === null ? 0 : this.further.history;
  }

  set history(value: number) {
    if (value !== 0 || this.further !== null) (this.further ??= new Further()).history = value;
  }

  /** The gradient's destination in the graph: what made this tensor, or, for a leaf, its accumulator. @internal */
  edge(): Node | null {
    const node = this.gradFn;
    if (node !== null) return node;
    if (!this.differentiable) return null;
    const further = (this.further ??= new Further());
    return (further.accumulator ??= new AccumulateGrad(this));
  }

  /** Gradients do not arrive here any more. @internal */
  forgetAccumulator(): void {
    if (this.further !== null) this.further.accumulator = null;
  }

  /** The elements are about to be changed in place; what was not computed of them yet keeps the old ones. @internal */
  changing(): void {
    this.storage.beforeChange();
  }

  /** Counts a change of the elements in place, which saved tensors check. @internal */
  changed(): void {
    if (this.storage.deferred !== null)
      throw new Error('a tensor was changed in place without notice: changing() comes before');
    this.storage.version++;
    if (tracing.current !== null) tracing.current.changed(this);
  }

  /** How often the elements were changed in place. */
  get version(): number {
    return this.storage.version;
  }

  /** Lets this handle stand for the elements of another of the same shape and dtype. @internal */
  moveTo(other: Tensor): void {
    this.storage = other.storage;
    this.layout = other.layout;
    this.storage.handles++;
  }

  /**
   * What `using x = …` calls at the end of its block: this tensor is not used any more. Its memory is given back at once
   * unless a view shares it. Nobody has to: memory that cannot be reached any more is found anyway.
   */
  [Symbol.dispose](): void {
    const { storage } = this;
    if (storage === gone) return;
    this.storage = gone;
    if (storage.handles === 1) storage.release();
  }

  /** The base was changed in place: the way from it to this view is made anew. */
  private remake(view: ViewOf): void {
    const { parent, base } = view;
    this.history = base.history;
    if (!parent.requiresGrad) return;
    const again = enableGrad(() => view.replay(parent));
    this.node = again.node;
    this.differentiable = again.differentiable;
  }
}

/** An uninitialized contiguous tensor. @internal */
export function allocate(layout: Layout, dtype: DType, operation: string): Tensor {
  return new Tensor(Storage.allocateFew(layout.size * itemSize(dtype), operation), layout, dtype);
}

/** The same of few bytes, which the caller has counted. @internal */
export function allocateFew(layout: Layout, dtype: DType, bytes: number, operation: string): Tensor {
  return new Tensor(Storage.allocateFew(bytes, operation), layout, dtype);
}

/** An uninitialized contiguous tensor. @internal */
export function allocateShape(shape: Shape, dtype: DType, operation: string): Tensor {
  return allocate(Layout.contiguous(shape), dtype, operation);
}
