/** Cases of linear algebra beyond products, and of ops that sample: by the textbook's loops, in float64. */
import { numbers } from './data.mjs';
import { compile } from './plain.mjs';
import { algebraCases, definite, ELIMINATE, plainSolve, regular } from './products.mjs';

const SYSTEMS = [[4], [32], [128]];
const byName = new Map(algebraCases.map((entry) => [entry.op, entry]));
const alias = (op, of, nabla) => ({ ...byName.get(of), op, nabla, jax: undefined });

const DETERMINANT = `${ELIMINATE}
  const n = a.shape[0], matrix = Float64Array.from(a.data);
  let sign = eliminate(matrix, n, n), log = 0;
  for (let i = 0; i < n; i++) { if (matrix[i * n + i] < 0) sign = -sign; log += Math.log(abs(matrix[i * n + i])); }`;

/** Eigenvalues by turning rows and columns of a symmetric matrix until nothing is beside the diagonal (Jacobi). */
const JACOBI = `
function jacobi(a, v, n) {
  for (let sweep = 0; sweep < 30; sweep++) {
    let off = 0;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) off += a[p * n + q] * a[p * n + q];
    if (off < 1e-18) return;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) {
      if (abs(a[p * n + q]) < 1e-300) continue;
      const theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q]);
      const t = (theta >= 0 ? 1 : -1) / (abs(theta) + sqrt(theta * theta + 1)), c = 1 / sqrt(t * t + 1), s = t * c;
      for (let k = 0; k < n; k++) { const x = a[k * n + p], y = a[k * n + q]; a[k * n + p] = c * x - s * y; a[k * n + q] = s * x + c * y; }
      for (let k = 0; k < n; k++) { const x = a[p * n + k], y = a[q * n + k]; a[p * n + k] = c * x - s * y; a[q * n + k] = s * x + c * y; }
      if (v) for (let k = 0; k < n; k++) { const x = v[k * n + p], y = v[k * n + q]; v[k * n + p] = c * x - s * y; v[k * n + q] = s * x + c * y; }
    }
  }
}
`;
const eigen = (vectors) =>
  compile(
    ['a'],
    `${JACOBI} const n = a.shape[0], m = Float64Array.from(a.data), v = ${vectors} ? new Float64Array(n * n) : null;
     if (v) for (let i = 0; i < n; i++) v[i * n + i] = 1;
     jacobi(m, v, n);
     const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => m[i * n + i] - m[j * n + j]);
     const out = new Float32Array(n), columns = new Float32Array(v ? n * n : 0);
     order.forEach((from, to) => { out[to] = m[from * n + from]; if (v) for (let k = 0; k < n; k++) columns[k * n + to] = v[k * n + from]; });
     return [new PlainTensor(out, [n]), columns];`,
  );

/** Singular values by making columns orthogonal in pairs (Hestenes). */
const HESTENES = `
function hestenes(u, v, n) {
  for (let sweep = 0; sweep < 40; sweep++) {
    let turned = false;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) {
      let pp = 0, qq = 0, pq = 0;
      for (let k = 0; k < n; k++) { const x = u[k * n + p], y = u[k * n + q]; pp += x * x; qq += y * y; pq += x * y; }
      if (abs(pq) <= 1e-12 * sqrt(pp * qq)) continue;
      turned = true;
      const zeta = (qq - pp) / (2 * pq), t = (zeta >= 0 ? 1 : -1) / (abs(zeta) + sqrt(1 + zeta * zeta)), c = 1 / sqrt(1 + t * t), s = c * t;
      for (let k = 0; k < n; k++) { const x = u[k * n + p], y = u[k * n + q]; u[k * n + p] = c * x - s * y; u[k * n + q] = s * x + c * y; }
      if (v) for (let k = 0; k < n; k++) { const x = v[k * n + p], y = v[k * n + q]; v[k * n + p] = c * x - s * y; v[k * n + q] = s * x + c * y; }
    }
    if (!turned) break;
  }
  const sizes = new Float64Array(n);
  for (let j = 0; j < n; j++) { let sum = 0; for (let k = 0; k < n; k++) sum += u[k * n + j] * u[k * n + j]; sizes[j] = sqrt(sum); }
  return sizes;
}
`;
const singular = (vectors, body) =>
  compile(
    ['a'],
    `${HESTENES} const n = a.shape[0], u = Float64Array.from(a.data), v = ${vectors} ? new Float64Array(n * n) : null;
     if (v) for (let i = 0; i < n; i++) v[i * n + i] = 1;
     const sizes = hestenes(u, v, n); ${body}`,
  );
