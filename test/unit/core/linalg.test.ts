/** Linear algebra: what factors and solutions are defined by, degenerate matrices, and what singular ones say. */
import {
  eye,
  grad,
  gradcheck,
  gradgradcheck,
  linalg,
  setDefaultDtype,
  tensor,
  type Tensor,
  zeros,
} from 'nabla/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleMaker } from './samples.js';

beforeAll(() => setDefaultDtype('float64'));
afterAll(() => setDefaultDtype('float32'));

const make = sampleMaker();

function random(shape: readonly number[], dtype: 'float32' | 'float64' = 'float64'): Tensor {
  return make(shape, { dtype, requiresGrad: false });
}

function expectClose(actual: Tensor, expected: Tensor, tolerance = 1e-12): void {
  expect(actual.shape).toEqual(expected.shape);
  const worst = actual.numel() === 0 ? 0 : actual.sub(expected).abs().max().item();
  expect(worst).toBeLessThanOrEqual(tolerance);
}

function mT(x: Tensor): Tensor {
  return x.transpose(-2, -1);
}

/** The columns are orthonormal. */
function expectOrthonormal(q: Tensor, tolerance = 1e-12): void {
  const n = q.shape.at(-1)!;
  const gram = mT(q).matmul(q);
  expectClose(gram, eye(n, { dtype: q.dtype }).expand(gram.shape), tolerance);
}

function symmetric(x: Tensor): Tensor {
  return x.add(mT(x)).div(2);
}

function positive(n: number, batch: readonly number[] = []): Tensor {
  const x = random([...batch, n, n]);
  return x.matmul(mT(x)).add(eye(n));
}

/** 1/(i + j + 1): of the worst conditioned matrices there are. */
function hilbert(n: number): Tensor {
  return tensor(Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => 1 / (i + j + 1))));
}

/** Of rank 2, [m, n]. */
function deficient(m: number, n: number): Tensor {
  return random([m, 2]).matmul(random([2, n]));
}

const SHAPES = [
  [1, 1],
  [5, 5],
  [7, 3],
  [3, 7],
  [40, 40],
  [2, 3, 4, 2],
  [3, 2, 5],
].map((shape) => ({ shape }));

describe('factors multiply to the matrix', () => {
  it.each(SHAPES)('Q R of $shape', ({ shape }) => {
    const a = random(shape);
    for (const mode of ['reduced', 'complete'] as const) {
      const { Q, R } = linalg.qr(a, mode);
      expectClose(Q.matmul(R), a);
      expectOrthonormal(Q);
      expect(R.tril(-1).abs().sum().item()).toBe(0);
    }
  });

  it.each(SHAPES)('U S Vh of $shape', ({ shape }) => {
    const a = random(shape);
    const { U, S, Vh } = linalg.svd(a, { fullMatrices: false });
    expectClose(U.mul(S.unsqueeze(-2)).matmul(Vh), a);
    expectOrthonormal(U);
    expectOrthonormal(mT(Vh));
    expect(S.min().item()).toBeGreaterThanOrEqual(0);
    expectClose(S.flip(-1).cummax(-1)[0], S.flip(-1), 0);
    const full = linalg.svd(a);
    expectOrthonormal(full.U);
    expectOrthonormal(mT(full.Vh));
    expect(full.U.shape.at(-1)).toBe(a.shape.at(-2));
    expect(full.Vh.shape.at(-2)).toBe(a.shape.at(-1));
    expectClose(linalg.svdvals(a), S, 0);
  });

  it('V Λ Vᵀ of symmetric matrices, with eigenvalues that ascend', () => {
    for (const shape of [
      [1, 1],
      [2, 2],
      [3, 4, 4],
      [40, 40],
    ]) {
      const a = symmetric(random(shape));
      const { eigenvalues, eigenvectors } = linalg.eigh(a);
      expectClose(eigenvectors.mul(eigenvalues.unsqueeze(-2)).matmul(mT(eigenvectors)), a);
      expectOrthonormal(eigenvectors);
      expectClose(eigenvalues.cummax(-1)[0], eigenvalues, 0);
      expectClose(linalg.eigvalsh(a), eigenvalues, 0);
    }
  });

  it('reads one triangle only', () => {
    const a = positive(4);
    const upperOnly = a.triu();
    const lowerOnly = a.tril();
    expectClose(linalg.eigvalsh(lowerOnly), linalg.eigvalsh(a));
    expectClose(linalg.eigvalsh(upperOnly, 'U'), linalg.eigvalsh(a));
    expectClose(linalg.cholesky(lowerOnly), linalg.cholesky(a));
    expectClose(linalg.cholesky(upperOnly, { upper: true }), mT(linalg.cholesky(a)));
  });

  it('L Lᵀ of positive definite matrices', () => {
    for (const a of [positive(1), positive(3, [2]), positive(30)]) {
      const l = linalg.cholesky(a);
      expectClose(l.matmul(mT(l)), a, 1e-10);
      expect(l.triu(1).abs().sum().item()).toBe(0);
      expectClose(a.cholesky(true), mT(l), 0);
    }
  });
});

