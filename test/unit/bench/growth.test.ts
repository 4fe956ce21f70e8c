import { describe, expect, it } from 'vitest';
import { fitPower } from '../../bench/growth/fit.js';

describe('the exponent with which cost grows', () => {
  it('is that of a power, whatever its factor', () => {
    const fit = fitPower([1, 2, 4, 8].map((x) => [x, 3 * x ** 2]));
    expect(fit.exponent).toBeCloseTo(2, 12);
    expect(fit.last).toBeCloseTo(2, 12);
    expect(fit.residual).toBeCloseTo(0, 12);
  });

  it('of noisy points is the least-squares line of the logarithms', () => {
    // numpy.polyfit(log([1, 2, 4, 8, 16]), log([1, 2.2, 3.9, 8.3, 15]), 1)[0]
    const fit = fitPower([1, 2, 4, 8, 16].map((x, i) => [x, [1, 2.2, 3.9, 8.3, 15][i]]));
    expect(fit.exponent).toBeCloseTo(0.97293890039, 10);
    // exp(sqrt(mean((log y - polyval(p, log x))²))) - 1
    expect(fit.residual).toBeCloseTo(0.04884138175, 10);
    expect(fit.last).toBeCloseTo(Math.log2(15 / 8.3), 12);
  });
});
