/** Elementwise functions that were made one kernel give what the ops they are composed of give, to the bit. */
import { grad, isGradEnabled, Tensor } from 'nabla/core';
import { afterAll, describe, expect, it } from 'vitest';
import { Fused, fusing } from '../../../core/ops/fused.js';
import { add, div, mul } from '../../../core/ops/arithmetic.js';
import { exp } from '../../../core/ops/pointwise.js';
import { registry, type OpRecord } from '../../../core/ops/record.js';
import type { DType } from '../../../core/dtype.js';
import { callOf, replaceTensors, sampleMaker, tensorsIn } from './samples.js';

const usual = fusing.after;
afterAll(() => {
  fusing.after = usual;
});

type Bits = readonly (readonly number[])[];

/** The elements of an op's results on its samples, and of the gradients by its operands. */
function resultsOf(record: OpRecord, dtype: DType): Bits {
  const samples = record.samples?.(sampleMaker()) ?? [];
  return samples.flatMap((args) => {
    const leaves = tensorsIn(args).map((x) =>
      x.isFloatingPoint() ? x.detach().to(dtype).clone().requiresGrad_() : x,
    );
    const results = tensorsIn(callOf(record)(...replaceTensors(args, leaves)));
    const differentiable = results.filter((y) => y.requiresGrad);
    const wrt = leaves.filter((x) => x.requiresGrad);
    const gradients =
      differentiable.length === 0
        ? []
        : grad(differentiable, wrt, {
            gradOutputs: differentiable.map((y) => y.detach().mul(0.7).add(0.25)),
            allowUnused: true,
          });
    return [...results, ...gradients].map((x) => (x instanceof Tensor ? Array.from(x.toTypedArray()) : []));
  });
}

const records = [...registry.values()].filter((record) => !record.random && !record.name.endsWith('_'));

describe.each(['float32', 'float64'] as const)('%s', (dtype) => {
  const attempt = (record: OpRecord): Bits | null => {
    try {
      return resultsOf(record, dtype);
    } catch {
      // Samples of some ops are of one dtype only.
      return null;
    }
  };
  it('is the same for every op and its derivative', () => {
    fusing.after = Infinity;
    const composed = records.map(attempt);
    fusing.after = -1;
    const fused = records.map(attempt);
    records.forEach(({ name }, i) => expect(fused[i], name).toEqual(composed[i]));
    expect(composed.filter((bits) => bits !== null).length).toBeGreaterThan(200);
  });
});

describe('a function that is one kernel', () => {
  const x = sampleMaker()([37], { requiresGrad: false });

  it('computes its ops in the end once', () => {
    fusing.after = 1;
    let calls = 0;
    const f = new Fused('f', (a, b = 1) => {
      calls++;
      return div(exp(mul(a, b)), add(a, 3));
    });
    const first = f.call(x, 0.5);
    for (let i = 0; i < 5; i++) expect(f.call(x, 0.5).toArray()).toEqual(first.toArray());
    // Composed once, traced once.
    expect(calls).toBe(2);
  });

  it('is composed again where it is recorded, has gaps, or would be a constant of its own', () => {
    fusing.after = -1;
    const f = new Fused('f', (a, b = 1) => mul(add(a, b), 2));
    const leaf = x.clone().requiresGrad_();
    expect(isGradEnabled()).toBe(true);
    expect(f.call(leaf, 1).requiresGrad).toBe(true);
    const apart = x.reshape([37, 1]).expand([37, 2]);
    expect(f.call(apart, 1).toArray()).toEqual(apart.add(1).mul(2).toArray());
    for (let i = 0; i < 20; i++) expect(f.call(x, i).toArray()).toEqual(x.add(i).mul(2).toArray());
  });

  it('takes one number beside many elements, and NaN and infinities as they are', () => {
    fusing.after = -1;
    const f = new Fused('f', (a, b = 1) => mul(a, add(b, 1)));
    const one = sampleMaker()([], { requiresGrad: false });
    expect(f.call(x, one).toArray()).toEqual(x.mul(one.add(1)).toArray());
    expect(f.call(x.mul(Infinity), one).toArray()).toEqual(x.mul(Infinity).mul(one.add(1)).toArray());
  });
});
