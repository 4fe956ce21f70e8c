/** Cases of what is composed of few ops: products with sums, distances, arrangements, extremes with places. */
import { numbers } from './data.mjs';
import { compile, elementwise } from './plain.mjs';
import { SQUARES } from './reductions.mjs';

const VECTORS = [[16], [1000], [30_000], [1_000_000]];
const SMALL_SQUARES = SQUARES.slice(0, 3);
const one = (options) => (shape) => [numbers(shape, options)];
const two = (shape) => [numbers(shape), numbers(shape, { seed: 2 })];
const squares =
  (...seeds) =>
  (shape) =>
    seeds.map((seed) => numbers(shape, { seed }));

const PRODUCT = `
function product(a, b, out, m, k, n) {
  for (let i = 0; i < m; i++) for (let p = 0; p < k; p++) {
    const x = a[i * k + p];
    for (let j = 0; j < n; j++) out[i * n + j] += x * b[p * n + j];
  }
}
`;
export const MATRIX = 'const data = a.data, [rows, columns] = a.shape;';
const result = (expression, { rows = 'rows', columns = 'columns', type = 'Float32Array' } = {}) =>
  `const R = ${rows}, C = ${columns}, out = new ${type}(R * C);
   for (let r = 0, k = 0; r < R; r++) for (let c = 0; c < C; c++, k++) out[k] = ${expression};
   return new PlainTensor(out, [R, C]);`;
export const loops = (expression, options, parameters = ['a', 'b']) =>
  compile(
    parameters,
    `${MATRIX} ${parameters.includes('b') ? 'const other = b.data;' : ''} ${result(expression, options)}`,
  );

const products = [
  ['mm', squares(1, 2), (n, a, b) => n.mm(a, b), 'product(a.data, b.data, out, rows, rows, rows);'],
  [
    'addmm',
    squares(1, 2, 3),
    (n, c, a, b) => n.addmm(c, a, b),
    'out.set(a.data); product(b.data, c.data, out, rows, rows, rows);',
  ],
  [
    'matrixPower',
    squares(1),
    (n, a) => n.matrixPower(a, 2),
    'product(a.data, a.data, out, rows, rows, rows);',
  ],
  [
    'einsum',
    squares(1, 2),
    (n, a, b) => n.einsum('ij,jk->ik', a, b),
    'product(a.data, b.data, out, rows, rows, rows);',
  ],
  [
    'tensordot',
    squares(1, 2),
    (n, a, b) => n.tensordot(a, b, 1),
    'product(a.data, b.data, out, rows, rows, rows);',
  ],
  [
    'linalg.multiDot',
    squares(1, 2),
    (n, a, b) => n.linalg.multiDot([a, b]),
    'product(a.data, b.data, out, rows, rows, rows);',
  ],
  [
    'inner',
    squares(1, 2),
    (n, a, b) => n.inner(a, b),
    `for (let i = 0; i < rows; i++) for (let j = 0; j < rows; j++) {
       let sum = 0;
       for (let p = 0; p < rows; p++) sum += a.data[i * rows + p] * b.data[j * rows + p];
       out[i * rows + j] = sum;
     }`,
  ],
].map(([op, inputs, nabla, body]) => ({
  op,
  sizes: SMALL_SQUARES,
  inputs,
  nabla,
  plain: compile(
    ['a', 'b', 'c'],
    `${PRODUCT} const rows = a.shape[0], out = new Float32Array(rows * rows); ${body} return new PlainTensor(out, a.shape);`,
  ),
}));

