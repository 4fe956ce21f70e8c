/** Values of the reference files: reading them at a precision, and comparing with them. */
import { type DType, type WideFloatDType, slice, Tensor, tensor } from 'nabla/core';

/** A tensor as the files write it. */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly dtype: 'float64' | 'float32' | 'int64' | 'bool';
  readonly data: readonly (number | 'NaN' | 'Infinity' | '-Infinity')[];
  readonly requiresGrad?: boolean;
}

/** Anything the files write as an argument or a result. */
export type Stored =
  | StoredTensor
  | number
  | boolean
  | string
  | null
  | readonly Stored[]
  | { readonly torchDtype: string }
  | { readonly slice: readonly (number | null)[] }
  | { readonly ellipsis: true };

export interface Tolerance {
  readonly relative: number;
  readonly absolute: number;
}

export const TOLERANCES: Readonly<Record<WideFloatDType, { values: Tolerance; gradients: Tolerance }>> = {
  float64: {
    values: { relative: 1e-7, absolute: 1e-9 },
    gradients: { relative: 1e-7, absolute: 1e-9 },
  },
  float32: {
    values: { relative: 1.3e-4, absolute: 1e-5 },
    gradients: { relative: 1e-3, absolute: 1e-4 },
  },
};

export function isStoredTensor(value: Stored | undefined): value is StoredTensor {
  return typeof value === 'object' && value !== null && 'shape' in value && 'data' in value;
}

function isList(value: Stored): value is readonly Stored[] {
  return Array.isArray(value);
}

const SPECIAL: Readonly<Record<string, number>> = { NaN, Infinity, '-Infinity': -Infinity };

export function storedNumber(value: number | string): number {
  return typeof value === 'number' ? value : (SPECIAL[value] ?? Number.NaN);
}

/** The dtype a stored one stands for at a precision: float64 is "the default dtype" of the files. */
export function dtypeAt(precision: WideFloatDType, dtype: string): DType {
  switch (dtype) {
    case 'float64':
      return precision;
    case 'float32':
    case 'int64':
    case 'bool':
      return dtype;
    default:
      throw new Error(`the reference files hold no ${dtype}`);
  }
}

export function readTensor(stored: StoredTensor, precision: WideFloatDType): Tensor {
  return tensor(stored.data.map(storedNumber), {
    dtype: dtypeAt(precision, stored.dtype),
    shape: stored.shape,
    requiresGrad: stored.requiresGrad ?? false,
  });
}

/** An argument of a call. Tensors are collected in order of appearance. */
export function readArgument(stored: Stored, precision: WideFloatDType, tensors: Tensor[]): unknown {
  if (typeof stored === 'string') return stored in SPECIAL ? SPECIAL[stored] : stored;
  if (typeof stored !== 'object' || stored === null) return stored;
  if (isList(stored)) return stored.map((entry) => readArgument(entry, precision, tensors));
  if (isStoredTensor(stored)) {
    const value = readTensor(stored, precision);
    tensors.push(value);
    return value;
  }
  if ('torchDtype' in stored) return dtypeAt(precision, stored.torchDtype);
  if ('slice' in stored) {
    const [start, stop, step] = stored.slice;
    return slice(start ?? null, stop ?? null, step ?? null);
  }
  return '...';
}

/** `keepdim_max` -> `keepdimMax` */
export function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Why a tensor is not what was stored, or null if it is. */
export function difference(
  actual: unknown,
  expected: Stored,
  precision: WideFloatDType,
  tolerance: Tolerance,
): string | null {
  if (isStoredTensor(expected)) {
    if (!(actual instanceof Tensor)) return `expected a tensor, got ${typeof actual}`;
    return tensorDifference(actual, expected, precision, tolerance);
  }
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return 'expected an array';
    const values: readonly unknown[] = actual;
    const list = expected as readonly Stored[];
    if (values.length !== list.length) return `expected ${list.length} results, got ${values.length}`;
    for (let i = 0; i < list.length; i++) {
      const problem = difference(values[i], list[i], precision, tolerance);
      if (problem !== null) return `[${i}] ${problem}`;
    }
    return null;
  }
  return actual === expected ? null : `expected ${JSON.stringify(expected)}, got ${String(actual)}`;
}

function tensorDifference(
  actual: Tensor,
  expected: StoredTensor,
  precision: WideFloatDType,
  tolerance: Tolerance,
): string | null {
  const dtype = dtypeAt(precision, expected.dtype);
  if (actual.dtype !== dtype) return `dtype ${actual.dtype} instead of ${dtype}`;
  if (actual.shape.join() !== expected.shape.join()) {
    return `shape [${actual.shape.join(', ')}] instead of [${expected.shape.join(', ')}]`;
  }
  const exact = dtype === 'int64' || dtype === 'bool';
  return arrayDifference(
    Array.from(actual.toTypedArray()),
    expected.data.map(storedNumber),
    exact ? { relative: 0, absolute: 0 } : tolerance,
  );
}

export function arrayDifference(
  actual: readonly number[],
  expected: readonly number[],
  { relative, absolute }: Tolerance,
): string | null {
  for (let i = 0; i < expected.length; i++) {
    const a = actual[i];
    const e = expected[i];
    if (a === e || (Number.isNaN(a) && Number.isNaN(e))) continue;
    if (!(Math.abs(a - e) <= absolute + relative * Math.abs(e)) || !Number.isFinite(e)) {
      return `element ${i} is ${a} instead of ${e}`;
    }
  }
  return null;
}
