/** Cases of products of matrices and of linear algebra. */
import { numbers } from './data.mjs';
import { compile } from './plain.mjs';

/** The order of loops that goes through memory in sequence; products in float64, as JavaScript computes. */
const PRODUCT = `
function product(a, b, out, m, k, n) {
  for (let i = 0; i < m; i++) for (let p = 0; p < k; p++) {
    const x = a[i * k + p];
    for (let j = 0; j < n; j++) out[i * n + j] += x * b[p * n + j];
  }
}
`;

const plainMatmul = (type = 'Float32Array') =>
  compile(
    ['a', 'b'],
    `${PRODUCT}
     const [m, k] = a.shape, n = b.shape[1];
     if (b.shape[0] !== k) throw new RangeError('shapes');
     const out = new ${type}(m * n);
     product(a.data, b.data, out, m, k, n);
     return new PlainTensor(out, [m, n]);`,
  );

const plainMatmulGrad = compile(
  ['a', 'b', 'gradient'],
  `${PRODUCT}
   const [m, k] = a.shape, n = b.shape[1], g = gradient.data;
   const out = new Float32Array(m * n), byA = new Float32Array(m * k), byB = new Float32Array(k * n);
   product(a.data, b.data, out, m, k, n);
   for (let i = 0; i < m; i++) for (let p = 0; p < k; p++) {
     let sum = 0;
     for (let j = 0; j < n; j++) sum += g[i * n + j] * b.data[p * n + j];
     byA[i * k + p] = sum;
   }
   for (let i = 0; i < m; i++) for (let p = 0; p < k; p++) {
     const x = a.data[i * k + p];
     for (let j = 0; j < n; j++) byB[p * n + j] += x * g[i * n + j];
   }
   return [new PlainTensor(out, [m, n]), new PlainTensor(byA, a.shape), new PlainTensor(byB, b.shape)];`,
);

const MATRICES = [
  [4, 4, 4],
  [32, 32, 32],
  [128, 128, 128],
  [512, 512, 512],
];

const pair = (dtype) => (sizes) => [
  numbers([sizes[0], sizes[1]], { dtype }),
  numbers([sizes[1], sizes[2]], { seed: 2, dtype }),
];

