/**
 * Element types of tensors, how they are stored, and PyTorch's promotion between them.
 *
 * `int64` is stored as float64 holding safe integers (|x| < 2^53): one load and one add stay one instruction,
 * indices and counts read as plain numbers, and no code meets BigInt. Beyond 2^53 integers are rounded.
 * `bool` is stored as one byte, 0 or 1. `float16` and `bfloat16` are stored in two bytes and computed with in float32
 * (`half.ts`).
 */
import type { Element, FloatElement } from './kernels/api.js';

export type DType = 'float32' | 'float64' | 'float16' | 'bfloat16' | 'int32' | 'int64' | 'uint8' | 'bool';
/** Float dtypes that kernels compute in. */
export type WideFloatDType = 'float32' | 'float64';
/** Float dtypes that are storage only: ops compute in float32 and round. */
export type HalfDType = 'float16' | 'bfloat16';
export type FloatDType = WideFloatDType | HalfDType;

/** Typed arrays that carry tensor data in and out. */
export type NumericArray = Float32Array | Float64Array | Int32Array | Uint8Array;

interface DTypeInfo {
  /** What kernels see; null for storage only. */
  readonly element: Element | null;
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
  float16: { element: null, bytes: 2, kind: 'float', rank: 4 },
  bfloat16: { element: null, bytes: 2, kind: 'float', rank: 4 },
  float32: { element: 'float32', bytes: 4, kind: 'float', rank: 5 },
  float64: { element: 'float64', bytes: 8, kind: 'float', rank: 6 },
};

export const DTYPES: readonly DType[] = [
  'float32',
  'float64',
  'float16',
  'bfloat16',
  'int32',
  'int64',
  'uint8',
  'bool',
];

/** The dtypes in words, for errors. */
export const DTYPE_NAMES = `${DTYPES.slice(0, -1).join(', ')} and ${DTYPES.at(-1)}`;

/**
 * The element type that kernels see for a dtype.
 * @throws TypeError for the 16-bit floats, which kernels do not see
 */
export function elementOf(dtype: DType): Element {
  // The two common cases first: this is on the path of every op.
  if (dtype === 'float32') return 'float32';
  if (dtype === 'float64') return 'float64';
  const { element } = INFO[dtype];
  if (element === null) {
    throw new TypeError(
      `no kernel computes in ${dtype} beside another dtype; convert the operands to one dtype: x.to('float32')`,
    );
  }
  return element;
}

/** Bytes per element in storage. */
export function itemSize(dtype: DType): number {
  return dtype === 'float32' ? 4 : INFO[dtype].bytes;
}

export function isFloat(dtype: DType): dtype is FloatDType {
  return dtype === 'float32' || dtype === 'float64' || isHalf(dtype);
}

/** Whether kernels compute in a dtype that gradients flow through. */
export function isWideFloat(dtype: DType): dtype is WideFloatDType {
  return dtype === 'float32' || dtype === 'float64';
}

/** The integers that a dtype holds exactly; null for float dtypes and bool. */
export function integerRange(dtype: DType): readonly [number, number] | null {
  switch (dtype) {
    case 'uint8':
      return [0, 255];
    case 'int32':
      return [-(2 ** 31), 2 ** 31 - 1];
    case 'int64':
      return [-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];
    default:
      return null;
  }
}

/**
 * A number as a dtype stores it: 0 or 1 for bool, without its fraction for integers.
 * @throws RangeError for what the integers of the dtype do not hold
 */
export function storable(dtype: DType, value: number, operation: string): number {
  if (dtype === 'float32' || dtype === 'float64') return value;
  if (dtype === 'bool') return value !== 0 ? 1 : 0;
  const range = integerRange(dtype);
  if (range === null) return value;
  const whole = Math.trunc(value);
  if (whole >= range[0] && whole <= range[1]) return whole;
  throw new RangeError(
    `${operation}: ${value} is out of range for ${dtype}, which holds ${range[0]} to ${range[1]}`,
  );
}

/** Whether a dtype is a 16-bit float, which is storage only. */
export function isHalf(dtype: DType): dtype is HalfDType {
  return dtype === 'float16' || dtype === 'bfloat16';
}

/** Integers and booleans: what no gradient flows through. */
export function isIntegral(dtype: DType): boolean {
  return !isFloat(dtype);
}

export function isDType(value: unknown): value is DType {
  return typeof value === 'string' && value in INFO;
}

let defaultDType: WideFloatDType = 'float32';

/** The dtype of tensors made from JavaScript numbers, and of integer division. */
export function getDefaultDtype(): WideFloatDType {
  return defaultDType;
}

/** Sets the dtype of tensors made from JavaScript numbers: 'float32' (at start) or 'float64'. */
export function setDefaultDtype(dtype: WideFloatDType): void {
  if (!isWideFloat(dtype)) {
    throw new TypeError(`setDefaultDtype: only float32 and float64 can be the default, not ${String(dtype)}`);
  }
  defaultDType = dtype;
}

/**
 * The smallest dtype both can be converted to by PyTorch's rules: bool < uint8 < int32 < int64 < float16, bfloat16 <
 * float32 < float64, and float32 for the two 16-bit dtypes together.
 */
export function promoteTypes(a: DType, b: DType): DType {
  if (a !== b && isHalf(a) && isHalf(b)) return 'float32';
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
export function toFloatType(dtype: DType): WideFloatDType {
  if (isWideFloat(dtype)) return dtype;
  return isHalf(dtype) ? 'float32' : defaultDType;
}

/** As kernels name the elements of a tensor of float32 or float64. */
export function elementOfFloat({ dtype }: { readonly dtype: DType }): FloatElement {
  return dtype === 'float32' ? 'float32' : 'float64';
}
