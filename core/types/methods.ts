/** Methods whose results' shapes and dtypes follow from what is known of their operands. */
import type { DType } from '../dtype.js';
import type { Shape } from '../layout.js';
import type { AlphaOptions, DivOptions } from '../ops/arithmetic.js';
import type { SumOptions, Dims } from '../ops/reduction.js';
import type { Tensor } from '../tensor.js';
import type {
  BesideNumber,
  Broadcast,
  Exchanged,
  FitsBroadcast,
  FitsMatmul,
  FloatOf,
  KnownDType,
  KnownShape,
  MatmulShape,
  MatrixTransposed,
  Promoted,
  Reversed,
  SumOf,
  Unknown,
} from './known.js';

type Other = Tensor | number;

/** What more is asked of the second operand of an elementwise op. */
type Fits<Name extends string, S, O> =
  O extends Tensor<infer B, Unknown> ? FitsBroadcast<Name, S, B> : unknown;

/** The result of an elementwise op. */
export type Combined<S, D, O> = [O] extends [number]
  ? Tensor<S, BesideNumber<D>>
  : [O] extends [Tensor<infer B, infer E>]
    ? Tensor<Broadcast<S, B>, Promoted<D, E>>
    : Tensor;

/** What is known of an operand of a function. */
type ShapeIn<O> = [O] extends [number] ? [] : [O] extends [Tensor<infer S, Unknown>] ? S : Unknown;
type DTypeIn<O> = [O] extends [Tensor<Unknown, infer D>] ? D : Unknown;

/** What more is asked of the second operand of an elementwise function. */
export type FitsOperand<Name extends string, A, B> = FitsBroadcast<Name, ShapeIn<A>, ShapeIn<B>>;

/** The result of a sum or difference: integers promote, too. */
export type CombinedOperands<A, B> = Tensor<
  Broadcast<ShapeIn<A>, ShapeIn<B>>,
  [A] extends [number]
    ? BesideNumber<DTypeIn<B>>
    : [B] extends [number]
      ? BesideNumber<DTypeIn<A>>
      : Promoted<DTypeIn<A>, DTypeIn<B>>
>;

/** The result of any elementwise function of two operands: of integers it depends on which. */
export type ElementwiseResult<A, B> = Tensor<
  Broadcast<ShapeIn<A>, ShapeIn<B>>,
  [A] extends [number]
    ? BesideNumber<DTypeIn<B>>
    : [B] extends [number]
      ? BesideNumber<DTypeIn<A>>
      : BesideNumber<Promoted<DTypeIn<A>, DTypeIn<B>>>
>;

export type ComparedOperands<A, B> = Tensor<Broadcast<ShapeIn<A>, ShapeIn<B>>, 'bool'>;

/** The result of a division, which leaves the integers. */
type Divided<S, D, O> = [O] extends [number]
  ? Tensor<S, FloatOf<D>>
  : [O] extends [Tensor<infer B, infer E>]
    ? Tensor<Broadcast<S, B>, Promoted<FloatOf<D>, FloatOf<E>>>
    : Tensor;

type Compared<S, O> = [O] extends [number]
  ? Tensor<S, 'bool'>
  : [O] extends [Tensor<infer B, Unknown>]
    ? Tensor<Broadcast<S, B>, 'bool'>
    : Tensor<Unknown, 'bool'>;