describe('solutions', () => {
  it('solve what they should', () => {
    for (const n of [1, 4, 50]) {
      const a = random([n, n]).add(eye(n).mul(4));
      const b = random([n, 3]);
      expectClose(a.matmul(linalg.solve(a, b)), b, 1e-10);
      expectClose(linalg.solve(a, b.t(), { left: false }).matmul(a), b.t(), 1e-10);
      expectClose(a.matmul(linalg.inv(a)), eye(n), 1e-10);
      expectClose(a.matmul(a.inverse()), eye(n), 1e-10);
      const l = linalg.cholesky(a.matmul(a.t()));
      expectClose(a.matmul(a.t()).matmul(b.choleskySolve(l)), b, 1e-7);
    }
  });

  it('need a pivot that is not the first element', () => {
    const a = tensor([
      [0, 2],
      [3, 0],
    ]);
    expect(linalg.solve(a, tensor([2, 6])).toArray()).toEqual([2, 1]);
    expect(a.det().item()).toBe(-6);
    const { sign, logabsdet } = a.slogdet();
    expect([sign.item(), logabsdet.item()]).toEqual([-1, expect.closeTo(Math.log(6), 14)]);
    expect(a.logdet().item()).toBeNaN();
  });

  it('are computed in float64 for float32 matrices', () => {
    const a = hilbert(6).to('float32');
    const b = a.to('float64').matmul(zeros([6]).add(1));
    const x = linalg.solve(a, b.to('float32'));
    expect(x.dtype).toBe('float32');
    expectClose(x.to('float64'), linalg.solve(a.to('float64'), b.to('float32').to('float64')), 1e-5);
  });

  it('of least squares are orthogonal to what is left over', () => {
    const a = random([6, 3]);
    const b = random([6, 2]);
    const { solution, residuals, rank } = linalg.lstsq(a, b);
    const left = b.sub(a.matmul(solution));
    expectClose(a.t().matmul(left), zeros([3, 2]));
    expectClose(residuals, left.square().sum(0));
    expect(rank.item()).toBe(3);
    expectClose(linalg.lstsq(a, b.select(1, 0)).solution, solution.select(1, 0));
  });

  it('of least squares have the smallest norm where there are many', () => {
    const wide = random([2, 4]);
    const b = random([2, 1]);
    const { solution } = linalg.lstsq(wide, b);
    expectClose(wide.matmul(solution), b);
    expectClose(solution, linalg.pinv(wide).matmul(b));
    const a = deficient(5, 4);
    const result = linalg.lstsq(a, random([5, 1]));
    expect(result.rank.item()).toBe(2);
    expect(result.residuals.shape).toEqual([0]);
    // In the row space of A, so without a part that A does not see.
    expectClose(linalg.pinv(a).matmul(a).matmul(result.solution), result.solution, 1e-10);
  });

  it('keep the Penrose conditions, also for a rank that is not full', () => {
    for (const a of [random([3, 5]), random([5, 3]), deficient(5, 4), zeros([2, 3])]) {
      const p = linalg.pinv(a);
      const [ap, pa] = [a.matmul(p), p.matmul(a)];
      expectClose(ap.matmul(a), a, 1e-10);
      expectClose(pa.matmul(p), p, 1e-10);
      expectClose(mT(ap), ap, 1e-10);
      expectClose(mT(pa), pa, 1e-10);
    }
    expect(linalg.matrixRank(deficient(5, 4)).item()).toBe(2);
    expect(linalg.matrixRank(zeros([3, 3])).item()).toBe(0);
  });
});