const PSEUDO = `const out = new Float32Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) { let sum = 0; for (let k = 0; k < n; k++) sum += v[i * n + k] * u[j * n + k] / (sizes[k] * sizes[k]); out[i * n + j] = sum; }
  return new PlainTensor(out, [n, n]);`;
const VALUES = 'return new PlainTensor(Float32Array.from(sizes.sort().reverse()), [n]);';

const MATRIX_EXP = `
function product(a, b, n) {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let p = 0; p < n; p++) { const x = a[i * n + p]; for (let j = 0; j < n; j++) out[i * n + j] += x * b[p * n + j]; }
  return out;
}`;
const matrixExp = compile(
  ['a'],
  `${MATRIX_EXP} const n = a.shape[0]; let norm = 0;
   for (let i = 0; i < n; i++) { let sum = 0; for (let j = 0; j < n; j++) sum += abs(a.data[i * n + j]); norm = max(norm, sum); }
   const halvings = max(0, ceil(log2(norm)) + 1), x = Float64Array.from(a.data, (value) => value / 2 ** halvings);
   let term = new Float64Array(n * n), sum = new Float64Array(n * n);
   for (let i = 0; i < n; i++) term[i * n + i] = sum[i * n + i] = 1;
   for (let k = 1; k <= 12; k++) { term = product(term, x, n).map((value) => value / k); for (let i = 0; i < n * n; i++) sum[i] += term[i]; }
   for (let k = 0; k < halvings; k++) sum = product(sum, sum, n);
   return new PlainTensor(Float32Array.from(sum), [n, n]);`,
);

