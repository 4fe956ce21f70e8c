/**
 * Products of a library on several threads. They are ours, each with a part of the rows or columns: a library's own threads
 * would look for work on the same processors as ours, know nothing of what else runs there, and give other bits on one.
 */
import type { FloatElement } from '../api.js';
import { inParts, job, jointly, noteLibrary, type Axis, type LibraryFunction } from '../threads/index.js';
import { elementBytes } from '../views.js';
import type { Gemm } from './binding.js';

/** Numbers for `Gemm`, truths among them: transposeA, transposeB, m, n, k, a, lda, b, ldb, beta, c, ldc. */
export type ProductArguments = readonly number[];

/** Where they are. */
const Argument = { a: 5, b: 7, c: 10, m: 2, n: 3 } as const;
const COUNT = 12;
/** Rows and columns are divided at multiples of this. */
const STEP = 16;
/** Multiplications of some twenty microseconds, by which it is told whether to wake a helper. */
const PER_CHUNK = 2 ** 18;

/** A product in so many parts, which follow from its shape and their number alone. */
export type DividedProduct = (args: ProductArguments, parts: number) => void;

/** Products by `gemm`, which helpers call as well: `call` says how they find it. */
export function dividedProduct(gemm: Gemm, call: LibraryFunction): DividedProduct {
  const run = (...args: number[]): void => {
    const [transposeA, transposeB, m, n, k, a, lda, b, ldb, beta, c, ldc] = args;
    gemm(transposeA !== 0, transposeB !== 0, m, n, k, a, lda, b, ldb, beta === 0 ? 0 : 1, c, ldc);
  };
  noteLibrary(run, call);
  return (args, parts) => {
    const [, , m, n, k] = args;
    const axis = partsOf(call.element, args, parts);
    jointly(
      -m * n * k - (call.element === 'float32' ? 0.75 : 0.875),
      Math.ceil((m * n * k) / PER_CHUNK),
      args,
      inParts(run, [axis]),
      (given) => {
        job(run, given, axis);
      },
    );
  };
}

/** Along the longer side of the result: a library packs the whole of the other operand for each part. */
function partsOf(element: FloatElement, args: ProductArguments, parts: number): Axis {
  const [transposeA, transposeB, m, n, , , lda, , ldb, , , ldc] = args;
  const bytes = elementBytes[element];
  const steps = new Array<number>(COUNT).fill(0);
  const byRows = m > n;
  if (byRows) {
    steps[Argument.a] = transposeA !== 0 ? bytes : lda * bytes;
    steps[Argument.c] = ldc * bytes;
  } else {
    steps[Argument.b] = transposeB !== 0 ? ldb * bytes : bytes;
    steps[Argument.c] = bytes;
  }
  const size = Math.ceil((byRows ? m : n) / parts / STEP) * STEP;
  return { count: byRows ? Argument.m : Argument.n, size, steps, apart: true };
}