const batches = [
  [
    'baddbmm',
    ([b, m]) => [
      [b, m, m],
      [b, m, m],
      [b, m, m],
    ],
    (n, c, x, y) => n.baddbmm(c, x, y),
    true,
  ],
  [
    'addbmm',
    ([b, m]) => [
      [m, m],
      [b, m, m],
      [b, m, m],
    ],
    (n, c, x, y) => n.addbmm(c, x, y),
    false,
  ],
].map(([op, shapes, nabla, each]) => ({
  op,
  sizes: [
    [2, 2],
    [8, 16],
    [64, 32],
  ],
  inputs: (size) => shapes(size).map((shape, i) => numbers(shape, { seed: i + 1 })),
  nabla,
  plain: compile(
    ['c', 'a', 'b'],
    `${PRODUCT} const [batch, m] = a.shape, out = c.data.slice();
     for (let i = 0; i < batch; i++) product(a.data.subarray(i * m * m), b.data.subarray(i * m * m), out.subarray(${each ? 'i * m * m' : '0'}), m, m, m);
     return new PlainTensor(out, c.shape);`,
  ),
}));

const vectors = [
  {
    op: 'addmv',
    sizes: SQUARES,
    inputs: ([m, k]) => [numbers([m]), numbers([m, k], { seed: 2 }), numbers([k], { seed: 3 })],
    nabla: (n, c, a, x) => n.addmv(c, a, x),
    plain: compile(
      ['c', 'a', 'b'],
      `const [m, k] = a.shape, x = a.data, z = b.data, out = new Float32Array(m);
       for (let i = 0; i < m; i++) { let sum = c.data[i]; for (let p = 0; p < k; p++) sum += x[i * k + p] * z[p]; out[i] = sum; }
       return new PlainTensor(out, [m]);`,
    ),
  },
  {
    op: 'addr',
    sizes: SQUARES,
    inputs: ([m, k]) => [numbers([m, k]), numbers([m], { seed: 2 }), numbers([k], { seed: 3 })],
    nabla: (n, c, x, y) => n.addr(c, x, y),
    plain: compile(['a', 'x', 'y'], `${MATRIX} ${result('data[k] + x.data[r] * y.data[c]')}`),
  },
  {
    op: 'vdot',
    sizes: VECTORS,
    inputs: two,
    nabla: (n, a, b) => n.vdot(a, b),
    plain: compile(
      ['a', 'b'],
      `const x = a.data, z = b.data; let sum = 0; for (let i = 0; i < x.length; i++) sum += x[i] * z[i];
       return new PlainTensor(Float32Array.of(sum), []);`,
    ),
  },
  {
    op: 'dist',
    sizes: VECTORS,
    inputs: two,
    nabla: (n, a, b) => n.dist(a, b),
    plain: compile(
      ['a', 'b'],
      `const x = a.data, z = b.data; let sum = 0; for (let i = 0; i < x.length; i++) sum += (x[i] - z[i]) * (x[i] - z[i]);
       return new PlainTensor(Float32Array.of(sqrt(sum)), []);`,
    ),
  },
  {
    op: 'kron',
    sizes: [[2], [6], [18]],
    inputs: ([n]) => two([n, n]),
    nabla: (n, a, b) => n.kron(a, b),
    plain: loops(
      'data[floor(r / rows) * columns + floor(c / columns)] * other[(r % rows) * columns + (c % columns)]',
      {
        rows: 'rows * rows',
        columns: 'columns * columns',
      },
    ),
  },
  ...['cdist', 'pdist'].map((op) => ({
    op,
    sizes: [
      [4, 4],
      [32, 8],
      [200, 32],
    ],
    inputs: op === 'cdist' ? two : one({}),
    nabla: (n, a, b) => (op === 'cdist' ? n.cdist(a, b) : n.pdist(a)),
    plain: compile(
      ['a', 'b = a'],
      `${MATRIX} const other = b.data, out = new Float32Array(${op === 'cdist' ? 'rows * rows' : '(rows * (rows - 1)) / 2'});
       let k = 0;
       for (let i = 0; i < rows; i++) for (let j = ${op === 'cdist' ? '0' : 'i + 1'}; j < rows; j++, k++) {
         let sum = 0;
         for (let c = 0; c < columns; c++) { const d = data[i * columns + c] - other[j * columns + c]; sum += d * d; }
         out[k] = sqrt(sum);
       }
       return new PlainTensor(out, [out.length]);`,
    ),
  })),
  ...[
    ['cosineSimilarity', (n, a, b) => n.F.cosineSimilarity(a, b), 'ab / max(sqrt(aa * bb), 1e-8)'],
    ['pairwiseDistance', (n, a, b) => n.F.pairwiseDistance(a, b), 'sqrt(dd)'],
    ['linalg.vecdot', (n, a, b) => n.linalg.vecdot(a, b), 'ab'],
  ].map(([op, nabla, value]) => ({
    op,
    sizes: SQUARES,
    inputs: two,
    nabla,
    plain: compile(
      ['a', 'b'],
      `${MATRIX} const other = b.data, out = new Float32Array(rows);
       for (let r = 0, k = 0; r < rows; r++) {
         let ab = 0, aa = 0, bb = 0, dd = 0;
         for (let c = 0; c < columns; c++, k++) {
           const x = data[k], z = other[k];
           ${value.includes('ab') ? 'ab += x * z;' : ''} ${value.includes('aa') ? 'aa += x * x; bb += z * z;' : ''}
           ${value.includes('dd') ? 'dd += (x - z + 1e-6) * (x - z + 1e-6);' : ''}
         }
         out[r] = ${value};
       }
       return new PlainTensor(out, [rows]);`,
    ),
  })),
];

