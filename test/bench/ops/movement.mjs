/** Cases of ops that move elements: layouts that are not contiguous, broadcasting, joining, indexing. */
import { numbers } from './data.mjs';
import { compile, elementwise } from './plain.mjs';
import { SQUARES } from './reductions.mjs';

const one = (options) => (shape) => [numbers(shape, options)];
const two = (shape) => [numbers(shape), numbers(shape, { seed: 2 })];

/** jax-js only notes how elements are found: negated, they have to be. */
const computed = (jax, x) => jax.numpy.negative(x);

/** out[r][c] = expression over a matrix. */
function matrixLoop(
  parameters,
  expression,
  { rows = 'rows', columns = 'columns', type = 'Float32Array', setup = '' } = {},
) {
  return compile(
    parameters,
    `const data = a.data, [rows, columns] = a.shape; ${setup}
     const outRows = ${rows}, outColumns = ${columns}, out = new ${type}(outRows * outColumns);
     for (let r = 0, k = 0; r < outRows; r++) for (let c = 0; c < outColumns; c++, k++) out[k] = ${expression};
     return new PlainTensor(out, [outRows, outColumns]);`,
  );
}

const strided = [
  {
    op: 'clone',
    nabla: (nabla, x) => nabla.clone(x),
    // tfjs shares the elements instead of copying them.
    plain: compile(['a'], 'return new PlainTensor(a.data.slice(), a.shape);'),
  },
  {
    op: 'clone',
    variant: 'transposed',
    nabla: (_, x) => x.t().contiguous(),
    plain: matrixLoop(['a'], 'data[c * columns + r]', { rows: 'columns', columns: 'rows' }),
    tf: (tf, x) => tf.transpose(x),
  },
  {
    op: 'exp',
    variant: 'transposed',
    nabla: (nabla, x) => nabla.exp(x.t()),
    plain: matrixLoop(['a'], 'exp(data[c * columns + r])', { rows: 'columns', columns: 'rows' }),
    tf: (tf, x) => tf.exp(tf.transpose(x)),
    jax: (jax, x) => jax.numpy.exp(x.transpose()),
  },
  {
    op: 'add',
    variant: 'transposed',
    inputs: two,
    nabla: (nabla, a, b) => nabla.add(a, b.t()),
    plain: matrixLoop(['a', 'b'], 'data[k] + other[c * rows + r]', { setup: 'const other = b.data;' }),
    tf: (tf, a, b) => tf.add(a, tf.transpose(b)),
    jax: (jax, a, b) => a.add(b.transpose()),
  },
  {
    op: 'mul',
    variant: 'every second column',
    nabla: (nabla, x) => nabla.mul(x.at('...', nabla.slice(0, null, 2)), 2),
    plain: matrixLoop(['a'], '2 * data[r * columns + 2 * c]', { columns: 'columns / 2 | 0', setup: '' }),
  },
  {
    op: 'sum',
    variant: 'transposed, dim 1',
    nabla: (nabla, x) => nabla.sum(x.t(), 1),
    plain: compile(
      ['a'],
      `const data = a.data, [rows, columns] = a.shape, out = new Float32Array(columns);
       for (let c = 0; c < columns; c++) { let sum = 0; for (let r = 0; r < rows; r++) sum += data[r * columns + c]; out[c] = sum; }
       return new PlainTensor(out, [columns]);`,
    ),
  },
];