export interface TypedMethods<S, D> {
  /** input + alpha · other. */
  add<O extends Other>(other: O & Fits<'add', S, O>, options?: AlphaOptions): Combined<S, D, O>;
  /** input − alpha · other. */
  sub<O extends Other>(other: O & Fits<'sub', S, O>, options?: AlphaOptions): Combined<S, D, O>;
  /** input · other, elementwise. */
  mul<O extends Other>(other: O & Fits<'mul', S, O>): Combined<S, D, O>;
  /** input / other, elementwise; of integers the result is of the default float dtype unless it is rounded. */
  div<O extends Other>(other: O & Fits<'div', S, O>, options?: DivOptions): Divided<S, D, O>;
  /** inputᵒᵗʰᵉʳ. */
  pow<O extends Other>(exponent: O & Fits<'pow', S, O>): Combined<S, D, O>;
  /** The larger of two elements; NaN if one is. */
  maximum<O extends Other>(other: O & Fits<'maximum', S, O>): Combined<S, D, O>;
  /** The smaller of two elements; NaN if one is. */
  minimum<O extends Other>(other: O & Fits<'minimum', S, O>): Combined<S, D, O>;
  /** Whether elements are equal. */
  eq<O extends Other>(other: O & Fits<'eq', S, O>): Compared<S, O>;
  /** Whether elements differ. */
  ne<O extends Other>(other: O & Fits<'ne', S, O>): Compared<S, O>;
  /** input < other. */
  lt<O extends Other>(other: O & Fits<'lt', S, O>): Compared<S, O>;
  /** input ≤ other. */
  le<O extends Other>(other: O & Fits<'le', S, O>): Compared<S, O>;
  /** input > other. */
  gt<O extends Other>(other: O & Fits<'gt', S, O>): Compared<S, O>;
  /** input ≥ other. */
  ge<O extends Other>(other: O & Fits<'ge', S, O>): Compared<S, O>;

  /** The matrix product. Vectors count as a row (first operand) or a column (second), and dimensions before the last two are a batch, which broadcasts: [..., m, k] with [..., k, n] gives [..., m, n]. */
  matmul<B extends Shape, E extends DType>(
    other: Tensor<B, E> & FitsMatmul<'matmul', S, B>,
  ): Tensor<MatmulShape<S, B>, D>;
  /** The product of two matrices. */
  mm<B extends Shape, E extends DType>(
    mat2: Tensor<B, E> & FitsMatmul<'mm', S, B>,
  ): Tensor<MatmulShape<S, B>, D>;
  /** The product of a matrix and a vector. */
  mv<B extends Shape, E extends DType>(
    vec: Tensor<B, E> & FitsMatmul<'mv', S, B>,
  ): Tensor<MatmulShape<S, B>, D>;
  /** The sum of the products of two vectors' elements. */
  dot<B extends Shape, E extends DType>(tensor: Tensor<B, E> & FitsMatmul<'dot', S, B>): Tensor<[], D>;

  /** −x. */
  neg(): Tensor<S, D>;
  /** |x|. The derivative at 0 is 0. */
  abs(): Tensor<S, D>;
  /** max(x, 0). The derivative at 0 is 0. */
  relu(): Tensor<S, D>;
  /** −1, 0 or 1. */
  sign(): Tensor<S, D>;
  /** x². */
  square(): Tensor<S, BesideNumber<D>>;
  /** The largest integer not above x. */
  floor(): Tensor<S, D>;
  /** The smallest integer not below x. */
  ceil(): Tensor<S, D>;
  /** A copy of the elements, through which gradients flow. */
  clone(): Tensor<S, D>;
  /** The tensor itself if its elements lie in row-major order without gaps, else a copy that does. */
  contiguous(): Tensor<S, D>;
  /** The same elements (shared) outside of the graph: no gradient flows through. */
  detach(): Tensor<S, D>;
  /** eˣ. */
  exp(): Tensor<S, FloatOf<D>>;
  /** The natural logarithm. */
  log(): Tensor<S, FloatOf<D>>;
  /** √x. */
  sqrt(): Tensor<S, FloatOf<D>>;
  /** 1 / √x. */
  rsqrt(): Tensor<S, FloatOf<D>>;
  /** 1 / x. */
  reciprocal(): Tensor<S, FloatOf<D>>;
  /** The sine of radians. */
  sin(): Tensor<S, FloatOf<D>>;
  /** The cosine of radians. */
  cos(): Tensor<S, FloatOf<D>>;
  /** The tangent of radians. */
  tan(): Tensor<S, FloatOf<D>>;
  /** The hyperbolic tangent. */
  tanh(): Tensor<S, FloatOf<D>>;
  /** The logistic function 1 / (1 + e⁻ˣ). */
  sigmoid(): Tensor<S, FloatOf<D>>;
  /** Whether elements are NaN. */
  isnan(): Tensor<S, 'bool'>;
  /** Whether elements are neither NaN nor infinite. */
  isfinite(): Tensor<S, 'bool'>;
  /** Whether elements are infinite. */
  isinf(): Tensor<S, 'bool'>;
  /** Whether elements are 0. */
  logicalNot(): Tensor<S, 'bool'>;