describe('degenerate matrices', () => {
  it('have orthonormal singular vectors and eigenvectors', () => {
    for (const a of [zeros([3, 3]), zeros([3, 2]), eye(4), deficient(6, 4), deficient(3, 6), hilbert(10)]) {
      const { U, S, Vh } = linalg.svd(a);
      expectOrthonormal(U);
      expectOrthonormal(mT(Vh));
      const k = S.numel();
      expectClose(
        U.narrow(1, 0, k)
          .mul(S)
          .matmul(Vh.narrow(0, 0, k)),
        a,
      );
      const { eigenvectors } = linalg.eigh(a.matmul(a.t()));
      expectOrthonormal(eigenvectors);
    }
  });

  it('have small singular values with relative precision', () => {
    // det(hilbert(6)) = 1 / 186313420339200000, the product of the singular values.
    const product = linalg.svdvals(hilbert(6)).prod().item();
    expect(product * 186313420339200000).toBeCloseTo(1, 7);
  });

  it('may have elements whose squares are too large or too small for numbers', () => {
    const a = random([4, 3]);
    for (const scale of [1e250, 1e-250]) {
      const scaled = a.mul(scale);
      expectClose(linalg.svdvals(scaled).div(scale), linalg.svdvals(a));
      expectClose(linalg.qr(scaled).R.div(scale), linalg.qr(a).R);
      const s = symmetric(random([4, 4]));
      expectClose(linalg.eigvalsh(s.mul(scale)).div(scale), linalg.eigvalsh(s));
    }
  });

  it('have gradients of eigenvalues and singular values where those repeat', () => {
    const a = eye(3).clone().requiresGrad_();
    expectClose(grad(linalg.eigvalsh(a).sum(), [a])[0], eye(3));
    expectClose(grad(linalg.svdvals(a).sum(), [a])[0], eye(3));
  });

  it('have a gradient of the determinant, of first and second order', () => {
    // det = x₀₀ x₁₁ x₂₂ + …: at diag(1, 1, 0) only the last cofactor is not 0.
    const a = tensor([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 0],
    ]).requiresGrad_();
    expectClose(
      grad(a.det(), [a])[0],
      tensor([
        [0, 0, 0],
        [0, 0, 0],
        [0, 0, 1],
      ]),
    );
    const many = Array.from({ length: 8 }, () => deficient(3, 3));
    for (const x of [zeros([2, 2]), zeros([3, 3]), deficient(4, 4), ...many]) {
      const leaf = x.clone().requiresGrad_();
      expect(gradcheck((y) => y.det(), [leaf])).toBe(true);
      expect(gradgradcheck((y) => y.det(), [leaf])).toBe(true);
    }
  });

  it('of size zero give what an empty product gives', () => {
    expect(zeros([0, 0]).det().item()).toBe(1);
    expect(zeros([0, 0]).logdet().item()).toBe(0);
    expect(linalg.inv(zeros([2, 0, 0])).shape).toEqual([2, 0, 0]);
    expect(linalg.qr(zeros([0, 3])).R.shape).toEqual([0, 3]);
    expect(linalg.qr(zeros([3, 0]), 'complete').Q.toArray()).toEqual(eye(3).toArray());
    expect(linalg.svd(zeros([3, 0])).U.toArray()).toEqual(eye(3).toArray());
    expect(linalg.eigh(zeros([0, 0])).eigenvectors.shape).toEqual([0, 0]);
    expect(linalg.eigvalsh(zeros([2, 0, 0])).shape).toEqual([2, 0]);
    expect(linalg.cholesky(zeros([0, 0])).shape).toEqual([0, 0]);
    expect(linalg.solve(zeros([0, 0]), zeros([0, 2])).shape).toEqual([0, 2]);
    expect(linalg.lstsq(zeros([3, 0]), zeros([3, 2])).solution.shape).toEqual([0, 2]);
    expect(linalg.pinv(zeros([0, 3])).shape).toEqual([3, 0]);
    expect(zeros([0, 0]).matrixExp().shape).toEqual([0, 0]);
  });
});

describe('gradients by symmetric matrices', () => {
  const checked: [string, (x: Tensor) => Tensor[]][] = [
    ['cholesky', (x) => [linalg.cholesky(x)]],
    ['cholesky, upper', (x) => [linalg.cholesky(x, true)]],
    ['eigh', (x) => [...linalg.eigh(x)]],
    ['eigh, upper', (x) => [...linalg.eigh(x, { UPLO: 'U' })]],
    ['eigvalsh', (x) => [linalg.eigvalsh(x)]],
  ];

  it.each(checked)('of %s agree with finite differences', (_, fn) => {
    for (const shape of [
      [3, 3],
      [2, 2, 2],
    ]) {
      const x = random(shape);
      const leaf = x.clone().requiresGrad_();
      const whole = (y: Tensor): Tensor[] => fn(symmetric(y).add(eye(shape.at(-1)!).mul(6)));
      expect(gradcheck(whole, [leaf])).toBe(true);
      expect(gradgradcheck(whole, [leaf])).toBe(true);
    }
  });

  it('are symmetric', () => {
    const a = positive(3).requiresGrad_();
    for (const result of [linalg.cholesky(a), linalg.eigh(a).eigenvectors, linalg.eigvalsh(a)]) {
      const [g] = grad(result.mul(random(result.shape)).sum(), [a]);
      expectClose(mT(g), g);
    }
  });
});

