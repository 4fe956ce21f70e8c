/** Sequences of several lengths: packed, padded and back, and through recurrent networks as each would go alone. */
import { manualSeed, nn, randn, Tensor, tensor } from 'nabla/core';
import { expect, test } from 'vitest';

const { packPaddedSequence, packSequence, padPackedSequence, padSequence, unpackSequence, unpadSequence } =
  nn.utils.rnn;
const numbers = (x: Tensor): number[] => Array.from(x.toTypedArray(), Number);

// torch 2.15: manual_seed(7); nn.LSTM(2, 3, 2, bidirectional=True); randn(n, 2) for n in 2, 4, 1; pack_sequence(..., enforce_sorted=False)
test('an LSTM of two layers and directions gives the numbers of PyTorch for a packed batch', () => {
  manualSeed(7);
  const lstm = new nn.LSTM(2, 3, { numLayers: 2, bidirectional: true });
  const sequences = [2, 4, 1].map((n) => randn(n, 2));
  const [output, [h, c]] = lstm(packSequence(sequences, { enforceSorted: false }));
  const [padded, lengths] = padPackedSequence(output);
  expect(output.batchSizes).toEqual([3, 2, 1, 1]);
  expect(numbers(lengths)).toEqual([2, 4, 1]);
  const close = (x: Tensor, expected: number[]): void =>
    numbers(x.sum([0, 2])).forEach((value, i) => expect(value).toBeCloseTo(expected[i], 5));
  close(padded, [-0.894046, -2.254626, -0.353264]);
  close(h, [-0.73359, -1.460802, -0.070892]);
  close(c, [-1.47867, -3.454127, 0.374086]);
  padded.sum().backward();
  expect(lstm.weightHhL0Reverse.grad?.norm().item()).toBeCloseTo(0.096754, 5);
});

test.each([
  ['RNN', () => new nn.RNN(2, 3, { nonlinearity: 'relu', bidirectional: true })],
  ['GRU', () => new nn.GRU(2, 3, { numLayers: 2 })],
] as const)('%s: each sequence goes as it would alone, from its own state', (_, make) => {
  manualSeed(1);
  const layer = make();
  const passes = layer.numLayers * layer.directions;
  const first = randn(passes, 3, 3);
  const sequences = [2, 4, 3].map((n) => randn(n, 2));
  const [output, last] = layer(packSequence(sequences, { enforceSorted: false }), first);
  unpackSequence(output).forEach((each, i) => {
    const [alone, state] = layer(sequences[i].unsqueeze(1), first.narrow(1, i, 1));
    expect(each.allclose(alone.squeeze(1), { atol: 1e-6 })).toBe(true);
    expect(last.narrow(1, i, 1).allclose(state, { atol: 1e-6 })).toBe(true);
  });
});

test('padding and packing go there and back', () => {
  const sequences = [3, 1, 2].map((n) => randn(n, 2));
  const padded = padSequence(sequences, { batchFirst: true, paddingValue: -1 });
  expect(padded.at(1, 1).tolist()).toEqual([-1, -1]);
  expect(
    padSequence(sequences, { batchFirst: true, paddingSide: 'left' }).at(1, 2).equal(sequences[1].at(0)),
  ).toBe(true);
  unpadSequence(padded, [3, 1, 2], { batchFirst: true }).forEach((x, i) =>
    expect(x.equal(sequences[i])).toBe(true),
  );
  const packed = packPaddedSequence(padded, tensor([3, 1, 2], { dtype: 'int64' }), {
    batchFirst: true,
    enforceSorted: false,
  });
  const [again] = padPackedSequence(packed, { batchFirst: true, paddingValue: -1, totalLength: 5 });
  expect(again.shape).toEqual([3, 5, 2]);
  expect(again.narrow(1, 0, 3).equal(padded)).toBe(true);
});

test.each([
  [
    'lengths that rise',
    () => packPaddedSequence(randn(3, 2, 1), [2, 3]),
    /lengths must fall, got \[2, 3\]; \{ enforceSorted: false \}/,
  ],
  [
    'a length of nothing',
    () => packPaddedSequence(randn(3, 2, 1), [3, 0]),
    /whole numbers from 1 to 3, got 0/,
  ],
  ['too few lengths', () => packPaddedSequence(randn(3, 2, 1), [3]), /2 sequences have 2 lengths, got 1/],
  [
    'an option',
    () => packPaddedSequence(randn(3, 2, 1), [3, 2], { batchfirst: true } as object),
    /no option "batchfirst"/,
  ],
  [
    'what is not packed',
    () => padPackedSequence(randn(2) as unknown as nn.PackedSequence),
    /what packPaddedSequence gives/,
  ],
  ['nothing to pad', () => padSequence([]), /one or more tensors/],
  [
    'another width',
    () => new nn.GRU(2, 3)(packSequence([randn(2, 5)])),
    /packed data of shape \[.., 2\], got \[2, 5\]/,
  ],
])('%s is an error that says so', (_, wrong, message) => {
  expect(wrong).toThrow(message);
});

test('functionalCall puts plain tensors in the place of weights of recurrent networks and parameter lists', () => {
  const gru = new nn.GRU(2, 3);
  const zeros = Object.fromEntries(gru.namedParameters().map(([name, x]) => [name, x.detach().mul(0)]));
  expect(
    nn
      .functionalCall(gru, zeros, randn(4, 1, 2))[0]
      .abs()
      .sum()
      .item(),
  ).toBe(0);
  class Weighted extends nn.Module {
    weights = new nn.ParameterList([new nn.Parameter(tensor([2]))]);
    forward(x: Tensor): Tensor {
      return x.mul(this.weights.at(0));
    }
  }
  const list = new Weighted();
  expect(nn.functionalCall(list, { 'weights.0': tensor([5]) }, tensor([1])).item()).toBe(5);
  expect(list(tensor([1])).item()).toBe(2);
});

test('a copy of a recurrent network has weights of its own, under the same fields', () => {
  const gru = new nn.GRU(2, 3);
  const copy = gru.clone();
  copy.weightIhL0.detach().zero_();
  expect(copy.weightIhL0.abs().sum().item()).toBe(0);
  expect(gru.weightIhL0.abs().sum().item()).toBeGreaterThan(0);
});
