/**
 * Element types of tensors, how they are stored, and PyTorch's promotion between them.
 *
 * `int64` is stored as float64 holding safe integers (|x| < 2^53): one load and one add stay one instruction,
 * indices and counts read as plain numbers, and no code meets BigInt. Beyond 2^53 integers are rounded.
 * `bool` is stored as one byte, 0 or 1.
 */
import type { Element, FloatElement } from './kernels/api.js';

export type DType = 'float32' | 'float64' | 'int32' | 'int64' | 'uint8' | 'bool';
export type FloatDType = 'float32' | 'float64';

/** Typed arrays that carry tensor data in and out. */
export type NumericArray = Float32Array | Float64Array | Int32Array | Uint8Array;

interface DTypeInfo {
  readonly element: Element;
  readonly bytes: number;
  readonly kind: 'bool' | 'int' | 'float';
  /** Position in the promotion order: the larger of two wins. */
  readonly rank: number;
}

const INFO: Readonly<Record<DType, DTypeInfo>> = {
  bool: { element: 'uint8', bytes: 1, kind: 'bool', rank: 0 },
  uint8: { element: 'uint8', bytes: 1, kind: 'int', rank: 1 },
  int32: { element: 'int32', bytes: 4, kind: 'int', rank: 2 },
  int64: { element: 'float64', bytes: 8, kind: 'int', rank: 3 },
  float32: { element: 'float32', bytes: 4, kind: 'float', rank: 4 },
  float64: { element: 'float64', bytes: 8, kind: 'float', rank: 5 },
};

export const DTYPES: readonly DType[] = ['float32', 'float64', 'int32', 'int64', 'uint8', 'bool'];

/** The element type that kernels see for a dtype. */
export function elementOf(dtype: DType): Element {
  // The two common cases first: this is on the path of every op.
  if (dtype === 'float32') return 'float32';
  if (dtype === 'float64') return 'float64';
  return INFO[dtype].element;
}

/** Bytes per element in storage. */
export function itemSize(dtype: DType): number {
  return dtype === 'float32' ? 4 : INFO[dtype].bytes;
}

export function isFloat(dtype: DType): dtype is FloatDType {
  return dtype === 'float32' || dtype === 'float64';
}

/** Integers and booleans: what no gradient flows through. */
export function isIntegral(dtype: DType): boolean {
  return !isFloat(dtype);
}

export function isDType(value: unknown): value is DType {
  return typeof value === 'string' && value in INFO;
}

let defaultDType: FloatDType = 'float32';

/** The dtype of tensors made from JavaScript numbers, and of integer division. */
export function getDefaultDtype(): FloatDType {
  return defaultDType;
}

/** Sets the dtype of tensors made from JavaScript numbers: 'float32' (at start) or 'float64'. */
export function setDefaultDtype(dtype: FloatDType): void {
  if (!isFloat(dtype)) {
    throw new TypeError(`setDefaultDtype: only float32 and float64 can be the default, not ${String(dtype)}`);
  }
  defaultDType = dtype;
}

/** The smallest dtype both can be converted to by PyTorch's rules: bool < uint8 < int32 < int64 < float32 < float64. */
export function promoteTypes(a: DType, b: DType): DType {
  return INFO[a].rank >= INFO[b].rank ? a : b;
}

/** Whether a result of dtype `from` may be written into a tensor of dtype `to` (in-place ops): never to a lower kind. */
export function canCast(from: DType, to: DType): boolean {
  const kinds = { bool: 0, int: 1, float: 2 } as const;
  return kinds[INFO[from].kind] <= kinds[INFO[to].kind];
}

/** The dtype that a JavaScript number stands for beside a tensor: integers int64, others the default float dtype. */
export function numberDType(value: number | boolean): DType {
  if (typeof value === 'boolean') return 'bool';
  return Number.isInteger(value) ? 'int64' : defaultDType;
}

/** What takes part in promotion: a tensor's dtype and number of dimensions, or a JavaScript number. */
export type Promotable = { readonly dtype: DType; readonly ndim: number } | number | boolean;

function combine(higher: DType | null, lower: DType | null): DType | null {
  if (higher === null) return lower;
  if (lower === null || isFloat(higher)) return higher;
  if (higher === 'bool' || isFloat(lower)) return promoteTypes(higher, lower);
  return higher;
}

/**
 * The dtype of an op's result: operands with dimensions decide; 0-d tensors, then JavaScript numbers, only count
 * when they are of a higher kind (bool < integer < float).
 */
export function resultType(...operands: readonly Promotable[]): DType {
  let dimensioned: DType | null = null;
  let zeroDim: DType | null = null;
  let wrapped: DType | null = null;
  for (const operand of operands) {
    if (typeof operand === 'object') {
      if (operand.ndim > 0) {
        dimensioned = dimensioned === null ? operand.dtype : promoteTypes(dimensioned, operand.dtype);
      } else {
        zeroDim = zeroDim === null ? operand.dtype : promoteTypes(zeroDim, operand.dtype);
      }
    } else {
      const dtype = numberDType(operand);
      wrapped = wrapped === null ? dtype : promoteTypes(wrapped, dtype);
    }
  }
  return combine(dimensioned, combine(zeroDim, wrapped)) ?? defaultDType;
}

/** The float dtype an op that leaves the integers (exp, mean of weights, division) computes a dtype in. */
export function toFloatType(dtype: DType): FloatDType {
  return isFloat(dtype) ? dtype : defaultDType;
}

/** As kernels name it. */
export function floatElement(dtype: FloatDType): FloatElement {
  return dtype;
}
