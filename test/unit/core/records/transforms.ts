/** Function transforms of every op: forward against reverse mode, a batch at once against its samples. */
import { grad, gradFn, jvp, noGrad, stack, Tensor, vjp, vmap } from 'nabla/core';
import { expect, it } from 'vitest';
import type { OpRecord } from '../../../../core/ops/record.js';
import { type Call, replaceTensors, tensorsIn } from '../samples.js';
import { asFunction, samplesOf } from './generic.js';

/** A number that depends on all float results. */
function weighted(outputs: readonly Tensor[]): Tensor {
  const terms = outputs
    .filter((y) => y.isFloatingPoint())
    .map((y, i) =>
      y
        .mul(1.5 + i)
        .sin()
        .sum(),
    );
  return terms.reduce((a, b) => a.add(b));
}

const close = (actual: Tensor, expected: Tensor): void => {
  expect(actual.shape).toEqual(expected.shape);
  expect(actual.dtype).toBe(expected.dtype);
  expect(actual.allclose(expected, { rtol: 1e-8, atol: 1e-10, equalNan: true })).toBe(true);
};

/** Three samples near the one given. */
function batchOf(x: Tensor): Tensor {
  const y = x.detach();
  return y.isFloatingPoint() ? stack([y, y.mul(0.9), y]) : stack([y, y, y]);
}

export function checkTransforms(record: OpRecord, call: Call): void {
  it('carries tangents on as reverse mode carries gradients back', () => {
    for (const args of samplesOf(record)) {
      const inputs = tensorsIn(args);
      const sources = inputs.filter((x) => x.requiresGrad);
      const fn = (...some: Tensor[]): Tensor[] => {
        let at = 0;
        const all = inputs.map((x) => (x.requiresGrad ? some[at++] : x));
        return tensorsIn(call(...replaceTensors(args, all))).filter((y) => y.isFloatingPoint());
      };
      const outputs = sources.length === 0 ? [] : fn(...sources).filter((y) => y.requiresGrad);
      if (outputs.length === 0) continue;
      const primals = sources.map((x) => x.detach());
      const tangents = primals.map((x, i) => x.cos().add(0.1 * i));
      const [values, slopes] = jvp(fn, primals, tangents);
      const loss = (list: Tensor[], weights: Tensor[]): number =>
        list.reduce((sum, y, i) => sum + y.mul(weights[i]).nansum().item(), 0);
      const weights = values.map((y) => y.sin().nanToNum().add(0.5));
      const gradients = grad(
        fn(...sources).filter((y) => y.requiresGrad),
        sources,
        {
          gradOutputs: weights.filter((_, i) => fn(...sources)[i].requiresGrad),
          allowUnused: true,
        },
      );
      const forward = loss(slopes, weights);
      const reverse = gradients.reduce(
        (sum, g, i) => sum + (g === null ? 0 : g.mul(tangents[i]).nansum().item()),
        0,
      );
      expect(Math.abs(forward - reverse)).toBeLessThanOrEqual(1e-8 * (1 + Math.abs(forward)));
    }
  });

  if (record.random !== undefined) return;

  it('computes a batch as its samples, also one of none', () => {
    for (const args of samplesOf(record)) {
      const inputs = tensorsIn(args);
      if (inputs.length === 0) continue;
      const batches = inputs.map(batchOf);
      // All operands mapped over, and the first only.
      for (const only of inputs.length > 1 ? [null, 0] : [null]) {
        const fn = (...some: Tensor[]): Tensor[] =>
          asFunction(
            call,
            args,
          )(...inputs.map((x, i) => (only === null || only === i ? some[i] : x.detach())));
        let samples: Tensor[][];
        try {
          samples = [0, 1, 2].map((i) => fn(...batches.map((b) => b.select(0, i))));
        } catch {
          // Near the sample is not always where the op is defined.
          continue;
        }
        const [first] = samples;
        // What is no tensor, or of another shape for each sample, cannot be mapped; vmap.test.ts says so.
        if (first.length === 0) continue;
        if (samples.some((s) => s.some((y, j) => y.shape.join() !== first[j].shape.join()))) continue;
        const mapped = vmap(fn)(...batches);
        mapped.forEach((y, j) => close(y, stack(samples.map((sample) => sample[j]))));
        // Where the number of results depends on values, none says nothing of it.
        if ([...inputs, ...first].some((x) => !x.isFloatingPoint())) continue;
        const none = vmap(fn)(...batches.map((b) => b.narrow(0, 0, 0)));
        none.forEach((y, j) => expect(y.shape).toEqual([0, ...first[j].shape]));
      }
    }
  });

  it('gives gradients for each sample, and tangents of gradients', () => {
    for (const args of samplesOf(record)) {
      const inputs = tensorsIn(args);
      const at = inputs.findIndex((x) => x.requiresGrad);
      if (at < 0 || !asFunction(call, args)(...inputs).some((y) => y.requiresGrad)) continue;
      const plain = inputs.map((x) => x.detach());
      const fn = (x: Tensor): Tensor => weighted(asFunction(call, args)(...plain.with(at, x)));
      const x = plain[at];
      const leaf = x.detach().requiresGrad_();
      const [g] = grad(fn(leaf), leaf, { createGraph: true });
      const both = stack([x, x]);
      close(vmap(gradFn(fn))(both), stack([g, g].map((y) => y.detach())));
      const direction = noGrad(() => x.cos());
      const second = g.requiresGrad
        ? (grad([g], [leaf], { gradOutputs: [direction], allowUnused: true })[0] ?? x.mul(0))
        : x.mul(0);
      close(jvp(gradFn(fn), [x], [direction])[1], second);
    }
  });

  it('pulls and pushes a batch of vectors through one value, as whole Jacobians need', () => {
    for (const args of samplesOf(record)) {
      const inputs = tensorsIn(args);
      const at = inputs.findIndex((x) => x.requiresGrad);
      if (at < 0 || !asFunction(call, args)(...inputs).some((y) => y.requiresGrad)) continue;
      const plain = inputs.map((x) => x.detach());
      const fn = (x: Tensor): Tensor[] =>
        asFunction(call, args)(...plain.with(at, x)).filter((y) => y.isFloatingPoint());
      const x = plain[at];
      const [outputs, pullback] = vjp(fn, x);
      const some = (y: Tensor): Tensor => stack([y.cos(), y.mul(0.3).add(1), y.sin().neg()]).nanToNum();
      const cotangents = outputs.map(some);
      const [pulled] = vmap(pullback)(...cotangents);
      close(pulled, stack([0, 1, 2].map((k) => pullback(...cotangents.map((c) => c.select(0, k)))[0])));
      const tangents = some(x);
      const push = (t: Tensor): Tensor[] => jvp(fn, [x], [t])[1];
      const single = [0, 1, 2].map((k) => push(tangents.select(0, k)));
      vmap(push)(tangents).forEach((y, j) => close(y, stack(single.map((sample) => sample[j]))));
    }
  });
}
