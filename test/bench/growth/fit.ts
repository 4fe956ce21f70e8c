/** How a measured quantity grows: y = c xᵖ, fitted to logarithms by least squares. */

export interface Fit {
  readonly exponent: number;
  /** By how much the points lie beside the line, as a factor minus 1: 0.05 is 5 % (root mean square of the logarithms). */
  readonly residual: number;
  /** The exponent between the last two points. */
  readonly last: number;
}

export function fitPower(points: readonly (readonly [x: number, y: number])[]): Fit {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)] as const);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const x0 = mean(logs.map(([x]) => x));
  const y0 = mean(logs.map(([, y]) => y));
  const exponent =
    logs.reduce((sum, [x, y]) => sum + (x - x0) * (y - y0), 0) /
    logs.reduce((sum, [x]) => sum + (x - x0) ** 2, 0);
  const errors = logs.map(([x, y]) => (y - y0 - exponent * (x - x0)) ** 2);
  const [before, end] = logs.slice(-2);
  return {
    exponent,
    residual: Math.exp(Math.sqrt(mean(errors))) - 1,
    last: (end[1] - before[1]) / (end[0] - before[0]),
  };
}
