/**
 * What TypeScript knows of a tensor: its shape and its dtype as types, `Tensor<[2, 3], 'float32'>`. What is not known is
 * `any`, alone or as one size of a shape, because only that is assignable in all directions: a tensor of unknown shape can
 * be given where a known one is asked for, and the other way round, without a cast. Nothing here exists at run time.
 */
import type { DType, FloatDType, HalfDType } from '../dtype.js';
import type { Shape } from '../layout.js';

/** What is not known. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the only type that is assignable in all directions
export type Unknown = any;

export type IsUnknown<T> = 0 extends 1 & T ? true : false;

/** `x.shape` of a tensor: the sizes that are known, else number. */
export type ShapeOf<S> =
  IsUnknown<S> extends true
    ? Shape
    : S extends readonly unknown[]
      ? {
          readonly [I in keyof S]: IsUnknown<S[I]> extends true
            ? number
            : S[I] extends number
              ? S[I]
              : number;
        }
      : Shape;

/** `x.toArray()` of a tensor: nested as deep as it has dimensions, where that is known. */
export type ArrayOf<S, D> =
  IsUnknown<S> extends true
    ? Unknown
    : S extends readonly []
      ? ElementOf<D>
      : S extends readonly [unknown, ...infer Rest]
        ? ArrayOf<Rest, D>[]
        : Unknown;

type ElementOf<D> = IsUnknown<D> extends true ? Unknown : D extends 'bool' ? boolean : number;

/** `x.dtype` of a tensor. */
export type DTypeOf<D> = IsUnknown<D> extends true ? DType : D extends DType ? D : DType;

/** The sizes that an argument's type tells: literal numbers are known, others not. */
export type KnownShape<R extends Shape> = number extends R['length']
  ? Unknown
  : { -readonly [I in keyof R]: KnownSize<R[I]> };

/** A literal number ≥ 0; -1 and `number` are not known. */
export type KnownSize<N> =
  IsUnknown<N> extends true
    ? Unknown
    : number extends N
      ? Unknown
      : N extends -1
        ? Unknown
        : IsUnion<N> extends true
          ? Unknown
          : N;

type IsUnion<T, U = T> = T extends unknown ? ([U] extends [T] ? false : true) : never;

/** The dtype that an argument's type tells: one, or it is not known. */
export type KnownDType<E> = IsUnknown<E> extends true ? Unknown : IsUnion<E> extends true ? Unknown : E;

/** The dtype of what leaves the integers (exp, mean): a float's own. Integers become the default dtype. */
export type FloatOf<D> = IsUnknown<D> extends true ? Unknown : D extends FloatDType ? D : 'float32';

/** The dtype of a sum: integers and booleans are counted in int64. */
export type SumOf<D> = IsUnknown<D> extends true ? Unknown : D extends FloatDType ? D : 'int64';

/** The dtype where only that of floats is known: beside a JavaScript number, or of any elementwise op. */
export type BesideNumber<D> = IsUnknown<D> extends true ? Unknown : D extends FloatDType ? D : Unknown;

/** The dtype of two tensors' result where both have dimensions; those of 0-d tensors count less, so it takes equal ones. */
export type Promoted<D, E> =
  IsUnknown<D> extends true
    ? Unknown
    : IsUnknown<E> extends true
      ? Unknown
      : [D, E] extends [E, D]
        ? D
        : [D, E] extends [HalfDType, HalfDType]
          ? 'float32'
          : Unknown;

/** A shape as it is written in errors: `[2, 3]`, with ? for what is not known. */
export type ShapeText<S> = S extends readonly [infer A, ...infer R]
  ? R extends readonly []
    ? SizeText<A>
    : `${SizeText<A>}, ${ShapeText<R>}`
  : '';

type SizeText<A> = IsUnknown<A> extends true ? '?' : A extends number ? `${A}` : '?';

/** What an argument would have to be, too, where shapes do not fit: the compiler shows the text. */
export interface ShapeError<Text extends string> {
  readonly shapeError: Text;
}

/** Whether two sizes can be equal. */
type SameSize<A, B> =
  IsUnknown<A> extends true ? true : IsUnknown<B> extends true ? true : A extends B ? true : false;

type IsKnownShape<S> =
  IsUnknown<S> extends true ? false : S extends Shape ? (number extends S['length'] ? false : true) : false;

