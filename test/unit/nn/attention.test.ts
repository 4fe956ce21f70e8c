import { describe, expect, test } from 'vitest';
import { F, grad, memory, nn, rand, randn, type Tensor, tensor, zeros } from '../../../core/index.js';
import { resetPeakMemory } from '../../../core/storage.js';

/** The largest difference between the elements of two tensors. */
function distance(a: Tensor, b: Tensor): number {
  return a.double().sub(b.double()).abs().max().item();
}

/** Attention in float64, which is made of ops, with gradients by query, key and value. */
function exact(inputs: readonly Tensor[], options: object): Tensor[] {
  const wide = inputs.map((x) => x.detach().double().requiresGrad_());
  const y = F.scaledDotProductAttention(wide[0], wide[1], wide[2], options);
  return [y, ...grad(y.square().sum(), wide)];
}

const OPTIONS: readonly [string, () => object][] = [
  ['no mask', () => ({})],
  ['a causal mask', () => ({ isCausal: true })],
  ['a bool mask of some heads', () => ({ attnMask: rand([2, 1, 40, 50]).gt(0.3) })],
  ['a bool mask with rows that see nothing', () => ({ attnMask: rand([3, 40, 50]).gt(0.97) })],
  ['numbers that are added', () => ({ attnMask: randn([40, 50]) })],
  ['a mask of keys', () => ({ attnMask: rand([2, 1, 1, 50]).gt(0.5), scale: 0.4 })],
];

describe('scaledDotProductAttention', () => {
  test.each(OPTIONS)(
    'of float32 with %s is that of float64 to rounding, and so are its gradients',
    (_, make) => {
      const options = make();
      const inputs = [randn([2, 3, 40, 8]), randn([2, 3, 50, 8]), randn([2, 3, 50, 6])].map((x) =>
        x.requiresGrad_(),
      );
      const y = F.scaledDotProductAttention(inputs[0], inputs[1], inputs[2], options);
      const all = [y, ...grad(y.square().sum(), inputs)];
      exact(inputs, options).forEach((expected, i) => {
        expect(distance(all[i], expected)).toBeLessThan(2e-5);
      });
    },
  );

  test('has second-order gradients', () => {
    const second = (inputs: readonly Tensor[]): Tensor[] => {
      const y = F.scaledDotProductAttention(inputs[0], inputs[1], inputs[2], { isCausal: true });
      const first = grad(y.square().sum(), inputs, { createGraph: true });
      return grad(
        first.map((g) => g.square().sum()).reduce((a, b) => a.add(b)),
        inputs,
      );
    };
    const inputs = [randn([2, 5, 4]), randn([2, 5, 4]), randn([2, 5, 3])].map((x) => x.requiresGrad_());
    const wide = second(inputs.map((x) => x.detach().double().requiresGrad_()));
    second(inputs).forEach((g, i) => {
      expect(distance(g, wide[i]) / wide[i].abs().max().item()).toBeLessThan(1e-4);
    });
  });

  test('gives zeros to rows that see nothing', () => {
    // F.scaled_dot_product_attention(q, k, v, attn_mask=torch.tensor([[True, False], [False, False]]))[1] is all 0.
    const x = randn([2, 4], { requiresGrad: true });
    const attnMask = tensor([
      [true, false],
      [false, false],
    ]);
    for (const input of [x, x.double()]) {
      const y = F.scaledDotProductAttention(input, input, input, { attnMask });
      expect(y.at(1).tolist()).toEqual([0, 0, 0, 0]);
      expect(grad(y.sum(), [x])[0].isfinite().all().item()).toBe(1);
    }
  });

  test('takes memory that grows with the length of the sequence, not with its square', () => {
    const peak = (length: number): number => {
      const inputs = [1, 2, 3].map(() => randn([1, 2, length, 4], { requiresGrad: true }));
      resetPeakMemory();
      const before = memory().peak;
      const y = F.scaledDotProductAttention(inputs[0], inputs[1], inputs[2], { isCausal: true });
      grad(y.sum(), inputs);
      return memory().peak - before;
    };
    peak(512);
    const [short, long] = [peak(512), peak(2048)];
    // Scores of 2048 x 2048 would take 32 MiB for two heads.
    expect(long).toBeLessThan(4.2 * short);
    expect(long).toBeLessThan(2 ** 21);
  });
});

test('MultiheadAttention gives the same without its weights as with them', () => {
  const attention = new nn.MultiheadAttention(8, 2, { batchFirst: true });
  const x = randn([3, 6, 8]);
  const attnMask = nn.Transformer.generateSquareSubsequentMask(6);
  const keyPaddingMask = zeros([3, 6]).eq(1);
  for (const options of [{}, { attnMask }, { keyPaddingMask }, { attnMask, keyPaddingMask }]) {
    const [withWeights] = attention.forward(x, x, x, options);
    const [without] = attention.forward(x, x, x, { ...options, needWeights: false });
    expect(distance(withWeights, without)).toBeLessThan(1e-6);
  }
});
