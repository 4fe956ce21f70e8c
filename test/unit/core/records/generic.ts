/** What holds for every op, tested from its record's samples: one call for each family, so that they run side by side. */
import { gradcheck, gradgradcheck, manualSeed, noGrad, setDefaultDtype, Tensor } from 'nabla/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { broadcastShapes } from '../../../../core/layout.js';
import type { OpRecord } from '../../../../core/ops/record.js';
import { type Call, callOf, replaceTensors, sampleMaker, scattered, tensorsIn } from '../samples.js';
import { type Family, recordsOf } from './families.js';
import { checkTransforms } from './transforms.js';

/** An op's call; where it draws random numbers, always the same ones. */
export function steadyCall(record: OpRecord): Call {
  const call = callOf(record);
  if (record.random === undefined) return call;
  return (...args) => {
    manualSeed(17);
    return call(...args);
  };
}

/** The call of a sample as a function of its tensors. */
export function asFunction(call: Call, args: readonly unknown[]): (...tensors: Tensor[]) => Tensor[] {
  return (...tensors) => tensorsIn(call(...replaceTensors(args, tensors)));
}

export function samplesOf(record: OpRecord): (readonly unknown[])[] {
  setDefaultDtype('float64');
  if (record.samples === undefined) throw new Error(`the record of ${record.name} has no samples`);
  return [...record.samples(sampleMaker())];
}

/** Methods that change their input end in an underscore. */
const changesInput = ({ name }: OpRecord): boolean => name.endsWith('_');

function describeLayouts(record: OpRecord, call: Call): void {
  it('gives the same for inputs with gaps in memory, and leaves them as they were', () => {
    for (const args of samplesOf(record)) {
      const inputs = tensorsIn(args);
      const spread = inputs.map(scattered);
      const versions = inputs.map((input) => input.version);
      const expected = asFunction(call, args)(...inputs);
      if (!changesInput(record)) expect(inputs.map((input) => input.version)).toEqual(versions);
      let actual: Tensor[];
      try {
        actual = noGrad(() => asFunction(call, args)(...spread));
      } catch (error) {
        // Only view refuses such strides; it says so.
        expect(record.name).toBe('view');
        expect(String(error)).toMatch(/without a copy/);
        continue;
      }
      expect(actual.length).toBe(expected.length);
      // Products of matrices may add in another order.
      actual.forEach((output, i) => {
        expect(output.shape).toEqual(expected[i].shape);
        // The mask is drawn in the order of memory, as PyTorch draws it.
        if (record.name === 'dropout') return;
        expect(output.allclose(expected[i], { rtol: 1e-12, atol: 1e-12, equalNan: true })).toBe(true);
      });
    }
  });

  it('gives the same for operands that broadcast and for those repeated before', () => {
    for (const args of samplesOf(record)) {
      const inputs = tensorsIn(args).map((x) => x.detach());
      if (inputs.length < 2) continue;
      let shape: readonly number[];
      try {
        shape = inputs.reduce<readonly number[]>((s, x) => broadcastShapes('test', s, x.shape), []);
      } catch {
        continue;
      }
      if (inputs.every((x) => x.shape.join() === shape.join())) continue;
      const call_ = asFunction(call, args);
      const [small] = call_(...inputs);
      // Of other ops, shapes that happen to broadcast mean something else.
      if (record.onLevels !== true && record.name !== 'where') continue;
      const [large] = call_(...inputs.map((x) => x.expand([...shape])));
      expect(large.shape).toEqual(small.shape);
      expect(large.allclose(small, { equalNan: true })).toBe(true);
    }
  });
}

function describeTwins(record: OpRecord, call: Call): void {
  const { name } = record;
  it('has an in-place twin with the same result', () => {
    for (const args of samplesOf(record)) {
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
    for (const args of samplesOf(record)) {
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

function describeErrors(record: OpRecord, call: Call): void {
  const { name } = record;
  it('says what is wrong with what it was given', () => {
    const errors = record.errors(sampleMaker());
    expect(errors.length).toBeGreaterThan(0);
    for (const { args, message } of errors) {
      expect(() => call(...args)).toThrow(message);
      expect(() => call(...args)).toThrow(new RegExp(`${name}|options`));
    }
  });

  it('takes tensors of other dtypes, or says why not', () => {
    for (const args of samplesOf(record)) {
      const inputs = tensorsIn(args).map((x) => x.detach());
      for (const dtype of ['int64', 'bool', 'float32'] as const) {
        for (const which of [0, inputs.length - 1]) {
          if (inputs.length === 0) continue;
          const mixed = inputs.map((x, i) => (i === which ? x.to(dtype) : x.clone()));
          try {
            asFunction(call, args)(...mixed);
          } catch (error) {
            expect(error).toBeInstanceOf(Error);
            expect(String(error)).not.toMatch(/undefined|is not a function|Cannot read|null|out of bounds/);
            expect(String(error)).toMatch(/: .{10}/);
          }
        }
      }
    }
  });
}

export function testFamily(family: Family): void {
  beforeAll(() => setDefaultDtype('float64'));
  afterAll(() => setDefaultDtype('float32'));

  describe.each(recordsOf(family).map((record) => ({ name: record.name, record })))('$name', ({ record }) => {
    const call = steadyCall(record);

    it('has gradients that agree with finite differences, of first and second order', () => {
      const samples = samplesOf(record);
      expect(samples.length).toBeGreaterThan(0);
      for (const args of samples) {
        const inputs = tensorsIn(args);
        const fn = asFunction(call, args);
        if (!fn(...inputs).some((output) => output.requiresGrad)) continue;
        expect(gradcheck(fn, inputs)).toBe(true);
        // A derivative that does not depend on the inputs any more has nothing to check.
        expect(gradgradcheck(fn, inputs)).toBe(true);
      }
    });

    if (!changesInput(record)) checkTransforms(record, call);
    describeLayouts(record, call);
    if (record.kind === 'inPlace') describeTwins(record, call);
    describeErrors(record, call);
  });
}
