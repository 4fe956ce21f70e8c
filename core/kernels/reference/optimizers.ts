/** Updates of parameters, in place. */
import { computesInJavaScript } from '../recording.js';
import type { AdamStep, FloatElement, Ptr, SgdStep } from '../api.js';
import type { AdamArrays, SgdArrays } from '../layers.js';
import { elementBytes, views } from '../views.js';

/** The smallest normal numbers. Below them processors compute many times slower, and moments decay towards them. */
export const SMALLEST_NORMAL: Readonly<Record<FloatElement, number>> = {
  float32: 2 ** -126,
  float64: 2 ** -1022,
};

export function axpy(element: FloatElement, n: number, alpha: number, x: Ptr, y: Ptr): void {
  computesInJavaScript();
  const array = views[element];
  const fromX = x / elementBytes[element];
  const fromY = y / elementBytes[element];
  for (let i = 0; i < n; i++) array[fromY + i] += alpha * array[fromX + i];
}

export function sgdStep(
  element: FloatElement,
  n: number,
  p: Ptr,
  g: Ptr,
  buffer: Ptr,
  options: SgdStep,
): void {
  computesInJavaScript();
  const { lr, momentum, dampening, weightDecay, nesterov, maximize, first } = options;
  const array = views[element];
  const bytes = elementBytes[element];
  const smallest = SMALLEST_NORMAL[element];
  for (let i = 0; i < n; i++) {
    const at = p / bytes + i;
    let gradient = array[g / bytes + i];
    if (maximize) gradient = -gradient;
    gradient += weightDecay * array[at];
    if (momentum !== 0) {
      const moment = first
        ? gradient
        : flush(momentum * array[buffer / bytes + i] + (1 - dampening) * gradient, smallest);
      array[buffer / bytes + i] = moment;
      gradient = nesterov ? gradient + momentum * moment : moment;
    }
    array[at] -= lr * gradient;
  }
}

export function adamStep(
  element: FloatElement,
  n: number,
  p: Ptr,
  g: Ptr,
  m: Ptr,
  v: Ptr,
  vMax: Ptr,
  options: AdamStep,
): void {
  computesInJavaScript();
  const { lr, beta1, beta2, eps, weightDecay, decoupled, amsgrad, maximize, step } = options;
  const array = views[element];
  const bytes = elementBytes[element];
  const smallest = SMALLEST_NORMAL[element];
  const stepSize = lr / (1 - beta1 ** step);
  const correction = Math.sqrt(1 - beta2 ** step);
  for (let i = 0; i < n; i++) {
    let parameter = array[p / bytes + i];
    let gradient = array[g / bytes + i];
    if (maximize) gradient = -gradient;
    if (decoupled) parameter *= 1 - lr * weightDecay;
    else gradient += weightDecay * parameter;
    const mean = flush(beta1 * array[m / bytes + i] + (1 - beta1) * gradient, smallest);
    const square = flush(beta2 * array[v / bytes + i] + (1 - beta2) * gradient * gradient, smallest);
    array[m / bytes + i] = mean;
    array[v / bytes + i] = square;
    let scale = square;
    if (amsgrad) {
      scale = Math.max(array[vMax / bytes + i], square);
      array[vMax / bytes + i] = scale;
    }
    array[p / bytes + i] = parameter - (stepSize * mean) / (Math.sqrt(scale) / correction + eps);
  }
}

function flush(x: number, smallest: number): number {
  return Math.abs(x) < smallest ? 0 : x;
}

export function sgdSteps(element: FloatElement, tensors: readonly SgdArrays[], options: SgdStep): void {
  for (const arrays of tensors) sgdStep(element, ...arrays, options);
}

export function adamSteps(element: FloatElement, tensors: readonly AdamArrays[], options: AdamStep): void {
  for (const arrays of tensors) adamStep(element, ...arrays, options);
}

export function sumSquares(element: FloatElement, n: number, x: Ptr, out: Ptr): void {
  const array = views[element];
  const start = x / elementBytes[element];
  let total = 0;
  for (let i = start; i < start + n; i++) total += array[i] ** 2;
  views.float64[out / 8] = total;
}
