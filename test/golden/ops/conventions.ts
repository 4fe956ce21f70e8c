/**
 * Conventions of the reference files that a comparison must know: eigenvectors and singular vectors are determined up
 * to sign, gradients of some symmetric inputs are stored symmetrized, and some ops give more than is stored.
 */
import { tensor, Tensor } from 'nabla/core';
import { isStoredTensor, storedNumber, type Stored, type StoredTensor } from './values.js';

const SYMMETRIZED = new Set(['linalg.cholesky', 'linalg.eigh', 'linalg.eigvalsh']);

/** (G + Gᵀ)/2 where the stored gradients of an op are. */
export function symmetrize(op: string, gradient: Tensor): Tensor {
  return SYMMETRIZED.has(op) ? gradient.add(gradient.transpose(-2, -1)).div(2) : gradient;
}

/** Ops of whose results only the first is stored. */
const FIRST_ONLY = new Set(['linalg.lstsq']);

/** What of an op's results is stored. */
export function storedPart(op: string, output: unknown): unknown {
  return FIRST_ONLY.has(op) && Array.isArray(output) ? (output as readonly unknown[])[0] : output;
}

/** Which outputs hold vectors of free sign: those in the columns of one go with those in the rows of the other. */
interface FreeSigns {
  readonly columns: number;
  readonly rows: number | null;
}

const FREE_SIGNS: Readonly<Record<string, FreeSigns>> = {
  'linalg.eigh': { columns: 1, rows: null },
  'linalg.svd': { columns: 0, rows: 2 },
  'linalg.qr': { columns: 0, rows: 1 },
};

/**
 * The outputs with the signs of the stored ones: column j is multiplied by −1 (with row j of its partner) where its
 * product with the stored column is negative. Recorded, so that the stored cotangents belong to the result. Columns and
 * rows beyond those that have a partner, which are only some orthonormal completion, are replaced by the stored ones
 * after a check that they are one.
 */
export function alignSigns(op: string, output: unknown, expected: Stored): unknown {
  if (!(op in FREE_SIGNS) || !Array.isArray(output) || !Array.isArray(expected)) return output;
  const { columns, rows } = FREE_SIGNS[op];
  const parts = [...(output as readonly Tensor[])];
  const stored = expected as readonly StoredTensor[];
  if (parts[columns].ndim < 2) return output;
  const known = stored[columns];
  const width = parts[columns].shape.at(-1) ?? 0;
  const partner = rows === null ? width : (parts[rows].shape.at(-2) ?? 0);
  const paired = Math.min(width, partner, op === 'linalg.svd' ? (parts[1].shape.at(-1) ?? 0) : width);
  const reference = tensor(known.data.map(storedNumber), { shape: known.shape, dtype: parts[columns].dtype });
  if (reference.shape.join() !== parts[columns].shape.join()) return output;
  const signs = parts[columns].detach().mul(reference).sum(-2).sign();
  const columnSigns = signs.unsqueeze(-2);
  parts[columns] = completed(parts[columns].mul(columnSigns), stored[columns], paired, -1);
  if (rows !== null) {
    const rowSigns = firstSigns(signs, paired, partner).unsqueeze(-1);
    parts[rows] = parts[rows].mul(rowSigns);
    if (op === 'linalg.svd') parts[rows] = completed(parts[rows], stored[rows], paired, -2);
  }
  return parts;
}

/** The first `paired` signs, and ones up to `size`. */
function firstSigns(signs: Tensor, paired: number, size: number): Tensor {
  const values = Array.from({ length: size }, () => 1);
  const ones = tensor(values, { dtype: signs.dtype }).expand([...signs.shape.slice(0, -1), size]);
  const result = ones.clone();
  result.narrow(-1, 0, paired).copy_(signs.narrow(-1, 0, paired));
  return result;
}

/** Vectors from `paired` on, as stored, if they are orthonormal and orthogonal to the others; else as they are. */
function completed(x: Tensor, stored: Stored, paired: number, dim: -1 | -2): Tensor {
  const size = x.shape.at(dim) ?? 0;
  if (size === paired || !isStoredTensor(stored)) return x;
  const square = dim === -1 ? x.transpose(-2, -1).matmul(x) : x.matmul(x.transpose(-2, -1));
  const identity = tensor(
    Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j) => (i === j ? 1 : 0))),
    { dtype: x.dtype },
  );
  if (!square.detach().allclose(identity.expand(square.shape), { atol: 1e-5 })) return x;
  const reference = tensor(stored.data.map(storedNumber), { shape: stored.shape, dtype: x.dtype });
  const result = x.detach().clone();
  result.narrow(dim, paired, size - paired).copy_(reference.narrow(dim, paired, size - paired));
  return result;
}
