/** Anomaly mode: which op made the first NaN, and where it was called. */
import { autograd, detectAnomaly, isAnomalyEnabled, setDetectAnomaly, type Tensor, tensor } from 'nabla/core';
import { afterEach, describe, expect, it } from 'vitest';

afterEach(() => setDetectAnomaly(false));

const leaf = (data: number[]): Tensor => tensor(data, { dtype: 'float64', requiresGrad: true });

function divide(a: Tensor, b: Tensor): Tensor {
  return a.div(b);
}

describe('anomaly mode', () => {
  it('names the op of the forward pass, its shapes and its line', () => {
    const zero = leaf([0, 1]);
    expect(() => detectAnomaly(() => divide(zero.mul(2), zero).add(1))).toThrow(
      /^div made the first NaN \(forward pass\): its result has shape \[2\], from inputs of shape \[2\] and \[2\]\. It was called at\n\s+at divide .*anomaly\.test\.ts:\d+/,
    );
    expect(() => detectAnomaly(() => leaf([-1]).log())).toThrow(/^log made the first NaN/);
    expect(() => detectAnomaly(() => leaf([0, 1]).div_(0))).toThrow(/NaN|leaf/);
  });

  it('names the op of the backward pass', () => {
    const x = leaf([0, 4]);
    const y = detectAnomaly(() =>
      x
        .sqrt()
        .mul(tensor([0, 1], { dtype: 'float64' }))
        .sum(),
    );
    expect(() => detectAnomaly(() => y.backward())).toThrow(
      /^SqrtBackward made the first NaN \(backward pass\): in the gradient by its input 0, of shape \[2\]\. The operation is sqrt with input of shape \[2\], called at\n\s+at .*anomaly\.test\.ts:\d+/,
    );
  });

  it('names the op as it was called, not what it is made of', () => {
    // x log y is 0 where x is, whatever is computed on the way.
    expect(
      detectAnomaly(() =>
        leaf([0])
          .xlogy(tensor([0], { dtype: 'float64' }))
          .item(),
      ),
    ).toBe(0);
    expect(detectAnomaly(() => tensor([NaN, 1]).nansum().item())).toBe(1);
    expect(detectAnomaly(() => tensor([NaN, 1]).add(1).isnan().sum().item())).toBe(1);
  });

  it('finds mistakes in a Function of one’s own', () => {
    class Wrong extends autograd.Function {
      static forward(_ctx: object, x: Tensor): Tensor {
        return x.clone();
      }
      static backward(_ctx: object, g: Tensor): Tensor {
        return g.div(0).mul(0);
      }
    }
    expect(() =>
      detectAnomaly(() =>
        Wrong.apply(leaf([1]))
          .sum()
          .backward(),
      ),
    ).toThrow(/^WrongBackward made the first NaN/);
  });

  it('is off by default, and again after an error', () => {
    const x = leaf([0]);
    expect(x.div(x).isnan().item()).toBe(1);
    expect(() => detectAnomaly(() => x.div(x))).toThrow();
    expect(isAnomalyEnabled()).toBe(false);
    expect(setDetectAnomaly(true)).toBe(false);
    expect(() => x.div(x)).toThrow(/div made the first NaN/);
    expect(setDetectAnomaly(true, { checkNan: false })).toBe(true);
    const y = x.div(x);
    expect(y.gradFn?.trace).toMatch(/div with inputs of shape \[1\] and \[1\], called at/);
    expect(() => detectAnomaly(() => Promise.resolve(1))).toThrow(/synchronous/);
  });
});
