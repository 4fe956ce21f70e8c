/** Cases of what arranges, joins and picks elements of matrices, and of integers' bits. */
import { numbers } from './data.mjs';
import { loops, MATRIX } from './composed.mjs';
import { compile, elementwise, written } from './plain.mjs';
import { SQUARES } from './reductions.mjs';

const one = (options) => (shape) => [numbers(shape, options)];
const two = (shape) => [numbers(shape), numbers(shape, { seed: 2 })];

const arrangements = [
  ['fliplr', one({}), (n, x) => n.fliplr(x), loops('data[r * columns + columns - 1 - c]', {}, ['a'])],
  ['flipud', one({}), (n, x) => n.flipud(x), loops('data[(rows - 1 - r) * columns + c]', {}, ['a'])],
  ['rot90', one({}), (n, x) => n.rot90(x), loops('data[c * columns + columns - 1 - r]', {}, ['a'])],
  ...['vstack', 'hstack', 'dstack', 'columnStack'].map((op) => [
    op,
    two,
    (n, a, b) => n[op]([a, b]),
    op === 'vstack'
      ? loops('r < rows ? data[k] : other[k - rows * columns]', { rows: '2 * rows' })
      : op === 'dstack'
        ? loops('(c & 1) === 0 ? data[r * columns + (c >> 1)] : other[r * columns + (c >> 1)]', {
            columns: '2 * columns',
          })
        : loops('c < columns ? data[r * columns + c] : other[r * columns + c - columns]', {
            columns: '2 * columns',
          }),
  ]),
  [
    'blockDiag',
    two,
    (n, a, b) => n.blockDiag(a, b),
    loops(
      'r < rows ? (c < columns ? data[r * columns + c] : 0) : c < columns ? 0 : other[(r - rows) * columns + c - columns]',
      { rows: '2 * rows', columns: '2 * columns' },
    ),
  ],
  [
    'diag',
    one({}),
    (n, x) => n.diag(x),
    compile(
      ['a'],
      `${MATRIX} const out = new Float32Array(min(rows, columns)); for (let i = 0; i < out.length; i++) out[i] = data[i * columns + i]; return new PlainTensor(out, [out.length]);`,
    ),
  ],
  [
    'trace',
    one({}),
    (n, x) => n.trace(x),
    compile(
      ['a'],
      `${MATRIX} let sum = 0; for (let i = 0; i < min(rows, columns); i++) sum += data[i * columns + i]; return new PlainTensor(Float32Array.of(sum), []);`,
    ),
  ],
  [
    'equal',
    (shape) => [numbers(shape), numbers(shape)],
    (n, a, b) => n.equal(a, b),
    compile(
      ['a', 'b'],
      'if (!sameShape(a.shape, b.shape)) return false; for (let i = 0; i < a.data.length; i++) if (a.data[i] !== b.data[i]) return false; return true;',
    ),
  ],
  [
    'allclose',
    (shape) => [numbers(shape), numbers(shape)],
    (n, a, b) => n.allclose(a, b),
    compile(
      ['a', 'b'],
      'if (!sameShape(a.shape, b.shape)) throw new RangeError("shapes"); for (let i = 0; i < a.data.length; i++) if (!(abs(a.data[i] - b.data[i]) <= 1e-8 + 1e-5 * abs(b.data[i]))) return false; return true;',
    ),
  ],
  [
    'takeAlongDim',
    (shape) => [numbers(shape), numbers(shape, { dtype: 'int64', low: 0, high: shape[1], seed: 3 })],
    (n, x, i) => n.takeAlongDim(x, i, 1),
    loops('data[r * columns + other[k]]'),
  ],
  [
    'indexFill',
    (shape) => [numbers(shape), numbers([4], { dtype: 'int64', low: 0, high: shape[0] })],
    (n, x, i) => n.indexFill(x, 0, i, 0.5),
    compile(
      ['a', 'b'],
      `${MATRIX} const out = data.slice(); for (const r of b.data) for (let c = 0; c < columns; c++) out[r * columns + c] = 0.5; return new PlainTensor(out, a.shape);`,
    ),
  ],
  [
    'indexCopy',
    (shape) => [
      numbers(shape),
      numbers([4], { dtype: 'int64', low: 0, high: shape[0] }),
      numbers([4, shape[1]]),
    ],
    (n, x, i, s) => n.indexCopy(x, 0, i, s),
    compile(
      ['a', 'b', 's'],
      `${MATRIX} const out = data.slice(); for (let i = 0; i < 4; i++) for (let c = 0; c < columns; c++) out[b.data[i] * columns + c] = s.data[i * columns + c]; return new PlainTensor(out, a.shape);`,
    ),
  ],
  [
    'scatterReduce',
    (shape) => [
      numbers(shape),
      numbers(shape, { dtype: 'int64', low: 0, high: shape[1], seed: 3 }),
      numbers(shape, { seed: 2 }),
    ],
    (n, x, i, s) => n.scatterReduce(x, 1, i, s, 'sum'),
    compile(
      ['a', 'b', 's'],
      `${MATRIX} const out = data.slice(); for (let r = 0, k = 0; r < rows; r++) for (let c = 0; c < columns; c++, k++) out[r * columns + b.data[k]] += s.data[k]; return new PlainTensor(out, a.shape);`,
    ),
  ],
  [
    'maskedScatter',
    (shape) => [
      numbers(shape),
      numbers(shape, { dtype: 'bool', low: 0, high: 2, seed: 3 }),
      numbers(shape, { seed: 2 }),
    ],
    (n, x, m, s) => n.maskedScatter(x, m, s),
    compile(
      ['a', 'b', 's'],
      'const out = a.data.slice(); for (let i = 0, k = 0; i < out.length; i++) if (b.data[i] !== 0) out[i] = s.data[k++]; return new PlainTensor(out, a.shape);',
    ),
  ],
  [
    'isin',
    (shape) => [
      numbers(shape, { dtype: 'int64', low: 0, high: 50 }),
      numbers([8], { dtype: 'int64', low: 0, high: 50, seed: 2 }),
    ],
    (n, x, t) => n.isin(x, t),
    compile(
      ['a', 'b'],
      'const set = new Set(b.data), out = new Uint8Array(a.data.length); for (let i = 0; i < out.length; i++) out[i] = set.has(a.data[i]) ? 1 : 0; return new PlainTensor(out, a.shape);',
    ),
  ],
  [
    'softmin',
    one({}),
    (n, x) => n.F.softmin(x, 1),
    compile(
      ['a'],
      `${MATRIX} const out = new Float32Array(data.length); for (let r = 0; r < rows; r++) { let low = Infinity, sum = 0; const s = r * columns; for (let k = s; k < s + columns; k++) if (data[k] < low) low = data[k]; for (let k = s; k < s + columns; k++) sum += out[k] = exp(low - data[k]); for (let k = s; k < s + columns; k++) out[k] /= sum; } return new PlainTensor(out, a.shape);`,
    ),
  ],
  [
    'glu',
    one({}),
    (n, x) => n.F.glu(x.narrow(1, 0, x.shape[1] & ~1)),
    loops('data[r * columns + c] * sigmoid(data[r * columns + c + C])', { columns: 'columns >> 1' }, ['a']),
  ],
  [
    'normalize',
    one({}),
    (n, x) => n.F.normalize(x),
    compile(
      ['a'],
      `${MATRIX} const out = new Float32Array(data.length); for (let r = 0; r < rows; r++) { let sum = 0; const s = r * columns; for (let k = s; k < s + columns; k++) sum += data[k] * data[k]; const by = max(sqrt(sum), 1e-12); for (let k = s; k < s + columns; k++) out[k] = data[k] / by; } return new PlainTensor(out, a.shape);`,
    ),
  ],
].map(([op, inputs, nabla, plain]) => ({ op, sizes: SQUARES, inputs, nabla, plain }));

