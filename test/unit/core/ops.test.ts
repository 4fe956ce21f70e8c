/** Every op record: derivatives against finite differences, layouts, in-place twins, errors. */
import { gradcheck, gradgradcheck, noGrad, setDefaultDtype, Tensor } from 'nabla/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registry } from '../../../core/ops/record.js';
import { type Call, callOf, replaceTensors, sampleMaker, scattered, tensorsIn } from './samples.js';

beforeAll(() => setDefaultDtype('float64'));
afterAll(() => setDefaultDtype('float32'));

const withSamples = [...registry.values()].filter((record) => record.samples !== undefined);
const withErrors = [...registry.values()].filter((record) => record.errors !== undefined);

/** The call of a sample as a function of its tensors. */
function asFunction(call: Call, args: readonly unknown[]): (...tensors: Tensor[]) => Tensor[] {
  return (...tensors) => tensorsIn(call(...replaceTensors(args, tensors)));
}

function samplesOf(name: string): (readonly unknown[])[] {
  setDefaultDtype('float64');
  return [...registry.get(name)!.samples!(sampleMaker())];
}

describe('the registry', () => {
  it('holds the ops', () => {
    expect(withSamples.length).toBeGreaterThan(150);
  });
});

describe.each(withSamples.map((record) => record.name))('%s', (name) => {
  const record = registry.get(name)!;
  const call = callOf(record);

  it('has gradients that agree with finite differences, of first and second order', () => {
    let checked = 0;
    for (const args of samplesOf(name)) {
      const inputs = tensorsIn(args);
      const fn = asFunction(call, args);
      const outputs = fn(...inputs);
      if (!outputs.some((output) => output.requiresGrad)) continue;
      checked++;
      expect(gradcheck(fn, inputs)).toBe(true);
      // A derivative that does not depend on the inputs any more has nothing to check.
      expect(gradgradcheck(fn, inputs)).toBe(true);
    }
    expect(checked).toBeGreaterThanOrEqual(0);
  });

  it('gives the same for inputs with gaps in memory, and leaves them as they were', () => {
    for (const args of samplesOf(name)) {
      const inputs = tensorsIn(args);
      const versions = inputs.map((input) => input.version);
      const expected = asFunction(call, args)(...inputs);
      expect(inputs.map((input) => input.version)).toEqual(versions);
      let actual: Tensor[];
      try {
        actual = noGrad(() => asFunction(call, args)(...inputs.map(scattered)));
      } catch (error) {
        // Only view refuses such strides; it says so.
        expect(name).toBe('view');
        expect(String(error)).toMatch(/without a copy/);
        continue;
      }
      expect(actual.length).toBe(expected.length);
      // Products of matrices may add in another order.
      actual.forEach((output, i) => {
        expect(output.shape).toEqual(expected[i].shape);
        expect(output.allclose(expected[i], { rtol: 1e-12, atol: 1e-12, equalNan: true })).toBe(true);
      });
    }
  });

  if (record.kind === 'inPlace') {
    it('has an in-place twin with the same result', () => {
      for (const args of samplesOf(name)) {
        const [first, ...rest] = args;
        if (!(first instanceof Tensor)) continue;
        noGrad(() => {
          const expected = call(...args) as Tensor;
          if (expected.shape.join() !== first.shape.join() || expected.dtype !== first.dtype) return;
          for (const self of [first.clone(), scattered(first).detach()]) {
            const before = self.version;
            const twin = Reflect.get(self, `${name}_`) as Call;
            expect(Reflect.apply(twin, self, rest)).toBe(self);
            expect(self.toArray()).toEqual(expected.toArray());
            expect(self.version).toBeGreaterThan(before);
          }
        });
      }
    });

    it('has a twin through which the same gradients flow', () => {
      for (const args of samplesOf(name)) {
        const [first, ...rest] = args;
        if (!(first instanceof Tensor) || !first.requiresGrad) continue;
        const result = call(...args) as Tensor;
        if (result.shape.join() !== first.shape.join() || result.dtype !== first.dtype) continue;
        if (!result.requiresGrad) continue;
        const inputs = tensorsIn(args);
        const fn = (...tensors: Tensor[]): Tensor => {
          const [self, ...others] = replaceTensors([first, ...rest], tensors);
          const copy = (self as Tensor).clone();
          return Reflect.apply(Reflect.get(copy, `${name}_`) as Call, copy, others) as Tensor;
        };
        expect(gradcheck(fn, inputs)).toBe(true);
      }
    });
  }
});

describe('errors say what was given', () => {
  it.each(withErrors.map((record) => record.name))('%s', (name) => {
    const record = registry.get(name)!;
    for (const { args, message } of record.errors!(sampleMaker())) {
      expect(() => callOf(record)(...args)).toThrow(message);
      expect(() => callOf(record)(...args)).toThrow(new RegExp(`${name}|options`));
    }
  });
});
