/** Formulas: the vector code agrees with the rule followed on numbers. */
import { describe, expect, it } from 'vitest';
import { formula, type Formula, type FormulaOperands } from '../../../core/kernels/formula.js';
import { referenceKernels } from '../../../core/kernels/reference/index.js';
import { simdKernels } from '../../../core/kernels/simd/index.js';
import { elementBytes, views } from '../../../core/kernels/views.js';
import { Storage } from '../../../core/storage.js';

const everything: readonly Formula[] = [
  formula('polynomial', 1, (m, [x], [p, q, r]) => m.add(m.mul(m.add(m.mul(x, p), q), x), r)),
  formula('cut', 1, (m, [x], [p, q]) => m.min(m.max(x, p), q)),
  formula('choice', 2, (m, [x, z], [p]) =>
    m.select(m.or(m.and(m.gt(x, z), m.le(x, p)), m.not(m.ge(z, p))), m.sub(x, z), m.div(x, z)),
  ),
  formula('ties', 3, (m, [g, x, z]) =>
    m.select(m.eq(x, z), m.mul(g, m.number(0.5)), m.select(m.lt(x, z), g, x)),
  ),
  formula(
    'functions',
    2,
    (m, [x, z]) => {
      const size = m.keep(m.add(m.unary('abs', x), m.number(0.5)));
      return m.add(m.mul(m.unary('log', size), m.unary('expm1', z)), m.unary('softplus', m.mul(size, z)));
    },
    { dear: true },
  ),
];

const SPECIAL = [NaN, Infinity, -Infinity, 0, -0, 1, -1];

/** Numbers, every fifth of them special. */
function fill(element: 'float32' | 'float64', n: number, seed: number): Storage {
  const bytes = elementBytes[element];
  const storage = Storage.allocate((n + 8) * bytes, 'test');
  for (let i = 0; i < n; i++) {
    const value = ((seed * 7919 + i * 104729) % 2003) / 500 - 2;
    views[element][storage.ptr / bytes + i] = i % 5 === 4 ? SPECIAL[(i + seed) % SPECIAL.length] : value;
  }
  return storage;
}

function read(element: 'float32' | 'float64', storage: Storage, n: number): number[] {
  const at = storage.ptr / elementBytes[element];
  return Array.from(views[element].subarray(at, at + n));
}

function expectClose(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  actual.forEach((value, i) => {
    const wanted = expected[i];
    if (Number.isFinite(wanted))
      expect(Math.abs(value - wanted), `element ${i}: ${value} for ${wanted}`).toBeLessThanOrEqual(
        tolerance * Math.max(1, Math.abs(wanted)),
      );
    else expect(value).toBe(wanted);
  });
}

describe.each(['float32', 'float64'] as const)('formulas of %s', (element) => {
  const tolerance = element === 'float32' ? 1e-5 : 1e-12;

  it.each(everything)('$name of any number of elements, repeated operands included', (one) => {
    for (const n of [0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 19, 131]) {
      for (let bits = 1; bits < 1 << one.operands; bits++) {
        const [a, b, c] = [1, 2, 3].map((seed) => fill(element, n, seed));
        const steps = [0, 1, 2].map((k): 0 | 1 => (bits & (1 << k) ? 1 : 0));
        const at: FormulaOperands = {
          a: a.ptr,
          b: b.ptr,
          c: c.ptr,
          aStep: steps[0],
          bStep: steps[1],
          cStep: steps[2],
        };
        const [actual, expected] = [9, 9].map((seed) => fill(element, n + 1, seed));
        const behind = read(element, actual, n + 1)[n];
        simdKernels.mapFormula(one, element, n, at, [0.3, 1.25, -0.7], actual.ptr);
        referenceKernels.mapFormula(one, element, n, at, [0.3, 1.25, -0.7], expected.ptr);
        expectClose(read(element, actual, n), read(element, expected, n), tolerance);
        expect(read(element, actual, n + 1)[n], 'what lies behind stays').toBe(behind);
      }
    }
  });

  it('sums are those of float64 whatever lies behind the last element', () => {
    const square = formula('square', 2, (m, [x, z], [p]) => m.mul(m.unary('square', m.sub(x, z)), p));
    for (const n of [1, 2, 3, 4, 5, 11, 1000, 100_003]) {
      const [a, b] = [1, 2].map((seed) => fill(element, n + 4, seed));
      const bytes = elementBytes[element];
      for (const { ptr } of [a, b]) {
        for (let i = 0; i < n; i++) {
          const k = ptr / bytes + i;
          if (!Number.isFinite(views[element][k])) views[element][k] = 0.25;
        }
        for (let i = n; i < n + 4; i++) views[element][ptr / bytes + i] = NaN;
      }
      const at: FormulaOperands = { a: a.ptr, b: b.ptr, c: b.ptr, aStep: 1, bStep: 1, cStep: 1 };
      const [actual, expected] = [1, 2].map(() => Storage.allocate(16, 'test'));
      simdKernels.sumFormula(square, element, n, at, [1.5], n, actual.ptr);
      referenceKernels.sumFormula(square, element, n, at, [1.5], n, expected.ptr);
      expectClose(read(element, actual, 1), read(element, expected, 1), element === 'float32' ? 1e-6 : 1e-11);
    }
  });
});