const VECTORS = [[16], [1000], [30_000], [1_000_000]];
const whole = (shape) => [
  numbers(shape, { dtype: 'int32', low: 0, high: 100 }),
  numbers(shape, { dtype: 'int32', low: 1, high: 9, seed: 2 }),
];
const EUCLID = '((a, b) => { while (b !== 0) { const t = a % b; a = b; b = t; } return a; })(x, z)';

const bits = [
  ['bitwiseAnd', 'x & z'],
  ['bitwiseOr', 'x | z'],
  ['bitwiseXor', 'x ^ z'],
  ['bitwiseLeftShift', 'x << z'],
  ['bitwiseRightShift', 'x >> z'],
  ['gcd', EUCLID],
  ['lcm', `x === 0 ? 0 : (x / ${EUCLID}) * z`],
]
  .map(([op, f]) => ({
    op,
    inputs: whole,
    nabla: written(['a', 'b'], `nabla.${op}(a, b)`),
    plain: elementwise(f, 2, 'int32'),
  }))
  .concat([
    {
      op: 'bitwiseNot',
      inputs: (shape) => [whole(shape)[0]],
      nabla: (n, x) => n.bitwiseNot(x),
      plain: elementwise('~x', 1, 'int32'),
    },
    { op: 'deg2rad', inputs: one({}), nabla: (n, x) => n.deg2rad(x), plain: elementwise('(x * PI) / 180') },
    { op: 'rad2deg', inputs: one({}), nabla: (n, x) => n.rad2deg(x), plain: elementwise('(x * 180) / PI') },
    { op: 'ldexp', inputs: two, nabla: (n, a, b) => n.ldexp(a, b), plain: elementwise('x * pow(2, z)', 2) },
  ])
  .map((entry) => ({ sizes: VECTORS, ...entry }));