const products = [
  {
    op: 'matmul',
    sizes: MATRICES,
    inputs: pair('float32'),
    nabla: (nabla, a, b) => nabla.matmul(a, b),
    plain: plainMatmul(),
    plainGrad: plainMatmulGrad,
    wrt: [0, 1],
    tf: (tf, a, b) => tf.matMul(a, b),
    jax: (jax, a, b) => jax.numpy.matmul(a, b),
  },
  {
    op: 'matmul',
    variant: 'float64',
    sizes: MATRICES,
    inputs: pair('float64'),
    nabla: (nabla, a, b) => nabla.matmul(a, b),
    plain: plainMatmul('Float64Array'),
  },
  {
    op: 'matmul',
    variant: 'skinny',
    sizes: [
      [64, 784, 10],
      [1, 784, 128],
      [1000, 1000, 1],
      [1, 1000, 1000],
      [1000, 3, 1000],
    ],
    inputs: pair('float32'),
    nabla: (nabla, a, b) => nabla.matmul(a, b),
    plain: plainMatmul(),
    tf: (tf, a, b) => tf.matMul(a, b),
    jax: (jax, a, b) => jax.numpy.matmul(a, b),
  },
  {
    op: 'matmul',
    variant: 'both transposed',
    sizes: MATRICES,
    inputs: pair('float32'),
    nabla: (nabla, a, b) => nabla.matmul(a.t(), b.t()),
    plain: compile(
      ['a', 'b'],
      `const [k, m] = a.shape, n = b.shape[0], x = a.data, z = b.data, out = new Float32Array(m * n);
       for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) {
         let sum = 0;
         for (let p = 0; p < k; p++) sum += x[p * m + i] * z[j * k + p];
         out[i * n + j] = sum;
       }
       return new PlainTensor(out, [m, n]);`,
    ),
    tf: (tf, a, b) => tf.matMul(a, b, true, true),
    jax: (jax, a, b) => jax.numpy.matmul(a.transpose(), b.transpose()),
  },
  {
    op: 'bmm',
    sizes: [
      [2, 2, 2, 2],
      [8, 16, 16, 16],
      [64, 32, 32, 32],
      [64, 64, 64, 64],
    ],
    inputs: ([batch, m, k, n]) => [numbers([batch, m, k]), numbers([batch, k, n], { seed: 2 })],
    nabla: (nabla, a, b) => nabla.bmm(a, b),
    plain: compile(
      ['a', 'b'],
      `${PRODUCT}
       const [batch, m, k] = a.shape, n = b.shape[2], out = new Float32Array(batch * m * n);
       for (let i = 0; i < batch; i++)
         product(a.data.subarray(i * m * k), b.data.subarray(i * k * n), out.subarray(i * m * n), m, k, n);
       return new PlainTensor(out, [batch, m, n]);`,
    ),
    tf: (tf, a, b) => tf.matMul(a, b),
    jax: (jax, a, b) => jax.numpy.matmul(a, b),
  },
  {
    op: 'mv',
    sizes: [
      [4, 4],
      [32, 32],
      [175, 175],
      [1000, 1000],
    ],
    inputs: ([m, k]) => [numbers([m, k]), numbers([k], { seed: 2 })],
    nabla: (nabla, a, x) => nabla.mv(a, x),
    plain: compile(
      ['a', 'b'],
      `const [m, k] = a.shape, x = a.data, z = b.data, out = new Float32Array(m);
       for (let i = 0; i < m; i++) { let sum = 0; for (let p = 0; p < k; p++) sum += x[i * k + p] * z[p]; out[i] = sum; }
       return new PlainTensor(out, [m]);`,
    ),
    tf: (tf, a, x) => tf.dot(a, x),
    jax: (jax, a, x) => jax.numpy.matmul(a, x),
  },
  {
    op: 'dot',
    sizes: [[16], [1000], [30_000], [1_000_000]],
    inputs: (shape) => [numbers(shape), numbers(shape, { seed: 2 })],
    nabla: (nabla, a, b) => nabla.dot(a, b),
    plain: compile(
      ['a', 'b'],
      `const x = a.data, z = b.data, out = new Float32Array(1); let sum = 0;
       for (let i = 0; i < x.length; i++) sum += x[i] * z[i];
       out[0] = sum; return new PlainTensor(out, []);`,
    ),
    tf: (tf, a, b) => tf.dot(a, b),
    jax: (jax, a, b) => jax.numpy.dot(a, b),
  },
  {
    op: 'outer',
    sizes: [[4], [32], [175], [1000]],
    inputs: (shape) => [numbers(shape), numbers(shape, { seed: 2 })],
    nabla: (nabla, a, b) => nabla.outer(a, b),
    plain: compile(
      ['a', 'b'],
      `const x = a.data, z = b.data, n = z.length, out = new Float32Array(x.length * n);
       for (let i = 0, k = 0; i < x.length; i++) for (let j = 0; j < n; j++, k++) out[k] = x[i] * z[j];
       return new PlainTensor(out, [x.length, n]);`,
    ),
    tf: (tf, a, b) => tf.outerProduct(a, b),
    jax: (jax, a, b) => jax.numpy.outer(a, b),
  },
  {
    op: 'linear',
    sizes: [
      [1, 4, 4],
      [64, 16, 16],
      [64, 784, 128],
    ],
    inputs: ([rows, k, n]) => [numbers([rows, k]), numbers([n, k], { seed: 2 }), numbers([n], { seed: 3 })],
    nabla: (nabla, x, weight, bias) => nabla.F.linear(x, weight, bias),
    plain: compile(
      ['a', 'w', 'b'],
      `const [rows, k] = a.shape, n = w.shape[0], x = a.data, z = w.data, out = new Float32Array(rows * n);
       for (let i = 0; i < rows; i++) for (let j = 0; j < n; j++) {
         let sum = b.data[j];
         for (let p = 0; p < k; p++) sum += x[i * k + p] * z[j * k + p];
         out[i * n + j] = sum;
       }
       return new PlainTensor(out, [rows, n]);`,
    ),
    tf: (tf, x, weight, bias) => tf.add(tf.matMul(x, weight, false, true), bias),
    jax: (jax, x, weight, bias) => jax.numpy.matmul(x, weight.transpose()).add(bias),
  },
];