const square = ([n]) => [numbers([n, n], { low: -0.5, high: 0.5 })];
const systems = [
  alias('inverse', 'linalg.inv', (n, a) => n.inverse(a)),
  alias('det', 'linalg.det', (n, a) => n.det(a)),
  alias('cholesky', 'linalg.cholesky', (n, a) => n.cholesky(a)),
  ...[
    ['linalg.slogdet', (n, a) => n.linalg.slogdet(a)],
    ['slogdet', (n, a) => n.slogdet(a)],
    ['logdet', (n, a) => n.logdet(a)],
  ].map(([op, nabla]) => ({
    op,
    inputs: ([n]) => [definite(n)],
    nabla,
    plain: compile(
      ['a'],
      `${DETERMINANT} return [new PlainTensor(Float32Array.of(${op === 'logdet' ? 'log' : 'sign'}), []), log];`,
    ),
  })),
  {
    op: 'linalg.solveTriangular',
    inputs: ([n]) => [definite(n), numbers([n, 4])],
    nabla: (n, a, b) => n.linalg.solveTriangular(a, b, { upper: false }),
    plain: compile(
      ['a', 'b'],
      `const n = a.shape[0], m = b.shape[1], out = new Float32Array(n * m);
       for (let c = 0; c < m; c++) for (let r = 0; r < n; r++) {
         let sum = b.data[r * m + c];
         for (let k = 0; k < r; k++) sum -= a.data[r * n + k] * out[k * m + c];
         out[r * m + c] = sum / a.data[r * n + r];
       }
       return new PlainTensor(out, b.shape);`,
    ),
  },
  {
    op: 'choleskySolve',
    inputs: ([n]) => [numbers([n, 4]), definite(n)],
    nabla: (n, b, l) => n.choleskySolve(b, l),
    plain: compile(
      ['b', 'a'],
      `const n = a.shape[0], m = b.shape[1], out = new Float32Array(n * m), l = a.data;
       for (let c = 0; c < m; c++) {
         for (let r = 0; r < n; r++) { let sum = b.data[r * m + c]; for (let k = 0; k < r; k++) sum -= l[r * n + k] * out[k * m + c]; out[r * m + c] = sum / l[r * n + r]; }
         for (let r = n - 1; r >= 0; r--) { let sum = out[r * m + c]; for (let k = r + 1; k < n; k++) sum -= l[k * n + r] * out[k * m + c]; out[r * m + c] = sum / l[r * n + r]; }
       }
       return new PlainTensor(out, b.shape);`,
    ),
  },
  {
    op: 'linalg.qr',
    inputs: ([n]) => [regular(n)],
    nabla: (n, a) => n.linalg.qr(a),
    plain: compile(
      ['a'],
      `const n = a.shape[0], q = Float64Array.from(a.data), r = new Float32Array(n * n);
       for (let j = 0; j < n; j++) {
         for (let i = 0; i < j; i++) {
           let dot = 0;
           for (let k = 0; k < n; k++) dot += q[k * n + i] * q[k * n + j];
           r[i * n + j] = dot;
           for (let k = 0; k < n; k++) q[k * n + j] -= dot * q[k * n + i];
         }
         let sum = 0;
         for (let k = 0; k < n; k++) sum += q[k * n + j] * q[k * n + j];
         const norm = r[j * n + j] = sqrt(sum);
         for (let k = 0; k < n; k++) q[k * n + j] /= norm;
       }
       return [new PlainTensor(Float32Array.from(q), [n, n]), r];`,
    ),
  },
  {
    op: 'linalg.lstsq',
    inputs: ([n]) => [regular(n), numbers([n, 4])],
    nabla: (n, a, b) => n.linalg.lstsq(a, b),
    plain: plainSolve(false),
  },
  {
    op: 'linalg.eigh',
    inputs: ([n]) => [definite(n)],
    nabla: (n, a) => n.linalg.eigh(a),
    plain: eigen(true),
  },
  {
    op: 'linalg.eigvalsh',
    inputs: ([n]) => [definite(n)],
    nabla: (n, a) => n.linalg.eigvalsh(a),
    plain: eigen(false),
  },
  {
    op: 'linalg.svd',
    inputs: ([n]) => [regular(n)],
    nabla: (n, a) => n.linalg.svd(a),
    plain: singular(true, VALUES),
  },
  {
    op: 'linalg.svdvals',
    inputs: ([n]) => [regular(n)],
    nabla: (n, a) => n.linalg.svdvals(a),
    plain: singular(false, VALUES),
  },
  {
    op: 'linalg.matrixRank',
    inputs: ([n]) => [regular(n)],
    nabla: (n, a) => n.linalg.matrixRank(a),
    plain: singular(false, 'return sizes.filter((s) => s > 1e-6).length;'),
  },
  {
    op: 'linalg.pinv',
    inputs: ([n]) => [regular(n)],
    nabla: (n, a) => n.linalg.pinv(a),
    plain: singular(true, PSEUDO),
  },
  {
    op: 'pinverse',
    inputs: ([n]) => [regular(n)],
    nabla: (n, a) => n.pinverse(a),
    plain: singular(true, PSEUDO),
  },
  { op: 'matrixExp', inputs: square, nabla: (n, a) => n.matrixExp(a), plain: matrixExp },
  { op: 'linalg.matrixExp', inputs: square, nabla: (n, a) => n.linalg.matrixExp(a), plain: matrixExp },
  {
    op: 'linalg.matrixPower',
    inputs: square,
    nabla: (n, a) => n.linalg.matrixPower(a, 2),
    plain: compile(
      ['a'],
      `${MATRIX_EXP} const n = a.shape[0]; return new PlainTensor(Float32Array.from(product(a.data, a.data, n)), [n, n]);`,
    ),
  },
  {
    op: 'linalg.matrixNorm',
    inputs: square,
    nabla: (n, a) => n.linalg.matrixNorm(a),
    plain: compile(
      ['a'],
      'let sum = 0; for (let i = 0; i < a.data.length; i++) sum += a.data[i] * a.data[i]; return new PlainTensor(Float32Array.of(sqrt(sum)), []);',
    ),
  },
].map((entry) => ({ sizes: SYSTEMS, ...entry }));