/** Two results of each row: an expression of `first` and `second`, folded by `step`. */
const rowsOf = (start, step, first, second, type = 'Float32Array') =>
  compile(
    ['a'],
    `${MATRIX} const one = new Float32Array(rows), two = new ${type}(rows), n = columns;
     for (let r = 0; r < rows; r++) { ${start}; for (let c = 0; c < columns; c++) { const x = data[r * columns + c]; ${step}; } one[r] = ${first}; two[r] = ${second}; }
     return [new PlainTensor(one, [rows]), new PlainTensor(two, [rows])];`,
  );

const pairs = [
  [
    'max',
    (n, x) => n.max(x, 1),
    rowsOf(
      'let best = -Infinity, at = 0',
      'if (x > best) { best = x; at = c; }',
      'best',
      'at',
      'Float64Array',
    ),
  ],
  [
    'min',
    (n, x) => n.min(x, 1),
    rowsOf(
      'let best = Infinity, at = 0',
      'if (x < best) { best = x; at = c; }',
      'best',
      'at',
      'Float64Array',
    ),
  ],
  [
    'aminmax',
    (n, x) => n.aminmax(x, { dim: 1 }),
    rowsOf(
      'let low = Infinity, high = -Infinity',
      'if (x < low) low = x; if (x > high) high = x',
      'low',
      'high',
    ),
  ],
  [
    'varMean',
    (n, x) => n.varMean(x, 1),
    rowsOf(
      'let sum = 0, square = 0',
      'sum += x; square += x * x',
      '(square - (sum * sum) / n) / (n - 1)',
      'sum / n',
    ),
  ],
  [
    'stdMean',
    (n, x) => n.stdMean(x, 1),
    rowsOf(
      'let sum = 0, square = 0',
      'sum += x; square += x * x',
      'sqrt((square - (sum * sum) / n) / (n - 1))',
      'sum / n',
    ),
  ],
  [
    'nanmean',
    (n, x) => n.nanmean(x, 1),
    rowsOf('let sum = 0, count = 0', 'if (x === x) { sum += x; count++; }', 'sum / count', 'count'),
  ],
  [
    'linalg.vectorNorm',
    (n, x) => n.linalg.vectorNorm(x, 2, 1),
    rowsOf('let sum = 0', 'sum += x * x', 'sqrt(sum)', '0'),
  ],
  [
    'linalg.norm',
    (n, x) => n.linalg.norm(x, { dim: 1 }),
    rowsOf('let sum = 0', 'sum += x * x', 'sqrt(sum)', '0'),
  ],
].map(([op, nabla, plain]) => ({ op, sizes: SQUARES, inputs: one({}), nabla, plain }));