/** The size of two that are broadcast. */
type BroadcastSize<A, B> =
  IsUnknown<A> extends true
    ? IsUnknown<B> extends true
      ? Unknown
      : B extends 1
        ? Unknown
        : B
    : IsUnknown<B> extends true
      ? A extends 1
        ? Unknown
        : A
      : A extends 1
        ? B
        : B extends 1
          ? A
          : A extends B
            ? A
            : never;

type BroadcastTuples<A, B, Out extends readonly unknown[] = []> = A extends readonly [...infer AR, infer AL]
  ? B extends readonly [...infer BR, infer BL]
    ? BroadcastTuples<AR, BR, [BroadcastSize<AL, BL>, ...Out]>
    : [...A, ...Out]
  : B extends readonly unknown[]
    ? [...B, ...Out]
    : Unknown;

/** The shape of an elementwise op's result. */
export type Broadcast<A, B> =
  IsKnownShape<A> extends true ? (IsKnownShape<B> extends true ? BroadcastTuples<A, B> : Unknown) : Unknown;

type Clash<A, B> = A extends readonly [...infer AR, infer AL]
  ? B extends readonly [...infer BR, infer BL]
    ? [BroadcastSize<AL, BL>] extends [never]
      ? true
      : Clash<AR, BR>
    : false
  : false;

/** Nothing more to ask of an operand, or an error that names both shapes. */
export type FitsBroadcast<Name extends string, A, B> =
  IsKnownShape<A> extends true
    ? IsKnownShape<B> extends true
      ? Clash<A, B> extends true
        ? ShapeError<`${Name}: shapes [${ShapeText<A>}] and [${ShapeText<B>}] do not broadcast`>
        : unknown
      : unknown
    : unknown;

/** The shape of a matrix product, where the second operand is a vector or a matrix, or the batches are alike. */
export type MatmulShape<A, B> =
  IsKnownShape<A> extends true
    ? IsKnownShape<B> extends true
      ? A extends readonly [unknown]
        ? B extends readonly [unknown]
          ? []
          : B extends readonly [unknown, infer N]
            ? [N]
            : Unknown
        : A extends readonly [...infer L, infer M, unknown]
          ? B extends readonly [unknown]
            ? [...L, M]
            : B extends readonly [unknown, infer N]
              ? [...L, M, N]
              : Unknown
          : Unknown
      : Unknown
    : Unknown;

/** The size of a first and second operand that a matrix product sums over. */
type Inner<B> = B extends readonly [infer K]
  ? K
  : B extends readonly [...unknown[], infer K, unknown]
    ? K
    : Unknown;

export type FitsMatmul<Name extends string, A, B> =
  IsKnownShape<A> extends true
    ? IsKnownShape<B> extends true
      ? A extends readonly [...unknown[], infer K]
        ? SameSize<K, Inner<B>> extends true
          ? unknown
          : ShapeError<`${Name}: shapes [${ShapeText<A>}] and [${ShapeText<B>}] do not fit`>
        : unknown
      : unknown
    : unknown;

/** The shape with its dimensions in reverse order. */
export type Reversed<S> =
  IsKnownShape<S> extends true
    ? S extends readonly [infer A, ...infer R]
      ? [...Reversed<R>, A]
      : []
    : Unknown;

/** The shape with its last two dimensions exchanged. */
export type MatrixTransposed<S> =
  IsKnownShape<S> extends true
    ? S extends readonly [...infer L, infer A, infer B]
      ? [...L, B, A]
      : Unknown
    : Unknown;

/** The shape with two dimensions exchanged, counted from the front. */
export type Exchanged<S, A extends number, B extends number> =
  IsKnownShape<S> extends true
    ? `${A}${B}` extends `${string}-${string}`
      ? Unknown
      : number extends A | B
        ? Unknown
        : S extends readonly unknown[]
          ? { -readonly [I in keyof S]: I extends `${A}` ? S[B] : I extends `${B}` ? S[A] : S[I] }
          : Unknown
    : Unknown;

/** The sizes of nested arrays whose type tells their lengths. */
export type NestedShape<T> =
  IsUnknown<T> extends true
    ? Unknown
    : T extends readonly unknown[]
      ? number extends T['length']
        ? Unknown
        : T extends readonly []
          ? [0]
          : NestedShape<T[0]> extends infer Inside extends readonly unknown[]
            ? [T['length'], ...Inside]
            : Unknown
      : [];

type NumberDType<T> = [T] extends [bigint] ? 'int64' : 'float32';

