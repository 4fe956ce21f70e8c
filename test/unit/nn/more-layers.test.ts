/** Layers that have no reference file: against their formulas and against functions that have one. */
import { describe, expect, test } from 'vitest';
import {
  functionalCall,
  gradFn,
  manualSeed,
  nn,
  ones,
  randn,
  tensor,
  type Tensor,
} from '../../../core/index.js';

const F = nn.functional;

function close(a: Tensor, b: Tensor): void {
  expect(a.shape).toEqual(b.shape);
  expect(a.sub(b).abs().max().item()).toBeLessThan(1e-6);
}

describe('layers', () => {
  test('RMSNorm divides by the root of the mean square and learns a weight', () => {
    const norm = new nn.RMSNorm(2, { eps: 0 });
    // 3² + 4² = 25, mean 12.5
    close(norm(tensor([[3, 4]])), tensor([[3 / Math.sqrt(12.5), 4 / Math.sqrt(12.5)]]));
    expect(Object.keys(norm.stateDict())).toEqual(['weight']);
    norm.loadStateDict({ weight: tensor([2, 1]) });
    close(norm(tensor([3, 4])), tensor([6 / Math.sqrt(12.5), 4 / Math.sqrt(12.5)]));
    // Without eps, the dtype's: zeros stay zeros.
    expect(new nn.RMSNorm([2]).forward(tensor([0, 0])).tolist()).toEqual([0, 0]);
    expect(() => norm(tensor([1, 2, 3]))).toThrow('rmsNorm: expected an input of shape [..., 2], got [3]');
  });

  test('Softmax2d adds up to 1 over the channels', () => {
    const x = randn(2, 3, 4, 5);
    close(new nn.Softmax2d()(x), F.softmax(x, 1));
    close(new nn.Softmax2d()(x.select(0, 0)), F.softmax(x, 1).select(0, 0));
    expect(() => new nn.Softmax2d()(tensor([1]))).toThrow(
      'Softmax2d: takes an input of 3 or 4 dimensions, got shape [1]',
    );
  });

  test('adaptive pooling of volumes agrees with pooling by equal windows, and with planes', () => {
    const x = randn(2, 3, 4, 6, 8);
    close(new nn.AdaptiveAvgPool3d(2)(x), F.avgPool3d(x, [2, 3, 4]));
    close(new nn.AdaptiveMaxPool3d([2, null, 4])(x), F.maxPool3d(x, [2, 1, 2]));
    const plane = randn(3, 1, 7, 5);
    close(
      new nn.AdaptiveMaxPool3d([1, 3, 2])(plane).squeeze(1),
      F.adaptiveMaxPool2d(plane.squeeze(1), [3, 2]),
    );
    const { indices } = F.adaptiveMaxPool3d(x, [2, 3, 4], { returnIndices: true });
    close(x.flatten(2).gather(2, indices.flatten(2)).reshape([2, 3, 2, 3, 4]), F.maxPool3d(x, 2));
  });

  test('upsampling layers are interpolation', () => {
    const x = randn(1, 2, 3, 4);
    close(new nn.UpsamplingNearest2d({ scaleFactor: 2 })(x), F.interpolate(x, { scaleFactor: 2 }));
    const bilinear = new nn.UpsamplingBilinear2d({ size: [5, 7] })(x);
    close(bilinear, F.interpolate(x, { size: [5, 7], mode: 'bilinear', alignCorners: true }));
    close(bilinear.at('...', 0, 0), x.at('...', 0, 0));
  });

  test('circular padding goes round', () => {
    expect(new nn.CircularPad1d([2, 1])(tensor([[[1, 2, 3]]])).tolist()).toEqual([[[2, 3, 1, 2, 3, 1]]]);
    expect(new nn.CircularPad2d(1)(randn(1, 1, 2, 2)).shape).toEqual([1, 1, 4, 4]);
    expect(new nn.CircularPad3d(1)(randn(1, 1, 2, 2, 2)).shape).toEqual([1, 1, 4, 4, 4]);
  });

  test('the triplet loss takes a distance', () => {
    manualSeed(0);
    const [a, p, n] = [randn(4, 3), randn(4, 3), randn(4, 3)];
    const euclidean = new nn.TripletMarginWithDistanceLoss({ margin: 2, swap: true });
    close(euclidean(a, p, n), F.tripletMarginLoss(a, p, n, { margin: 2, swap: true }));
    const distanceFunction = (x: Tensor, y: Tensor): Tensor => F.pairwiseDistance(x, y, { p: 1 });
    const manhattan = new nn.TripletMarginWithDistanceLoss({ distanceFunction, reduction: 'none' });
    close(manhattan(a, p, n), F.tripletMarginLoss(a, p, n, { p: 1, reduction: 'none' }));
  });
});

describe('functionalCall', () => {
  test('uses the given tensors in place of the own ones, and lets gradients flow to them', () => {
    manualSeed(0);
    const model = new nn.Sequential(new nn.Linear(2, 3), new nn.Tanh(), new nn.Linear(3, 1));
    const x = randn(4, 2);
    const before = model(x);
    const weight = randn(3, 2);
    const expected = model.clone();
    expected.loadStateDict({ '0.weight': weight }, { strict: false });
    close(functionalCall(model, { '0.weight': weight }, x), expected(x));
    close(model(x), before);

    const loss = (w: Tensor): Tensor => nn.functionalCall(model, { '0.weight': w }, x).square().mean();
    const gradient = gradFn(loss)(weight);
    expected(x).square().mean().backward();
    close(gradient, expected.getSubmodule('0').parameters()[0].grad!);
    expect(model.parameters()[0].grad).toBeNull();
  });

  test('restores the own tensors after an error, replaces shared ones everywhere, names what does not fit', () => {
    class Tied extends nn.Module {
      first = new nn.Linear(2, 2, { bias: false });
      second = new nn.Linear(2, 2, { bias: false });
      constructor() {
        super();
        Reflect.set(this.second, 'weight', this.first.weight);
      }
      forward(x: Tensor): Tensor {
        return this.second(this.first(x));
      }
    }
    const tied = new Tied();
    const own = tied.first.weight;
    close(functionalCall(tied, { 'first.weight': ones([2, 2]) }, ones([1, 2])), tensor([[4, 4]]));
    expect(() => functionalCall(tied, { 'first.weight': ones([2, 2]) }, ones([1, 3]))).toThrow(
      'expected an input of shape',
    );
    expect(tied.first.weight).toBe(own);
    expect(tied.second.weight).toBe(own);
    expect(() => functionalCall(tied, { third: own }, ones([1, 2]))).toThrow(
      'functionalCall: Tied has no parameter or buffer "third"; it has: first.weight, second.weight',
    );
    expect(() => functionalCall(tied, { 'first.weight': ones([3]) }, ones([1, 2]))).toThrow(
      'functionalCall: "first.weight" of Tied has shape [2, 2], got [3]',
    );
  });
});