describe('the exponential and powers', () => {
  it('turn by an angle', () => {
    for (const angle of [0.3, 2, 50]) {
      const turn = tensor([
        [0, -angle],
        [angle, 0],
      ]).matrixExp();
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      expectClose(
        turn,
        tensor([
          [c, -s],
          [s, c],
        ]),
        1e-12,
      );
    }
  });

  it('end the series of a nilpotent matrix', () => {
    const n = tensor([
      [0, 1, 2],
      [0, 0, 3],
      [0, 0, 0],
    ]);
    expectClose(linalg.matrixExp(n), eye(3).add(n).add(n.matmul(n).div(2)), 1e-14);
  });

  it('multiply by repeated squaring', () => {
    // Powers of [[1, 1], [1, 0]] hold Fibonacci numbers.
    const f = tensor([
      [1, 1],
      [1, 0],
    ]);
    expect(f.matrixPower(20).toArray()).toEqual([
      [10946, 6765],
      [6765, 4181],
    ]);
    expectClose(f.matrixPower(-3).matmul(f.matrixPower(3)), eye(2));
  });
});

describe('norms', () => {
  const sample = (): Tensor =>
    tensor([
      [1, -2],
      [-3, 4],
    ]);

  it('of matrices', () => {
    const a = sample();
    expect(linalg.matrixNorm(a, 1).item()).toBe(6);
    expect(linalg.matrixNorm(a, -1).item()).toBe(4);
    expect(linalg.matrixNorm(a, Infinity).item()).toBe(7);
    expect(linalg.matrixNorm(a, -Infinity).item()).toBe(3);
    expect(linalg.matrixNorm(a).item()).toBeCloseTo(Math.sqrt(30), 14);
    // σ₁² + σ₂² = 30 and σ₁ σ₂ = |det| = 2.
    expect(linalg.matrixNorm(a, 'nuc').item()).toBeCloseTo(Math.sqrt(34), 13);
    expect(a.norm('nuc').item()).toBeCloseTo(Math.sqrt(34), 13);
    expect(linalg.matrixNorm(a, 2).item() * linalg.matrixNorm(a, -2).item()).toBeCloseTo(2, 13);
  });

  it('of vectors, and of what has no elements', () => {
    expect(linalg.vectorNorm(sample(), { ord: Infinity }).item()).toBe(4);
    expect(linalg.norm(tensor([3, 4])).item()).toBe(5);
    expect(linalg.vectorNorm(zeros([0])).item()).toBe(0);
    expect(() => linalg.vectorNorm(zeros([0]), Infinity)).toThrow(/shape \[0\]\) there is no norm/);
  });
});

describe('errors', () => {
  it('say which matrix of a batch is singular', () => {
    const a = eye(2).expand([3, 2, 2]).clone();
    a.select(0, 2).zero_();
    expect(() => linalg.inv(a)).toThrow(
      /linalg.inv: the matrix of shape \[3, 2, 2\], matrix 2 of the batch is singular/,
    );
    expect(() => linalg.solve(a, zeros([3, 2, 1]))).toThrow(
      /linalg.solve: .* matrix 2 of the batch is singular/,
    );
    expect(() => linalg.cholesky(a)).toThrow(/matrix 2 of the batch is not positive definite .* order 1/);
  });

  it('say that a singular matrix has no gradient of ln |det|', () => {
    const a = zeros([2, 2]).requiresGrad_();
    const { logabsdet } = linalg.slogdet(a);
    expect(logabsdet.item()).toBe(-Infinity);
    expect(() => grad(logabsdet, [a])).toThrow(/linalg.slogdet \(its gradient\): .* singular/);
  });

  it('say that added columns of Q have no gradient', () => {
    const a = random([3, 2]).requiresGrad_();
    expect(() => grad(linalg.qr(a, 'complete').Q.sum(), [a])).toThrow(
      /mode 'complete', .* use mode 'reduced'/,
    );
  });

  it('say that a factor was changed in place before its gradient', () => {
    const a = random([3, 3]).requiresGrad_();
    const y = linalg.inv(a);
    const loss = y.sum();
    y.detach().zero_();
    expect(() => grad(loss, [a])).toThrow(/modified by an in-place operation/);
  });
});