/** The numbers of a row in order, and how many there are: NaN does not count. */
const SORTED =
  'const s = data.slice(r * columns, (r + 1) * columns).sort(); let count = columns; while (count > 1 && s[count - 1] !== s[count - 1]) count--;';
const ordered = [
  ['nanmedian', (n, x) => n.nanmedian(x, 1), `out[r] = s[(count - 1) >> 1]`],
  [
    'nanquantile',
    (n, x) => n.nanquantile(x, 0.3, 1),
    'const at = 0.3 * (count - 1), l = floor(at); out[r] = s[l] + (at - l) * (s[min(l + 1, count - 1)] - s[l])',
  ],
].map(([op, nabla, body]) => ({
  op,
  sizes: SMALL_SQUARES,
  inputs: one({}),
  nabla,
  plain: compile(
    ['a'],
    `${MATRIX} const out = new Float32Array(rows); for (let r = 0; r < rows; r++) { ${SORTED} ${body}; } return new PlainTensor(out, [rows]);`,
  ),
}));

const grids = [
  [
    'meshgrid',
    [[4], [32], [175], [1000]],
    (n, a, b) => n.meshgrid([a, b]).map((x) => x.contiguous()),
    'const x = new Float32Array(n * n), y = new Float32Array(n * n); for (let i = 0, k = 0; i < n; i++) for (let j = 0; j < n; j++, k++) { x[k] = a.data[i]; y[k] = b.data[j]; } return [x, y];',
  ],
  [
    'cartesianProd',
    [[4], [32], [175]],
    (n, a, b) => n.cartesianProd(a, b),
    'const out = new Float32Array(2 * n * n); for (let i = 0, k = 0; i < n; i++) for (let j = 0; j < n; j++) { out[k++] = a.data[i]; out[k++] = b.data[j]; } return new PlainTensor(out, [n * n, 2]);',
  ],
  [
    'combinations',
    [[4], [32], [175]],
    (n, a) => n.combinations(a, 2),
    'const out = new Float32Array(n * (n - 1)); for (let i = 0, k = 0; i < n; i++) for (let j = i + 1; j < n; j++) { out[k++] = a.data[i]; out[k++] = a.data[j]; } return new PlainTensor(out, [out.length / 2, 2]);',
  ],
  [
    'diagEmbed',
    [[4], [32], [175]],
    (n, a) => n.diagEmbed(a),
    'const out = new Float32Array(n * n); for (let i = 0; i < n; i++) out[i * n + i] = a.data[i]; return new PlainTensor(out, [n, n]);',
  ],
  [
    'diagflat',
    [[4], [32], [175]],
    (n, a) => n.diagflat(a),
    'const out = new Float32Array(n * n); for (let i = 0; i < n; i++) out[i * n + i] = a.data[i]; return new PlainTensor(out, [n, n]);',
  ],
].map(([op, sizes, nabla, body]) => ({
  op,
  sizes,
  inputs: two,
  nabla,
  plain: compile(['a', 'b'], `const n = a.data.length; ${body}`),
}));