const broadcasting = [
  {
    op: 'add',
    variant: 'row',
    inputs: (shape) => [numbers(shape), numbers([shape[1]], { seed: 2 })],
    nabla: (nabla, a, b) => nabla.add(a, b),
    plain: matrixLoop(['a', 'b'], 'data[k] + other[c]', { setup: 'const other = b.data;' }),
    plainGrad: compile(
      ['a', 'b', 'gradient'],
      `const data = a.data, other = b.data, grad = gradient.data, [rows, columns] = a.shape;
       const out = new Float32Array(data.length), byA = new Float32Array(data.length), byB = new Float32Array(columns);
       for (let r = 0, k = 0; r < rows; r++) for (let c = 0; c < columns; c++, k++) out[k] = data[k] + other[c];
       for (let k = 0; k < data.length; k++) byA[k] = grad[k];
       for (let r = 0, k = 0; r < rows; r++) for (let c = 0; c < columns; c++, k++) byB[c] += grad[k];
       return [new PlainTensor(out, a.shape), new PlainTensor(byA, a.shape), new PlainTensor(byB, b.shape)];`,
    ),
    wrt: [0, 1],
    tf: (tf, a, b) => tf.add(a, b),
    jax: (jax, a, b) => a.add(b),
  },
  {
    op: 'mul',
    variant: 'column',
    inputs: (shape) => [numbers(shape), numbers([shape[0], 1], { seed: 2 })],
    nabla: (nabla, a, b) => nabla.mul(a, b),
    plain: matrixLoop(['a', 'b'], 'data[k] * other[r]', { setup: 'const other = b.data;' }),
    tf: (tf, a, b) => tf.mul(a, b),
    jax: (jax, a, b) => a.mul(b),
  },
  {
    op: 'lt',
    variant: 'row',
    inputs: (shape) => [numbers(shape), numbers([shape[1]], { seed: 2 })],
    nabla: (nabla, a, b) => nabla.lt(a, b),
    plain: matrixLoop(['a', 'b'], 'data[k] < other[c] ? 1 : 0', {
      setup: 'const other = b.data;',
      type: 'Uint8Array',
    }),
    tf: (tf, a, b) => tf.less(a, b),
    jax: (jax, a, b) => jax.numpy.less(a, b),
  },
];

const joining = [
  {
    op: 'cat',
    variant: 'dim 0',
    inputs: two,
    nabla: (nabla, a, b) => nabla.cat([a, b], 0),
    plain: compile(
      ['a', 'b'],
      `const out = new Float32Array(a.data.length + b.data.length); out.set(a.data); out.set(b.data, a.data.length);
       return new PlainTensor(out, [a.shape[0] + b.shape[0], a.shape[1]]);`,
    ),
    tf: (tf, a, b) => tf.concat([a, b], 0),
    jax: (jax, a, b) => jax.numpy.concatenate([a, b], 0),
  },
  {
    op: 'cat',
    variant: 'dim 1',
    inputs: two,
    nabla: (nabla, a, b) => nabla.cat([a, b], 1),
    plain: matrixLoop(['a', 'b'], 'c < columns ? data[r * columns + c] : other[r * columns + c - columns]', {
      columns: '2 * columns',
      setup: 'const other = b.data;',
    }),
    tf: (tf, a, b) => tf.concat([a, b], 1),
    jax: (jax, a, b) => jax.numpy.concatenate([a, b], 1),
  },
  {
    op: 'stack',
    inputs: two,
    nabla: (nabla, a, b) => nabla.stack([a, b], 0),
    plain: compile(
      ['a', 'b'],
      `const out = new Float32Array(a.data.length + b.data.length); out.set(a.data); out.set(b.data, a.data.length);
       return new PlainTensor(out, [2, ...a.shape]);`,
    ),
    tf: (tf, a, b) => tf.stack([a, b]),
    jax: (jax, a, b) => jax.numpy.stack([a, b]),
  },
  {
    op: 'flip',
    nabla: (nabla, x) => nabla.flip(x, [1]),
    plain: matrixLoop(['a'], 'data[r * columns + columns - 1 - c]'),
    // jax-js only notes that the order is another one.
    tf: (tf, x) => tf.reverse(x, 1),
  },
  {
    op: 'roll',
    nabla: (nabla, x) => nabla.roll(x, 1, 1),
    plain: matrixLoop(['a'], 'data[r * columns + (c + columns - 1) % columns]'),
    jax: (jax, x) => jax.numpy.roll(x, 1, 1),
  },
  {
    op: 'tile',
    nabla: (nabla, x) => nabla.tile(x, [1, 2]),
    plain: matrixLoop(['a'], 'data[r * columns + (c % columns)]', { columns: '2 * columns' }),
    tf: (tf, x) => tf.tile(x, [1, 2]),
    jax: (jax, x) => computed(jax, jax.numpy.tile(x, [1, 2])),
  },
  {
    op: 'repeatInterleave',
    nabla: (nabla, x) => nabla.repeatInterleave(x, 2, 1),
    plain: matrixLoop(['a'], 'data[r * columns + (c >> 1)]', { columns: '2 * columns' }),
    jax: (jax, x) => computed(jax, jax.numpy.repeat(x, 2, 1)),
  },
  {
    op: 'tril',
    nabla: (nabla, x) => nabla.tril(x),
    plain: matrixLoop(['a'], 'c <= r ? data[k] : 0'),
    jax: (jax, x) => jax.numpy.tril(x),
  },
  {
    op: 'triu',
    nabla: (nabla, x) => nabla.triu(x),
    plain: matrixLoop(['a'], 'c >= r ? data[k] : 0'),
    jax: (jax, x) => jax.numpy.triu(x),
  },
  {
    op: 'pad',
    nabla: (nabla, x) => nabla.F.pad(x, [1, 1, 1, 1]),
    plain: matrixLoop(
      ['a'],
      'r > 0 && r <= rows && c > 0 && c <= columns ? data[(r - 1) * columns + c - 1] : 0',
      { rows: 'rows + 2', columns: 'columns + 2' },
    ),
    tf: (tf, x) =>
      tf.pad(x, [
        [1, 1],
        [1, 1],
      ]),
    jax: (jax, x) => computed(jax, jax.numpy.pad(x, 1)),
  },
  {
    op: 'diff',
    nabla: (nabla, x) => nabla.diff(x),
    plain: matrixLoop(['a'], 'data[r * columns + c + 1] - data[r * columns + c]', { columns: 'columns - 1' }),
    jax: (jax, x) => jax.numpy.diff(x),
  },
  {
    op: 'diagonal',
    nabla: (nabla, x) => nabla.diagonal(x).contiguous(),
    plain: compile(
      ['a'],
      `const [rows, columns] = a.shape, n = min(rows, columns), out = new Float32Array(n);
       for (let i = 0; i < n; i++) out[i] = a.data[i * columns + i];
       return new PlainTensor(out, [n]);`,
    ),
  },
];