/** The dtype of a tensor of nested arrays: bool of booleans, int64 of bigints, else the default. */
export type NestedDType<T> =
  IsUnknown<T> extends true
    ? DType
    : [T] extends [boolean]
      ? 'bool'
      : [T] extends [number | bigint]
        ? NumberDType<T>
        : [T] extends [readonly []]
          ? 'float32'
          : [T] extends [readonly unknown[]]
            ? NestedDType<T[0]>
            : DType;

/** [..., In] becomes [..., Out], as in a linear layer. */
export type LastReplaced<S, Out> =
  IsKnownShape<S> extends true ? (S extends readonly [...infer L, unknown] ? [...L, Out] : Unknown) : Unknown;

export type FitsLast<Name extends string, S, In> =
  IsKnownShape<S> extends true
    ? S extends readonly [...unknown[], infer K]
      ? SameSize<K, In> extends true
        ? unknown
        : ShapeError<`${Name}: an input of shape [${ShapeText<S>}] does not fit [..., ${SizeText<In>}]`>
      : unknown
    : unknown;

/** Where a dimension lies, counted from the front; not known for one far from the end. */
type FromFront<S extends readonly unknown[], Dim extends number> = `${Dim}` extends `-${infer N}`
  ? S extends readonly [...infer L, unknown]
    ? N extends '1'
      ? L['length']
      : L extends readonly [...infer L2, unknown]
        ? N extends '2'
          ? L2['length']
          : Unknown
        : Unknown
    : Unknown
  : Dim;

/** Whether two shapes differ in another dimension than one. */
type DiffersBeside<A, B, At, Index extends unknown[] = []> = A extends readonly [infer AH, ...infer AT]
  ? B extends readonly [infer BH, ...infer BT]
    ? (Index['length'] extends At ? true : SameSize<AH, BH>) extends true
      ? DiffersBeside<AT, BT, At, [...Index, 0]>
      : true
    : true
  : B extends readonly []
    ? false
    : true;

/** The first shape of a list that cannot stand beside another one; never: there is none, or it is not known. */
type FirstBeside<First, Shapes, At> = Shapes extends readonly [infer S, ...infer Rest]
  ? IsKnownShape<S> extends true
    ? S extends readonly [0]
      ? FirstBeside<First, Rest, At>
      : DiffersBeside<First, S, At> extends true
        ? S
        : FirstBeside<First, Rest, At>
    : FirstBeside<First, Rest, At>
  : never;

/** Nothing more to ask of tensors that are joined along a dimension, or an error that names two of their shapes. */
export type FitsJoin<Shapes, Dim extends number> = number extends Dim
  ? unknown
  : Shapes extends readonly [infer First extends readonly unknown[], ...infer Rest]
    ? IsKnownShape<First> extends true
      ? First extends readonly [0]
        ? unknown
        : IsUnknown<FromFront<First, Dim>> extends true
          ? unknown
          : [FirstBeside<First, Rest, FromFront<First, Dim>>] extends [never]
            ? unknown
            : ShapeError<`cat: shapes [${ShapeText<First>}] and [${ShapeText<FirstBeside<First, Rest, FromFront<First, Dim>>>}] cannot be joined along dimension ${Dim}`>
      : unknown
    : unknown;

/** The same of tensors side by side along a new dimension: they have one shape. */
export type FitsStack<Shapes> = Shapes extends readonly [infer First, ...infer Rest]
  ? IsKnownShape<First> extends true
    ? [FirstOther<First, Rest>] extends [never]
      ? unknown
      : ShapeError<`stack: shapes [${ShapeText<First>}] and [${ShapeText<FirstOther<First, Rest>>}] differ`>
    : unknown
  : unknown;

type FirstOther<First, Shapes> = Shapes extends readonly [infer S, ...infer Rest]
  ? IsKnownShape<S> extends true
    ? DiffersBeside<First, S, never> extends true
      ? S
      : FirstOther<First, Rest>
    : FirstOther<First, Rest>
  : never;

/** The same of the weight [out, in] of a weighted sum of inputs [..., in]. */
export type FitsWeight<S, W> =
  IsKnownShape<S> extends true
    ? IsKnownShape<W> extends true
      ? S extends readonly [...unknown[], infer K]
        ? W extends readonly [unknown, infer In]
          ? SameSize<K, In> extends true
            ? unknown
            : ShapeError<`linear: an input of shape [${ShapeText<S>}] does not fit a weight of shape [${ShapeText<W>}]`>
          : unknown
        : unknown
      : unknown
    : unknown;