  /** The transposed matrix; tensors of fewer dimensions are returned as they are. */
  t(): Tensor<Reversed<S>, D>;
  /** A view with two dimensions exchanged. */
  transpose<A extends number, B extends number>(dim0: A, dim1: B): Tensor<Exchanged<S, A, B>, D>;
  /** The same elements as another shape; one size may be -1, which is worked out. A view where strides allow, else a copy. */
  reshape<const R extends Shape>(shape: R): Tensor<KnownShape<R>, D>;
  reshape<const R extends Shape>(...shape: R): Tensor<KnownShape<R>, D>;
  /** The same elements as another shape, without a copy; one size may be -1. */
  view<const R extends Shape>(shape: R): Tensor<KnownShape<R>, D>;
  view<const R extends Shape>(...shape: R): Tensor<KnownShape<R>, D>;
  /** Expanded to the shape of another tensor. */
  expandAs<B extends Shape, E extends DType>(other: Tensor<B, E>): Tensor<B, D>;

  /** The sum of all elements, or over dimensions. Integers and booleans sum as int64. */
  sum(): Tensor<[], SumOf<D>>;
  sum(dim?: Dims | SumOptions, keepdim?: boolean | SumOptions, options?: SumOptions): Tensor;
  /** The arithmetic mean of all elements, or over dimensions. */
  mean(): Tensor<[], D>;
  mean(dim?: Dims | SumOptions, keepdim?: boolean | SumOptions, options?: SumOptions): Tensor;

  /** The tensor in another dtype (its own, or that of another tensor): itself where it has it, else a copy. */
  to(device: 'cpu'): this;
  to<E extends DType>(dtype: E | { dtype: E }): Tensor<S, KnownDType<E>>;
  to<B extends Shape, E extends DType>(other: Tensor<B, E>): Tensor<S, E>;
  /** The tensor in the dtype of another. */
  typeAs<B extends Shape, E extends DType>(other: Tensor<B, E>): Tensor<S, E>;
  /** The tensor as float32. */
  float(): Tensor<S, 'float32'>;
  /** The tensor as float64. */
  double(): Tensor<S, 'float64'>;
  /** The tensor as float16: rounded to the nearest, to even between two; infinite past 65504. */
  half(): Tensor<S, 'float16'>;
  /** The tensor as bfloat16: rounded to the nearest, to even between two. */
  bfloat16(): Tensor<S, 'bfloat16'>;
  /** The tensor as int32. */
  int(): Tensor<S, 'int32'>;
  /** The tensor as int64. */
  long(): Tensor<S, 'int64'>;
  /** The tensor as bool: whether elements are not 0. */
  bool(): Tensor<S, 'bool'>;
}

export interface TypedProperties<S, D> {
  /** The tensor with its dimensions in reverse order: the transpose of a matrix. */
  readonly T: Tensor<Reversed<S>, D>;
  /** The tensor with its last two dimensions exchanged: the transpose of each matrix of a batch. */
  readonly mT: Tensor<MatrixTransposed<S>, D>;
}

/** Methods that families need not give a type. */
export type TypedName = keyof TypedMethods<Unknown, Unknown>;