const COVARIANCE = `
  ${MATRIX} const means = new Float64Array(rows), out = new Float32Array(rows * rows);
  for (let r = 0; r < rows; r++) { for (let c = 0; c < columns; c++) means[r] += data[r * columns + c]; means[r] /= columns; }
  for (let i = 0; i < rows; i++) for (let j = 0; j < rows; j++) {
    let sum = 0;
    for (let c = 0; c < columns; c++) sum += (data[i * columns + c] - means[i]) * (data[j * columns + c] - means[j]);
    out[i * rows + j] = sum / (columns - 1);
  }`;

const statistics = [
  ['cov', (n, x) => n.cov(x), `${COVARIANCE} return new PlainTensor(out, [rows, rows]);`],
  [
    'corrcoef',
    (n, x) => n.corrcoef(x),
    `${COVARIANCE} const by = Float64Array.from({ length: rows }, (_, i) => sqrt(out[i * rows + i]));
     for (let i = 0, k = 0; i < rows; i++) for (let j = 0; j < rows; j++, k++) out[k] /= by[i] * by[j];
     return new PlainTensor(out, [rows, rows]);`,
  ],
  [
    'trapezoid',
    (n, x) => n.trapezoid(x),
    `${MATRIX} const out = new Float32Array(rows);
     for (let r = 0; r < rows; r++) { let sum = 0; for (let c = 1; c < columns; c++) sum += (data[r * columns + c] + data[r * columns + c - 1]) / 2; out[r] = sum; }
     return new PlainTensor(out, [rows]);`,
  ],
  [
    'cumulativeTrapezoid',
    (n, x) => n.cumulativeTrapezoid(x),
    `${MATRIX} const out = new Float32Array(rows * (columns - 1));
     for (let r = 0, k = 0; r < rows; r++) { let sum = 0; for (let c = 1; c < columns; c++, k++) { sum += (data[r * columns + c] + data[r * columns + c - 1]) / 2; out[k] = sum; } }
     return new PlainTensor(out, [rows, columns - 1]);`,
  ],
  [
    'selectScatter',
    (n, x) => n.selectScatter(x, x.select(0, 0), 0, 1),
    `${MATRIX} const out = data.slice(); for (let c = 0; c < columns; c++) out[columns + c] = data[c]; return new PlainTensor(out, a.shape);`,
  ],
  [
    'sliceScatter',
    (n, x) => n.sliceScatter(x, x.narrow(0, 0, 2), 0, 1, 3),
    `${MATRIX} const out = data.slice(); for (let k = 0; k < 2 * columns; k++) out[columns + k] = data[k]; return new PlainTensor(out, a.shape);`,
  ],
  [
    'diagonalScatter',
    (n, x) => n.diagonalScatter(x, x.select(0, 0)),
    `${MATRIX} const out = data.slice(); for (let i = 0; i < rows; i++) out[i * columns + i] = data[i]; return new PlainTensor(out, a.shape);`,
  ],
  [
    'sumToSize',
    (n, x) => n.sumToSize(x, [1, x.shape[1]]),
    `${MATRIX} const out = new Float32Array(columns); for (let r = 0, k = 0; r < rows; r++) for (let c = 0; c < columns; c++, k++) out[c] += data[k]; return new PlainTensor(out, [1, columns]);`,
  ],
].map(([op, nabla, body]) => ({
  op,
  sizes: SQUARES.slice(0, 3),
  inputs: one({}),
  nabla,
  plain: compile(['a'], body),
}));

export const arrangementCases = [...arrangements, ...bits, ...statistics];
