/** Elementwise ops on small matrices of two operands that do not lie side by side: rows, columns, transposed ones. */
import type { BinaryFunction } from '../kernels/api.js';
import type { Tensor } from '../tensor.js';
import { inOrderFew, isFew } from './few.js';
import { flatStep, type Operand } from './operand.js';

/** Up to so many elements finding out the strides takes as long as computing. */
export const FEW_ROWS = 4096;

/** A matrix in order beside a row or a column: what the kernel does without being told the strides. */
export function computeRows(
  run: BinaryFunction,
  dtype: 'float32' | 'float64',
  a: Operand,
  b: Operand,
  out: Tensor,
): boolean {
  if (typeof a === 'number' || typeof b === 'number') return false;
  const [rows, columns] = out.layout.shape;
  if (isFew(rows * columns)) {
    const x = flatStep(a, rows * columns) === 1 ? a.ptr : inOrderFew(a, out.layout.shape, 0);
    const y = flatStep(b, rows * columns) === 1 ? b.ptr : inOrderFew(b, out.layout.shape, 1);
    if (x >= 0 && y >= 0) {
      run(x, y, out.ptr, 1, rows * columns, 0, 0, 1, 1);
      return true;
    }
  }
  const size = dtype === 'float32' ? 4 : 8;
  const [aRow, aStep] = rowSteps(a, rows, columns);
  const [bRow, bStep] = rowSteps(b, rows, columns);
  if (aStep < 0 || bStep < 0 || (aStep === 0 && bStep === 0)) return false;
  run(a.ptr, b.ptr, out.ptr, rows, columns, aRow * size, bRow * size, aStep, bStep);
  return true;
}

const NEITHER: readonly [number, number] = [-1, -1];

/** Elements between rows, and between columns (−1 where it is neither the matrix, nor a row or column of it, in order). */
function rowSteps(x: Tensor, rows: number, columns: number): readonly [number, number] {
  const { layout } = x;
  if (!layout.contiguous) return NEITHER;
  const { shape, ndim } = layout;
  if (layout.size === rows * columns && ndim === 2) return [columns, 1];
  if (layout.size === columns && shape[ndim - 1] === columns) return [0, 1];
  if (layout.size === rows && ndim === 2 && shape[0] === rows) return [1, 0];
  return NEITHER;
}
