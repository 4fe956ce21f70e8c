/** vmap: a function of one sample on a batch, against the same function called sample by sample. */
import {
  F,
  jvp,
  nn,
  noGrad,
  manualSeed,
  randn,
  stack,
  type Tensor,
  tensor,
  vmap,
  zerosLike,
} from 'nabla/core';
import { describe, expect, it } from 'vitest';

const close = (actual: Tensor, expected: Tensor): void => {
  expect(actual.shape).toEqual(expected.shape);
  expect(actual.allclose(expected, { rtol: 1e-5, atol: 1e-6 })).toBe(true);
};
const rows = (x: Tensor): Tensor[] => Array.from({ length: x.shape[0] }, (_, i) => x.at(i));

describe('dimensions', () => {
  const a = randn(5, 3);
  const b = randn(3, 5);

  it('are taken from where inDims says, and put where outDims says', () => {
    const dots = vmap((x: Tensor, y: Tensor) => x.dot(y), { inDims: [0, 1] })(a, b);
    close(dots, a.mul(b.t()).sum(1));
    const outer = vmap((x: Tensor, y: Tensor) => [x.outer(y), x.add(y)], {
      inDims: [0, -1],
      outDims: [2, 1],
    })(a, b);
    expect(outer.map((x) => x.shape)).toEqual([
      [3, 3, 5],
      [3, 5],
    ]);
  });

  it('may be null for what is the same for all samples', () => {
    close(
      vmap((x: Tensor, w: Tensor) => w.mv(x), { inDims: [0, null] })(a, randn(2, 3).mul(0).add(1)),
      a.sum(1, true).expand([5, 2]),
    );
    const constant = tensor([1, 2]);
    expect(vmap((x: Tensor) => x.mul(0).sum().add(constant))(a).shape).toEqual([5, 2]);
    expect(vmap<[Tensor], Tensor>(() => constant)(a).shape).toEqual([5, 2]);
    expect(vmap<[Tensor], Tensor>(() => constant, { outDims: null })(a)).toBe(constant);
    expect(() => vmap((x: Tensor) => x, { outDims: null })(a)).toThrow(
      /null must be the same for all samples/,
    );
  });

  it('are given for the tensors in arrays and objects', () => {
    const f = ({ w, x }: { w: Tensor; x: Tensor[] }): Tensor => x[0].mul(w).add(x[1]);
    const y = vmap(f, { inDims: [{ w: null, x: [0, 1] }] })({ w: randn(3), x: [a, b] });
    expect(y.shape).toEqual([5, 3]);
  });

  it('that do not fit are errors that say which', () => {
    expect(() => vmap((x: Tensor, y: Tensor) => x.add(y))(a, b)).toThrow(
      /same size in the mapped dimension, got sizes \[5, 3\]/,
    );
    expect(() => vmap((x: Tensor) => x, { inDims: 2 })(a)).toThrow(
      /dimension 2 for a tensor of 2 dimensions/,
    );
    expect(() => vmap((x: Tensor) => x, { inDims: null })(a)).toThrow(/at least one argument must be mapped/);
    expect(() => vmap((x: Tensor) => x.shape.length as unknown as Tensor)(a)).toThrow(
      /must return tensors .*, got number/,
    );
  });

  it('may be mapped over one inside of the other, and in chunks', () => {
    const sums = vmap((x: Tensor) => vmap((y: Tensor) => x.mul(y).sum())(a))(a);
    close(sums, a.matmul(a.t()));
    close(vmap((x: Tensor) => x.softmax(0), { chunkSize: 2 })(a), a.softmax(1));
    expect(vmap((x: Tensor) => x.sort()[0])(randn(0, 3)).shape).toEqual([0, 3]);
  });
});