const others = [
  ['clampMin', one({}), (n, x) => n.clampMin(x, 0.25), elementwise('max(x, 0.25)')],
  ['clampMax', one({}), (n, x) => n.clampMax(x, 0.25), elementwise('min(x, 0.25)')],
  ['trueDivide', two, (n, a, b) => n.trueDivide(a, b), elementwise('x / z', 2)],
  [
    'floatPower',
    (shape) => [numbers(shape, { low: 0.5, high: 2 }), numbers(shape, { seed: 2 })],
    (n, a, b) => n.floatPower(a, b),
    elementwise('pow(x, z)', 2, 'float64'),
  ],
  [
    'logaddexp2',
    two,
    (n, a, b) => n.logaddexp2(a, b),
    elementwise('((m) => m + log2(1 + pow(2, min(x, z) - m)))(max(x, z))', 2),
  ],
  ['threshold', one({}), (n, x) => n.F.threshold(x, 0.1, 20), elementwise('x > 0.1 ? x : 20')],
  [
    'prelu',
    (shape) => [numbers(shape), numbers([1], { seed: 2 })],
    (n, x, w) => n.F.prelu(x, w),
    compile(
      ['a', 'w'],
      'const data = a.data, s = w.data[0], out = new Float32Array(data.length); for (let i = 0; i < out.length; i++) out[i] = data[i] > 0 ? data[i] : s * data[i]; return new PlainTensor(out, a.shape);',
    ),
  ],
  [
    'bucketize',
    (shape) => [
      numbers(shape),
      { data: Float32Array.from({ length: 101 }, (_, i) => i / 25 - 2), shape: [101], dtype: 'float32' },
    ],
    (n, x, b) => n.bucketize(x, b),
    compile(
      ['a', 's'],
      'const data = a.data, sorted = s.data, out = new Float64Array(data.length); for (let i = 0; i < data.length; i++) { let low = 0, high = sorted.length; while (low < high) { const m = (low + high) >> 1; if (sorted[m] < data[i]) low = m + 1; else high = m; } out[i] = low; } return new PlainTensor(out, a.shape);',
    ),
  ],
  [
    'uniqueConsecutive',
    one({ dtype: 'int64', low: 0, high: 3 }),
    (n, x) => n.uniqueConsecutive(x),
    compile(
      ['a'],
      'const out = []; for (let i = 0; i < a.data.length; i++) if (i === 0 || a.data[i] !== a.data[i - 1]) out.push(a.data[i]); return new PlainTensor(Float64Array.from(out), [out.length]);',
    ),
  ],
  [
    'lgamma',
    one({ low: 0.5, high: 5 }),
    (n, x) => n.lgamma(x),
    elementwise(
      '((t) => 0.5 * log(2 * PI) + (x + 0.5) * log(t) - t + log((1.000000000190015 + 76.18009172947146 / (x + 1) - 86.50532032941677 / (x + 2) + 24.01409824083091 / (x + 3) - 1.231739572450155 / (x + 4)) / x))(x + 5.5)',
    ),
  ],
  [
    'digamma',
    one({ low: 0.5, high: 5 }),
    (n, x) => n.digamma(x),
    compile(
      ['a'],
      'const out = new Float32Array(a.data.length); for (let i = 0; i < out.length; i++) { let x = a.data[i], y = 0; while (x < 6) { y -= 1 / x; x++; } const f = 1 / (x * x); out[i] = y + log(x) - 0.5 / x - f * (1 / 12 - f * (1 / 120 - f / 252)); } return new PlainTensor(out, a.shape);',
    ),
  ],
  [
    'erfinv',
    one({ low: -0.9, high: 0.9 }),
    (n, x) => n.erfinv(x),
    elementwise(
      '((l) => ((t) => sign(x) * sqrt(sqrt(t * t - l / 0.147) - t))(4.330746750799873 + l / 2))(log(1 - x * x))',
    ),
  ],
].map(([op, inputs, nabla, plain]) => ({ op, sizes: VECTORS, inputs, nabla, plain }));

export const composedCases = [
  ...products,
  ...batches,
  ...vectors,
  ...pairs,
  ...ordered,
  ...grids,
  ...others,
  {
    op: 'cummin',
    sizes: SQUARES,
    inputs: one({}),
    nabla: (n, x) => n.cummin(x, 1),
    plain: compile(
      ['a'],
      `${MATRIX} const out = new Float32Array(data.length), places = new Float64Array(data.length); for (let r = 0, k = 0; r < rows; r++) { let acc = Infinity, at = 0; for (let c = 0; c < columns; c++, k++) { if (data[k] <= acc) { acc = data[k]; at = c; } out[k] = acc; places[k] = at; } } return [out, places];`,
    ),
  },
];