const CROSS = compile(
  ['a', 'b'],
  `const n = a.shape[0], x = a.data, z = b.data, out = new Float32Array(3 * n);
   for (let k = 0; k < 3 * n; k += 3) {
     out[k] = x[k + 1] * z[k + 2] - x[k + 2] * z[k + 1]; out[k + 1] = x[k + 2] * z[k] - x[k] * z[k + 2]; out[k + 2] = x[k] * z[k + 1] - x[k + 1] * z[k];
   }
   return new PlainTensor(out, a.shape);`,
);
const sampled = [
  ...['cross', 'linalg.cross'].map((op) => ({
    op,
    sizes: [[4], [1000], [30_000]],
    inputs: ([n]) => [numbers([n, 3]), numbers([n, 3], { seed: 2 })],
    nabla: (n, a, b) => (op === 'cross' ? n.cross(a, b, 1) : n.linalg.cross(a, b)),
    plain: CROSS,
  })),
  {
    op: 'bilinear',
    sizes: [
      [2, 2, 2],
      [32, 8, 8],
      [128, 32, 32],
    ],
    inputs: ([n, i, o]) => [numbers([n, i]), numbers([n, i], { seed: 2 }), numbers([o, i, i], { seed: 3 })],
    nabla: (n, a, b, w) => n.F.bilinear(a, b, w),
    plain: compile(
      ['a', 'b', 'w'],
      `const [n, m] = a.shape, o = w.shape[0], out = new Float32Array(n * o);
       for (let r = 0; r < n; r++) for (let k = 0; k < o; k++) {
         let sum = 0;
         for (let i = 0; i < m; i++) for (let j = 0; j < m; j++) sum += a.data[r * m + i] * w.data[(k * m + i) * m + j] * b.data[r * m + j];
         out[r * o + k] = sum;
       }
       return new PlainTensor(out, [n, o]);`,
    ),
  },
  {
    op: 'embeddingBag',
    sizes: [
      [16, 4, 4],
      [100, 32, 32],
      [1000, 200, 64],
    ],
    inputs: ([rows, bags, width]) => [
      numbers([bags, 5], { dtype: 'int64', low: 0, high: rows }),
      numbers([rows, width]),
    ],
    nabla: (n, index, weight) => n.F.embeddingBag(index, weight),
    plain: compile(
      ['b', 'a'],
      `const [bags, n] = b.shape, width = a.shape[1], out = new Float32Array(bags * width);
       for (let g = 0; g < bags; g++) {
         for (let i = 0; i < n; i++) { const from = b.data[g * n + i] * width; for (let c = 0; c < width; c++) out[g * width + c] += a.data[from + c]; }
         for (let c = 0; c < width; c++) out[g * width + c] /= n;
       }
       return new PlainTensor(out, [bags, width]);`,
    ),
  },
  {
    op: 'affineGrid',
    sizes: [
      [1, 4],
      [4, 32],
      [16, 100],
    ],
    inputs: ([n, s]) => [numbers([n, 2, 3]), numbers([s])],
    nabla: (n, theta, like) =>
      n.F.affineGrid(theta, [theta.shape[0], 1, like.shape[0], like.shape[0]], { alignCorners: false }),
    plain: compile(
      ['a', 'like'],
      `const N = a.shape[0], s = like.shape[0], t = a.data, out = new Float32Array(N * s * s * 2);
       for (let n = 0, k = 0; n < N; n++) for (let i = 0; i < s; i++) for (let j = 0; j < s; j++) {
         const x = (2 * j + 1) / s - 1, y = (2 * i + 1) / s - 1;
         for (let d = 0; d < 2; d++, k++) out[k] = t[n * 6 + d * 3] * x + t[n * 6 + d * 3 + 1] * y + t[n * 6 + d * 3 + 2];
       }
       return new PlainTensor(out, [N, s, s, 2]);`,
    ),
  },
  {
    op: 'gridSample',
    sizes: [
      [1, 1, 4],
      [4, 3, 16],
      [8, 8, 28],
    ],
    inputs: ([n, c, s]) => [numbers([n, c, s, s]), numbers([n, s, s, 2], { low: -1, high: 1, seed: 2 })],
    nabla: (n, x, grid) => n.F.gridSample(x, grid, { alignCorners: false }),
    plain: compile(
      ['a', 'g'],
      `const [N, C, H, W] = a.shape, out = new Float32Array(a.data.length), data = a.data;
       for (let n = 0; n < N; n++) for (let i = 0; i < H; i++) for (let j = 0; j < W; j++) {
         const at = ((n * H + i) * W + j) * 2, x = ((g.data[at] + 1) * W - 1) / 2, y = ((g.data[at + 1] + 1) * H - 1) / 2;
         const x0 = floor(x), y0 = floor(y);
         for (let c = 0; c < C; c++) {
           let sum = 0;
           for (let p = 0; p < 2; p++) for (let q = 0; q < 2; q++) {
             const u = y0 + p, v = x0 + q;
             if (u >= 0 && u < H && v >= 0 && v < W) sum += data[((n * C + c) * H + u) * W + v] * (1 - abs(y - u)) * (1 - abs(x - v));
           }
           out[((n * C + c) * H + i) * W + j] = sum;
         }
       }
       return new PlainTensor(out, a.shape);`,
    ),
  },
  {
    op: 'maxUnpool2d',
    sizes: [
      [1, 1, 3],
      [4, 4, 8],
      [32, 8, 14],
    ],
    inputs: ([n, c, s]) => [
      numbers([n, c, s, s]),
      {
        data: Float64Array.from(
          { length: n * c * s * s },
          (_, k) => 2 * (k % s) + 4 * s * (Math.floor(k / s) % s),
        ),
        shape: [n, c, s, s],
        dtype: 'int64',
      },
    ],
    nabla: (n, x, places) => n.F.maxUnpool2d(x, places, 2),
    plain: compile(
      ['a', 'b'],
      `const [N, C, H, W] = a.shape, plane = H * W, out = new Float32Array(4 * a.data.length);
       for (let k = 0; k < a.data.length; k++) out[floor(k / plane) * 4 * plane + b.data[k]] = a.data[k];
       return new PlainTensor(out, [N, C, 2 * H, 2 * W]);`,
    ),
  },
  {
    op: 'localResponseNorm',
    sizes: [
      [1, 3, 4, 4],
      [4, 8, 16, 16],
    ],
    inputs: (shape) => [numbers(shape)],
    nabla: (n, x) => n.F.localResponseNorm(x, 3),
    plain: compile(
      ['a'],
      `const [N, C, H, W] = a.shape, plane = H * W, out = new Float32Array(a.data.length);
       for (let n = 0, k = 0; n < N; n++) for (let c = 0; c < C; c++) for (let l = 0; l < plane; l++, k++) {
         let sum = 0;
         for (let d = max(0, c - 1); d <= min(C - 1, c + 1); d++) { const x = a.data[(n * C + d) * plane + l]; sum += x * x; }
         out[k] = a.data[k] / pow(1 + (1e-4 * sum) / 3, 0.75);
       }
       return new PlainTensor(out, a.shape);`,
    ),
  },
  {
    op: 'multilabelMarginLoss',
    sizes: [
      [2, 8],
      [16, 64],
      [128, 64],
    ],
    inputs: ([n, c]) => [
      numbers([n, c]),
      {
        data: Float64Array.from({ length: n * c }, (_, k) => (k % c < 2 ? (k % c) + 1 : -1)),
        shape: [n, c],
        dtype: 'int64',
      },
    ],
    nabla: (n, x, t) => n.F.multilabelMarginLoss(x, t),
    plain: compile(
      ['a', 'b'],
      `const [rows, columns] = a.shape; let loss = 0;
       for (let r = 0; r < rows; r++) {
         const is = new Uint8Array(columns), base = r * columns; let sum = 0, count = 0;
         while (count < columns && b.data[base + count] >= 0) is[b.data[base + count++]] = 1;
         for (let j = 0; j < count; j++) for (let i = 0; i < columns; i++) if (is[i] === 0) sum += max(0, 1 - a.data[base + b.data[base + j]] + a.data[base + i]);
         loss += sum / columns;
       }
       return new PlainTensor(Float32Array.of(loss / rows), []);`,
    ),
  },
];

export const furtherAlgebraCases = [...systems, ...sampled];
