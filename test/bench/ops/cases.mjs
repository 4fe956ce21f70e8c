/** All cases, in the order in which they are measured: every process makes the same list. */
import { furtherAlgebraCases } from './algebra.mjs';
import { arrangementCases } from './arrangements.mjs';
import { composedCases } from './composed.mjs';
import { elementwiseCases } from './elementwise.mjs';
import { layerCases } from './layers.mjs';
import { movementCases } from './movement.mjs';
import { networkCases } from './networks.mjs';
import { productCases } from './products.mjs';
import { reductionCases } from './reductions.mjs';

export const allCases = [
  ...elementwiseCases,
  ...reductionCases,
  ...movementCases,
  ...productCases,
  ...networkCases,
  ...composedCases,
  ...arrangementCases,
  ...layerCases,
  ...furtherAlgebraCases,
];

/** What the gradient of a case's result is, the same in every process. */
export const gradientNumbers = { low: 0.5, high: 1.5, seed: 5 };

export function nameOf(entry) {
  return entry.variant ? `${entry.op} ${entry.variant}` : entry.op;
}