/** As many positions along `dim` as the matrix has there. */
const withIndex = (dim) => (shape) => [
  numbers(shape),
  numbers([shape[dim]], { dtype: 'int64', low: 0, high: shape[dim], seed: 3 }),
];
const withPlaces = (shape) => [
  numbers(shape),
  numbers(shape, { dtype: 'int64', low: 0, high: shape[1], seed: 3 }),
  numbers(shape, { seed: 2 }),
];

const indexing = [
  {
    op: 'indexSelect',
    variant: 'dim 0',
    inputs: withIndex(0),
    nabla: (nabla, x, index) => nabla.indexSelect(x, 0, index),
    plain: matrixLoop(['a', 'b'], 'data[index[r] * columns + c]', { setup: 'const index = b.data;' }),
    plainGrad: compile(
      ['a', 'b', 'gradient'],
      `const data = a.data, index = b.data, grad = gradient.data, [rows, columns] = a.shape;
       const out = new Float32Array(data.length), by = new Float32Array(data.length);
       for (let r = 0, k = 0; r < rows; r++) for (let c = 0; c < columns; c++, k++) out[k] = data[index[r] * columns + c];
       for (let r = 0, k = 0; r < rows; r++) for (let c = 0; c < columns; c++, k++) by[index[r] * columns + c] += grad[k];
       return [new PlainTensor(out, a.shape), new PlainTensor(by, a.shape)];`,
    ),
    wrt: [0],
    tf: (tf, x, index) => tf.gather(x, index.toInt(), 0),
  },
  {
    op: 'indexSelect',
    variant: 'dim 1',
    inputs: withIndex(1),
    nabla: (nabla, x, index) => nabla.indexSelect(x, 1, index),
    plain: matrixLoop(['a', 'b'], 'data[r * columns + index[c]]', { setup: 'const index = b.data;' }),
    tf: (tf, x, index) => tf.gather(x, index.toInt(), 1),
  },
  {
    op: 'gather',
    inputs: withPlaces,
    nabla: (nabla, x, index) => nabla.gather(x, 1, index),
    plain: matrixLoop(['a', 'b'], 'data[r * columns + index[k]]', { setup: 'const index = b.data;' }),
    plainGrad: compile(
      ['a', 'b', 'unused', 'gradient'],
      `const data = a.data, index = b.data, grad = gradient.data, [rows, columns] = a.shape;
       const out = new Float32Array(data.length), by = new Float32Array(data.length);
       for (let r = 0, k = 0; r < rows; r++) for (let c = 0; c < columns; c++, k++) out[k] = data[r * columns + index[k]];
       for (let r = 0, k = 0; r < rows; r++) for (let c = 0; c < columns; c++, k++) by[r * columns + index[k]] += grad[k];
       return [new PlainTensor(out, a.shape), new PlainTensor(by, a.shape)];`,
    ),
    wrt: [0],
  },
  {
    op: 'scatter',
    inputs: withPlaces,
    nabla: (nabla, x, index, source) => nabla.scatter(x, 1, index, source),
    plain: compile(
      ['a', 'b', 'source'],
      `const index = b.data, from = source.data, [rows, columns] = a.shape, out = a.data.slice();
       for (let r = 0, k = 0; r < rows; r++) for (let c = 0; c < columns; c++, k++) out[r * columns + index[k]] = from[k];
       return new PlainTensor(out, a.shape);`,
    ),
  },
  {
    op: 'scatterAdd',
    inputs: withPlaces,
    nabla: (nabla, x, index, source) => nabla.scatterAdd(x, 1, index, source),
    plain: compile(
      ['a', 'b', 'source'],
      `const index = b.data, from = source.data, [rows, columns] = a.shape, out = a.data.slice();
       for (let r = 0, k = 0; r < rows; r++) for (let c = 0; c < columns; c++, k++) out[r * columns + index[k]] += from[k];
       return new PlainTensor(out, a.shape);`,
    ),
  },
  {
    op: 'indexAdd',
    inputs: (shape) => [...withIndex(0)(shape), numbers(shape, { seed: 2 })],
    nabla: (nabla, x, index, source) => nabla.indexAdd(x, 0, index, source),
    plain: compile(
      ['a', 'b', 'source'],
      `const index = b.data, from = source.data, [rows, columns] = a.shape, out = a.data.slice();
       for (let r = 0, k = 0; r < rows; r++) for (let c = 0; c < columns; c++, k++) out[index[r] * columns + c] += from[k];
       return new PlainTensor(out, a.shape);`,
    ),
  },
  {
    op: 'take',
    inputs: (shape) => [
      numbers(shape),
      numbers(shape, { dtype: 'int64', low: 0, high: shape[0] * shape[1], seed: 3 }),
    ],
    nabla: (nabla, x, index) => nabla.take(x, index),
    plain: elementwise('a.data[z]', 2),
    tf: (tf, x, index) => tf.gather(tf.reshape(x, [-1]), index.toInt()),
  },
  {
    op: 'maskedSelect',
    inputs: (shape) => [numbers(shape), numbers(shape, { dtype: 'bool', low: 0, high: 2, seed: 3 })],
    nabla: (nabla, x, mask) => nabla.maskedSelect(x, mask),
    plain: compile(
      ['a', 'b'],
      `const data = a.data, mask = b.data, out = [];
       for (let i = 0; i < data.length; i++) if (mask[i] !== 0) out.push(data[i]);
       return new PlainTensor(Float32Array.from(out), [out.length]);`,
    ),
  },
  {
    op: 'embedding',
    sizes: [
      [16, 4, 4],
      [100, 32, 32],
      [1000, 400, 64],
      [5000, 4000, 256],
    ],
    inputs: ([rows, count, width]) => [
      numbers([count], { dtype: 'int64', low: 0, high: rows }),
      numbers([rows, width]),
    ],
    nabla: (nabla, index, weight) => nabla.F.embedding(index, weight),
    plain: compile(
      ['b', 'a'],
      `const index = b.data, columns = a.shape[1], out = new Float32Array(index.length * columns);
       for (let r = 0; r < index.length; r++)
         out.set(a.data.subarray(index[r] * columns, (index[r] + 1) * columns), r * columns);
       return new PlainTensor(out, [index.length, columns]);`,
    ),
    tf: (tf, index, weight) => tf.gather(weight, index.toInt()),
  },
  {
    op: 'oneHot',
    sizes: [[16], [1000], [30_000]],
    inputs: (shape) => [numbers(shape, { dtype: 'int64', low: 0, high: 10 })],
    nabla: (nabla, x) => nabla.F.oneHot(x, 10),
    plain: compile(
      ['a'],
      `const data = a.data, out = new Float64Array(data.length * 10);
       for (let i = 0; i < data.length; i++) out[i * 10 + data[i]] = 1;
       return new PlainTensor(out, [data.length, 10]);`,
    ),
    tf: (tf, x) => tf.oneHot(x.toInt(), 10),
  },
];

export const movementCases = [...strided, ...broadcasting, ...joining, ...indexing].map((entry) => ({
  sizes: SQUARES,
  inputs: one({}),
  ...entry,
}));
