/**
 * A line search that finds a step with the strong Wolfe conditions (Nocedal and Wright, "Numerical Optimization",
 * algorithms 3.5 and 3.6), with the bounds and interpolations of PyTorch's L-BFGS.
 */

/** The function along the line at one step. */
export interface LinePoint {
  /** The step. */
  readonly t: number;
  readonly value: number;
  /** The gradient there, and its product with the direction. */
  readonly grad: Float64Array;
  readonly slope: number;
}

const SUFFICIENT_DECREASE = 1e-4;
const CURVATURE = 0.9;
const MAX_EVALUATIONS = 25;
const SMALLEST_BRACKET = 1e-9;

/** The minimum of the cubic through two points with their slopes, within bounds. */
function cubicMinimum(a: LinePoint, b: LinePoint, low: number, high: number): number {
  const d1 = a.slope + b.slope - (3 * (a.value - b.value)) / (a.t - b.t);
  const square = d1 * d1 - a.slope * b.slope;
  if (square < 0) return (low + high) / 2;
  const d2 = Math.sqrt(square);
  const minimum =
    a.t <= b.t
      ? b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
      : a.t - (a.t - b.t) * ((a.slope + d2 - d1) / (a.slope - b.slope + 2 * d2));
  return Math.min(Math.max(minimum, low), high);
}

/** What the search ended with and how often it evaluated the function. */
export interface LineResult {
  readonly point: LinePoint;
  readonly evaluations: number;
}

/**
 * Searches along a line.
 * @param evaluate the function at a step
 * @param start the function at step 0
 * @param first the first step to try
 * @param length the largest element of the direction
 */
export function strongWolfe(
  evaluate: (t: number) => LinePoint,
  start: LinePoint,
  first: number,
  length: number,
): LineResult {
  const tooHigh = (point: LinePoint): boolean =>
    point.value > start.value + SUFFICIENT_DECREASE * point.t * start.slope;
  const flatEnough = (point: LinePoint): boolean => Math.abs(point.slope) <= -CURVATURE * start.slope;

  // Widen the step until an interval is known to contain a good point.
  let previous = start;
  let current = evaluate(first);
  let evaluations = 1;
  let iteration = 0;
  let bracket: [LinePoint, LinePoint] | null = null;
  while (iteration < MAX_EVALUATIONS) {
    if (tooHigh(current) || (iteration > 1 && current.value >= previous.value)) {
      bracket = [previous, current];
      break;
    }
    if (flatEnough(current)) return { point: current, evaluations };
    if (current.slope >= 0) {
      bracket = [previous, current];
      break;
    }
    const low = current.t + 0.01 * (current.t - previous.t);
    const next = evaluate(cubicMinimum(previous, current, low, current.t * 10));
    evaluations++;
    iteration++;
    previous = current;
    current = next;
  }
  bracket ??= [start, current];

  // Narrow the interval.
  let [low, high] = bracket[0].value <= bracket[1].value ? bracket : [bracket[1], bracket[0]];
  let stalled = false;
  while (iteration < MAX_EVALUATIONS) {
    const left = Math.min(low.t, high.t);
    const right = Math.max(low.t, high.t);
    if ((right - left) * length < SMALLEST_BRACKET) break;
    let t = cubicMinimum(low, high, left, right);
    const margin = 0.1 * (right - left);
    if (Math.min(right - t, t - left) < margin) {
      if (stalled || t >= right || t <= left) {
        t = Math.abs(t - right) < Math.abs(t - left) ? right - margin : left + margin;
        stalled = false;
      } else {
        stalled = true;
      }
    } else {
      stalled = false;
    }
    const next = evaluate(t);
    evaluations++;
    iteration++;
    if (tooHigh(next) || next.value >= low.value) {
      high = next;
      if (high.value < low.value) [low, high] = [high, low];
    } else {
      if (flatEnough(next)) return { point: next, evaluations };
      if (next.slope * (high.t - low.t) >= 0) high = low;
      low = next;
    }
  }
  return { point: low, evaluations };
}
