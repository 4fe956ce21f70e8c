/**
 * Conventions of the reference files that a comparison must know: eigenvectors and singular vectors are determined up
 * to sign, and gradients of some symmetric inputs are stored symmetrized.
 */
import type { Tensor } from 'nabla/core';
import type { Stored } from './values.js';

const SYMMETRIZED = new Set(['linalg.cholesky', 'linalg.eigh', 'linalg.eigvalsh']);

/** (G + Gᵀ)/2 where the stored gradients of an op are. */
export function symmetrize(op: string, gradient: Tensor): Tensor {
  return SYMMETRIZED.has(op) ? gradient.add(gradient.transpose(-2, -1)).div(2) : gradient;
}

export interface Signs {
  /** The outputs that cotangents belong to. */
  outputs(output: unknown): unknown;
  cotangents(stored: Stored): Stored;
}

const SAME: Signs = { outputs: (output) => output, cotangents: (stored) => stored };

export function alignSigns(
  _op: string,
  output: unknown,
  _expected: Stored,
): { aligned: unknown; signs: Signs } {
  return { aligned: output, signs: SAME };
}
