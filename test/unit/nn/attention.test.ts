import { describe, expect, test } from 'vitest';
import {
  F,
  grad,
  manualSeed,
  memory,
  nn,
  ones,
  rand,
  randn,
  type Tensor,
  tensor,
  where,
  zeros,
} from '../../../core/index.js';
import { resetPeakMemory } from '../../../core/storage.js';

/** The largest difference between the elements of two tensors. */
function distance(a: Tensor, b: Tensor): number {
  return a.double().sub(b.double()).abs().max().item();
}

interface Options {
  readonly attnMask?: Tensor;
  readonly isCausal?: boolean;
  readonly dropoutP?: number;
  readonly scale?: number;
}

/** Attention as its formula says it, by ops of float64, with gradients by query, key and value. */
function exact(inputs: readonly Tensor[], options: Options): Tensor[] {
  const wide = inputs.map((x) => x.detach().double().requiresGrad_());
  const [query, key, value] = wide;
  const [rows, columns] = [query.shape.at(-2)!, key.shape.at(-2)!];
  const { attnMask, isCausal = false, dropoutP = 0, scale = 1 / Math.sqrt(query.shape.at(-1)!) } = options;
  const mask = isCausal ? ones([rows, columns]).tril().eq(1) : (attnMask ?? zeros([rows, columns]));
  const numbers = mask.dtype === 'bool' ? where(mask, tensor(0), tensor(-Infinity)) : mask;
  const scores = query.matmul(key.transpose(-2, -1)).mul(scale).add(numbers.double());
  // Rows that see nothing: 0 instead of NaN.
  const blind = scores.detach().eq(-Infinity).all(-1, true);
  const weights = F.softmax(scores.maskedFill(blind, 0), -1).maskedFill(blind, 0);
  const y = F.dropout(weights, dropoutP).matmul(value);
  return [y, ...grad(y.square().sum(), wide)];
}

const OPTIONS: readonly [string, () => Options][] = [
  ['no mask', () => ({})],
  ['a causal mask', () => ({ isCausal: true })],
  ['a bool mask of some heads', () => ({ attnMask: rand([2, 1, 40, 50]).gt(0.3) })],
  ['a bool mask with rows that see nothing', () => ({ attnMask: rand([3, 40, 50]).gt(0.97) })],
  ['numbers that are added', () => ({ attnMask: randn([40, 50]) })],
  ['a mask of keys', () => ({ attnMask: rand([2, 1, 1, 50]).gt(0.5), scale: 0.4 })],
  ['dropout', () => ({ dropoutP: 0.3 })],
  ['a causal mask and dropout', () => ({ isCausal: true, dropoutP: 0.5 })],
  ['everything dropped', () => ({ dropoutP: 1 })],
];

describe('scaledDotProductAttention', () => {
  test.each(
    OPTIONS.flatMap(([name, make]) =>
      (['float32', 'float64'] as const).map((dtype) => ({ name, make, dtype })),
    ),
  )('of $dtype with $name is the formula, and so are its gradients', ({ make, dtype }) => {
    const options = make();
    const inputs = [randn([2, 3, 40, 8]), randn([2, 3, 50, 8]), randn([2, 3, 50, 6])].map((x) =>
      (dtype === 'float64' ? x.double() : x).requiresGrad_(),
    );
    manualSeed(4);
    const y = F.scaledDotProductAttention(inputs[0], inputs[1], inputs[2], options);
    const all = [y, ...grad(y.square().sum(), inputs)];
    manualSeed(4);
    exact(inputs, options).forEach((expected, i) => {
      expect(distance(all[i], expected)).toBeLessThan(dtype === 'float32' ? 5e-5 : 1e-12);
    });
  });

  test('broadcasts queries, keys and values', () => {
    const inputs = [randn([1, 3, 9, 4]), randn([2, 1, 7, 4]), randn([7, 5])].map((x) => x.requiresGrad_());
    const y = F.scaledDotProductAttention(inputs[0], inputs[1], inputs[2]);
    expect(y.shape).toEqual([2, 3, 9, 5]);
    const all = [y, ...grad(y.square().sum(), inputs)];
    exact(inputs, {}).forEach((expected, i) => {
      expect(distance(all[i], expected)).toBeLessThan(2e-5);
    });
  });

  test('drops the same weights in one block and in several, forward, backward and once more', () => {
    const run = (length: number): Tensor[] => {
      manualSeed(1);
      const inputs = [1, 2, 3].map(() => randn([2, length, 4], { requiresGrad: true }));
      manualSeed(2);
      const y = F.scaledDotProductAttention(inputs[0], inputs[1], inputs[2], { dropoutP: 0.4 });
      const next = rand([1]);
      const loss = y.square().sum();
      const first = grad(loss, inputs, { retainGraph: true });
      const again = grad(loss, inputs);
      first.forEach((g, i) => expect(g.equal(again[i])).toBe(true));
      manualSeed(2);
      exact(inputs, { dropoutP: 0.4 }).forEach((expected, i) => {
        expect(distance([y, ...first][i], expected)).toBeLessThan(1e-4);
      });
      // The generator stands where it would after drawing all weights at once.
      expect(next.item()).toBe(rand([1]).item());
      return first;
    };
    run(60);
    run(300);
  });

  test.each([0, 0.3])('has second-order gradients, with dropout %d', (dropoutP) => {
    const second = (inputs: readonly Tensor[]): Tensor[] => {
      manualSeed(3);
      const y = F.scaledDotProductAttention(inputs[0], inputs[1], inputs[2], { isCausal: true, dropoutP });
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

  test.each([
    { dtype: 'float32', dropoutP: 0 },
    { dtype: 'float32', dropoutP: 0.1 },
    { dtype: 'float64', dropoutP: 0 },
    { dtype: 'float64', dropoutP: 0.1 },
  ] as const)(
    'of $dtype with dropout $dropoutP takes memory that grows with the length',
    ({ dtype, dropoutP }) => {
      const peak = (length: number): number => {
        const inputs = [1, 2, 3].map(() => randn([1, 2, length, 4], { dtype, requiresGrad: true }));
        resetPeakMemory();
        const before = memory().peak;
        const y = F.scaledDotProductAttention(inputs[0], inputs[1], inputs[2], { isCausal: true, dropoutP });
        grad(y.sum(), inputs);
        return memory().peak - before;
      };
      peak(512);
      const [short, long] = [peak(512), peak(2048)];
      // Scores of 2048 x 2048 would take 32 MiB for two heads, 64 of float64.
      expect(long).toBeLessThan(4.2 * short);
      expect(long).toBeLessThan(2 ** 22 * (dtype === 'float64' ? 2 : 1));
    },
  );
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