/** Gauss' elimination with pivots, on a copy in float64: `each` is done with every row below the pivot. */
export const ELIMINATE = `
function eliminate(matrix, n, width) {
  let sign = 1;
  for (let c = 0; c < n; c++) {
    let best = c;
    for (let r = c + 1; r < n; r++) if (abs(matrix[r * width + c]) > abs(matrix[best * width + c])) best = r;
    if (best !== c) {
      sign = -sign;
      for (let j = 0; j < width; j++) {
        const t = matrix[c * width + j]; matrix[c * width + j] = matrix[best * width + j]; matrix[best * width + j] = t;
      }
    }
    const pivot = matrix[c * width + c];
    for (let r = c + 1; r < n; r++) {
      const factor = matrix[r * width + c] / pivot;
      for (let j = c; j < width; j++) matrix[r * width + j] -= factor * matrix[c * width + j];
    }
  }
  return sign;
}
`;

export const plainSolve = (identity) =>
  compile(
    ['a', 'b'],
    `${ELIMINATE}
     const n = a.shape[0], columns = ${identity ? 'n' : 'b.shape[1]'}, width = n + columns;
     const matrix = new Float64Array(n * width);
     for (let r = 0; r < n; r++) {
       for (let c = 0; c < n; c++) matrix[r * width + c] = a.data[r * n + c];
       for (let c = 0; c < columns; c++) matrix[r * width + n + c] = ${identity ? 'r === c ? 1 : 0' : 'b.data[r * columns + c]'};
     }
     eliminate(matrix, n, width);
     for (let r = n - 1; r >= 0; r--) for (let c = n; c < width; c++) {
       let sum = matrix[r * width + c];
       for (let k = r + 1; k < n; k++) sum -= matrix[r * width + k] * matrix[k * width + c];
       matrix[r * width + c] = sum / matrix[r * width + r];
     }
     const out = new Float32Array(n * columns);
     for (let r = 0; r < n; r++) for (let c = 0; c < columns; c++) out[r * columns + c] = matrix[r * width + n + c];
     return new PlainTensor(out, [n, columns]);`,
  );

/** A matrix far from singular. */
export function regular(n) {
  const matrix = numbers([n, n]);
  for (let i = 0; i < n; i++) matrix.data[i * n + i] += n;
  return matrix;
}

/** Symmetric and positive definite. */
export function definite(n) {
  const matrix = regular(n);
  for (let r = 0; r < n; r++) for (let c = 0; c < r; c++) matrix.data[r * n + c] = matrix.data[c * n + r];
  for (let i = 0; i < n; i++) matrix.data[i * n + i] += 2 * n;
  return matrix;
}

const SYSTEMS = [[4], [32], [128]];

export const algebraCases = [
  {
    op: 'linalg.inv',
    inputs: ([n]) => [regular(n)],
    nabla: (nabla, a) => nabla.linalg.inv(a),
    plain: plainSolve(true),
    jax: (jax, a) => jax.numpy.linalg.inv(a),
  },
  {
    op: 'linalg.solve',
    inputs: ([n]) => [regular(n), numbers([n, 4])],
    nabla: (nabla, a, b) => nabla.linalg.solve(a, b),
    plain: plainSolve(false),
    jax: (jax, a, b) => jax.numpy.linalg.solve(a, b),
  },
  {
    op: 'linalg.det',
    inputs: ([n]) => [regular(n)],
    nabla: (nabla, a) => nabla.linalg.det(a),
    plain: compile(
      ['a'],
      `${ELIMINATE}
       const n = a.shape[0], matrix = Float64Array.from(a.data);
       let det = eliminate(matrix, n, n);
       for (let i = 0; i < n; i++) det *= matrix[i * n + i];
       return new PlainTensor(Float32Array.of(det), []);`,
    ),
    jax: (jax, a) => jax.numpy.linalg.det(a),
  },
  {
    op: 'linalg.cholesky',
    inputs: ([n]) => [definite(n)],
    nabla: (nabla, a) => nabla.linalg.cholesky(a),
    plain: compile(
      ['a'],
      `const n = a.shape[0], x = a.data, out = new Float32Array(n * n);
       for (let r = 0; r < n; r++) for (let c = 0; c <= r; c++) {
         let sum = x[r * n + c];
         for (let k = 0; k < c; k++) sum -= out[r * n + k] * out[c * n + k];
         out[r * n + c] = r === c ? sqrt(sum) : sum / out[c * n + c];
       }
       return new PlainTensor(out, a.shape);`,
    ),
    jax: (jax, a) => jax.numpy.linalg.cholesky(a),
  },
].map((entry) => ({ sizes: SYSTEMS, ...entry }));

export const productCases = [...products, ...algebraCases];
