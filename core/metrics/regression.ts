/** How well numbers are predicted. */
import { formatShape, sameShape } from '../layout.js';
import type { Tensor } from '../tensor.js';

/**
 * The coefficient of determination, R² = 1 - Σ (yᵢ - ŷᵢ)² / Σ (yᵢ - ȳ)²: 1 is perfect, 0 as good as the mean. Of
 * several outputs, [N, D], the mean of their R². An output whose target is constant counts 1 if it is predicted
 * exactly and 0 otherwise.
 */
export function r2Score(predictions: Tensor, target: Tensor): number {
  if (
    !sameShape(predictions.shape, target.shape) ||
    target.ndim < 1 ||
    target.ndim > 2 ||
    target.shape[0] < 2
  ) {
    throw new RangeError(
      'r2Score: takes predictions and a target of one shape, [N] or [N, D] with two samples or more, got ' +
        `${formatShape(predictions.shape)} and ${formatShape(target.shape)}`,
    );
  }
  const rows = target.shape[0];
  const columns = target.ndim === 1 ? 1 : target.shape[1];
  if (columns === 0) throw new RangeError('r2Score: there are no outputs');
  const predicted = predictions.toTypedArray();
  const actual = target.toTypedArray();
  let sum = 0;
  for (let j = 0; j < columns; j++) {
    let mean = 0;
    for (let i = 0; i < rows; i++) mean += actual[i * columns + j] / rows;
    let residual = 0;
    let total = 0;
    for (let i = 0; i < rows; i++) {
      const y = actual[i * columns + j];
      residual += (y - predicted[i * columns + j]) ** 2;
      total += (y - mean) ** 2;
    }
    sum += total === 0 ? (residual === 0 ? 1 : 0) : 1 - residual / total;
  }
  return sum / columns;
}