describe('inside of the function', () => {
  const x = randn(4, 6);

  it('the mapped dimension is not seen', () => {
    const shapes: unknown[] = [];
    vmap((v: Tensor) => {
      shapes.push(v.shape, v.ndim, v.numel());
      expect(String(v)).toMatch(/vmap tensor\(level=1, shape=\[6\]/);
      return v;
    })(x);
    expect(shapes).toEqual([[6], 1, 6]);
  });

  it('values cannot be read, nor decide what is done', () => {
    const reads: ((v: Tensor) => unknown)[] = [
      (v) => v.sum().item(),
      (v): unknown => v.toArray(),
      (v) => v.toTypedArray(),
    ];
    for (const read of reads) {
      const f = (v: Tensor): Tensor => {
        read(v);
        return v;
      };
      expect(() => vmap(f)(x)).toThrow(/vmap: .*\(\) is not possible .*control flow .*where\(\)/);
    }
    expect(() => vmap((v: Tensor) => v.maskedSelect(v.gt(0)))(x)).toThrow(/another shape for each sample/);
  });

  it('tensors are changed in place, but not those from outside', () => {
    const f = (v: Tensor): Tensor => {
      const y = v.clone();
      y.at(0).add_(v.at(1)).mul_(2);
      y.set(2, v.sum());
      const z = zerosLike(v).add(v);
      z.fill_(3);
      return y.add(z);
    };
    close(vmap(f)(x), stack(rows(x).map(f)));
    const outside = tensor([0, 0]);
    expect(() => vmap((v: Tensor) => outside.add_(v.narrow(0, 0, 2)))(x)).toThrow(
      /add_: inside of vmap, a tensor that comes from outside/,
    );
  });

  it('networks give what they give sample by sample', () => {
    const net = new nn.Sequential(
      new nn.Conv2d(1, 3, 3, { padding: 1 }),
      new nn.ReLU(),
      new nn.MaxPool2d(2),
      new nn.Flatten(0),
      new nn.Linear(12, 8),
      new nn.LayerNorm(8),
      new nn.GELU(),
      new nn.Linear(8, 2),
    );
    const images = randn(3, 1, 4, 4);
    close(vmap((image: Tensor) => net(image))(images), stack(rows(images).map((image) => net(image))));
    const attention = new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16, dropout: 0 });
    const sequences = randn(3, 5, 8);
    close(vmap((s: Tensor) => attention(s))(sequences), stack(rows(sequences).map((s) => attention(s))));
    const lstm = new nn.LSTM(4, 3);
    const series = randn(3, 5, 4);
    close(vmap((s: Tensor) => lstm(s)[0])(series), stack(rows(series).map((s) => lstm(s)[0])));
  });

  it('parameters get gradients from all samples', () => {
    const linear = new nn.Linear(6, 2);
    vmap((v: Tensor) => F.relu(linear(v)).sum())(x)
      .sum()
      .backward();
    const expected = [...linear.parameters()].map((p) => p.grad!.clone());
    linear.zeroGrad();
    F.relu(linear(x)).sum().backward();
    [...linear.parameters()].forEach((p, i) => close(p.grad!, expected[i]));
  });
});

describe('random numbers', () => {
  const x = randn(4, 50);

  it('are refused unless asked for', () => {
    expect(() => vmap((v: Tensor) => v.add(randn(50)))(x)).toThrow(
      /a random function was called .*randomness/,
    );
    expect(() => vmap((v: Tensor) => F.dropout(v))(x)).toThrow(/randomness/);
    expect(() => vmap((v: Tensor) => F.dropout(v, 0.5, { training: false }))(x)).not.toThrow();
  });

  it('are the same for all samples, or others for each', () => {
    const noise = (randomness: 'same' | 'different'): Tensor =>
      vmap((v: Tensor) => v.mul(0).add(randn(50)), { randomness })(x);
    const [first, second] = rows(noise('same'));
    expect(first.equal(second)).toBe(true);
    const [third, fourth] = rows(noise('different'));
    expect(third.equal(fourth)).toBe(false);
    const dropped = rows(vmap((v: Tensor) => F.dropout(v.mul(0).add(1)), { randomness: 'different' })(x));
    expect(dropped[0].equal(dropped[1])).toBe(false);
    const filled = rows(vmap((v: Tensor) => v.clone().normal_(), { randomness: 'same' })(x));
    expect(filled[0].equal(filled[1])).toBe(true);
    const drawn = rows(vmap((v: Tensor) => v.sigmoid().bernoulli(), { randomness: 'different' })(x));
    expect(drawn[0].shape).toEqual([50]);
  });

  it('come from the generator as without vmap', () => {
    manualSeed(3);
    const inside = vmap<[Tensor], Tensor>(() => randn(2), { randomness: 'same' })(x);
    manualSeed(3);
    expect(inside.at(0).equal(randn(2))).toBe(true);
  });
});

describe('with other transforms', () => {
  it('tangents are mapped', () => {
    const x = randn(3, 4);
    const t = randn(3, 4);
    const f = (v: Tensor): Tensor => v.tanh().cumsum(0).mul(v.detach());
    const mapped = vmap((p: Tensor, d: Tensor) => jvp(f, [p], [d])[1])(x, t);
    close(mapped, stack(rows(x).map((p, i) => jvp(f, [p], [t.at(i)])[1])));
    const [, outside] = jvp((v: Tensor) => vmap(f)(v), [x], [t]);
    close(outside, mapped);
    expect(noGrad(() => mapped).requiresGrad).toBe(false);
  });
});
