/** Cases of reductions, scans, softmax, sorting and searching, on matrices along either dimension. */
import { numbers } from './data.mjs';
import { compile, written } from './plain.mjs';

export const SQUARES = [
  [4, 4],
  [32, 32],
  [175, 175],
  [1000, 1000],
];

const matrix = (options) => (shape) => [numbers(shape, options)];

/** One number for each row (dimension 1) or column (dimension 0), or for all: `step` folds element x into `acc`. */
function fold({ start, step, end = 'acc', dim, out = 'Float32Array' }) {
  if (dim === undefined)
    return compile(
      ['a'],
      `const data = a.data, n = data.length; let acc = ${start};
       for (let i = 0; i < n; i++) { const x = data[i]; ${step}; }
       const out = new ${out}(1); out[0] = ${end}; return new PlainTensor(out, []);`,
    );
  const [outer, inner, at] =
    dim === 1 ? ['rows', 'n', 'o * columns + i'] : ['columns', 'n', 'i * columns + o'];
  return compile(
    ['a'],
    `const data = a.data, [rows, columns] = a.shape, n = ${dim === 1 ? 'columns' : 'rows'};
     const out = new ${out}(${outer});
     for (let o = 0; o < ${outer}; o++) {
       let acc = ${start};
       for (let i = 0; i < ${inner}; i++) { const x = data[${at}]; ${step}; }
       out[o] = ${end};
     }
     return new PlainTensor(out, [${outer}]);`,
  );
}

/** Forward by `forward`, then the gradient of element x at position k of line o: an expression. */
function foldGrad(forward, expression, dim) {
  const run = compile(
    ['a', 'gradient', 'result'],
    `const data = a.data, [rows, columns] = a.shape, grad = gradient.data, y = result.data;
     const out = new Float32Array(data.length); const n = ${dim === undefined ? 'data.length' : dim === 1 ? 'columns' : 'rows'};
     for (let r = 0, k = 0; r < rows; r++) for (let c = 0; c < columns; c++, k++) {
       const x = data[k], o = ${dim === undefined ? '0' : dim === 1 ? 'r' : 'c'}, g = grad[o];
       out[k] = ${expression};
     }
     return new PlainTensor(out, a.shape);`,
  );
  return (a, gradient) => {
    const result = forward(a);
    return [result, run(a, gradient, result)];
  };
}

const folds = {
  sum: { start: '0', step: 'acc += x', gradient: 'g', tf: 'sum', jax: 'sum' },
  mean: { start: '0', step: 'acc += x', end: 'acc / n', gradient: 'g / n', tf: 'mean', jax: 'mean' },
  prod: {
    start: '1',
    step: 'acc *= x',
    gradient: 'g * y[o] / x',
    tf: 'prod',
    jax: 'prod',
    range: [0.99, 1.01],
  },
  amax: {
    start: '-Infinity',
    step: 'if (x > acc) acc = x',
    gradient: 'x === y[o] ? g : 0',
    tf: 'max',
    jax: 'max',
  },
  amin: {
    start: 'Infinity',
    step: 'if (x < acc) acc = x',
    gradient: 'x === y[o] ? g : 0',
    tf: 'min',
    jax: 'min',
  },
  logsumexp: {
    // Two passes as one fold: the maximum, then the sum, would need two loops; the range allows one.
    start: '0',
    step: 'acc += exp(x)',
    end: 'log(acc)',
    gradient: 'g * exp(x - y[o])',
    tf: 'logSumExp',
  },
  nansum: { start: '0', step: 'if (x === x) acc += x', gradient: 'g' },
  norm: { start: '0', step: 'acc += x * x', end: 'sqrt(acc)', gradient: 'g * x / y[o]', tf: 'norm' },
};

function foldCases() {
  return Object.entries(folds).flatMap(([op, { gradient, tf, jax, range, ...rest }]) =>
    [undefined, 0, 1].map((dim) => {
      const plain = fold({ ...rest, dim });
      const options = range ? { low: range[0], high: range[1] } : {};
      return {
        op,
        variant: dim === undefined ? 'all' : `dim ${dim}`,
        sizes: SQUARES,
        inputs: matrix(options),
        nabla: written(['x'], `nabla.${op}(x${reducedOver(op, dim)})`),
        plain,
        plainGrad: foldGrad(plain, gradient, dim),
        wrt: [0],
        tf:
          tf &&
          ((t, x) =>
            tf === 'norm' ? t.norm(x, 'euclidean', dim) : dim === undefined ? t[tf](x) : t[tf](x, dim)),
        jax: jax && ((j, x) => j.numpy[jax](x, dim ?? null)),
      };
    }),
  );
}

/** How the dimension is given: some ops take other arguments before it, or want one. */
function reducedOver(op, dim) {
  if (op === 'norm') return dim === undefined ? '' : `, { dim: ${dim} }`;
  if (op === 'logsumexp') return `, ${dim ?? '[0, 1]'}`;
  return dim === undefined ? '' : `, ${dim}`;
}

const plainFolds = {
  countNonzero: { start: '0', step: 'if (x !== 0) acc++', out: 'Float64Array' },
  all: { start: '1', step: 'if (x === 0) acc = 0', out: 'Uint8Array', low: 1, high: 2 },
  any: { start: '0', step: 'if (x !== 0) acc = 1', out: 'Uint8Array', low: 0, high: 1e-300 },
};

function countCases() {
  return Object.entries(plainFolds).flatMap(([op, { low = -2, high = 2, ...rest }]) =>
    [undefined, 0, 1].map((dim) => ({
      op,
      variant: dim === undefined ? 'all' : `dim ${dim}`,
      sizes: SQUARES,
      inputs: matrix({ low, high }),
      nabla: written(['x'], `nabla.${op}(x${dim === undefined ? '' : `, ${dim}`})`),
      plain: fold({ ...rest, dim }),
    })),
  );
}

function argCases() {
  return ['argmax', 'argmin'].flatMap((op) =>
    [undefined, 0, 1].map((dim) => ({
      op,
      variant: dim === undefined ? 'all' : `dim ${dim}`,
      sizes: SQUARES,
      inputs: matrix({}),
      nabla: written(['x'], `nabla.${op}(x${dim === undefined ? '' : `, ${dim}`})`),
      plain: fold({
        start: op === 'argmax' ? '-Infinity, at = 0' : 'Infinity, at = 0',
        step: `if (x ${op === 'argmax' ? '>' : '<'} acc) { acc = x; at = i; }`,
        end: 'at',
        dim,
        out: 'Float64Array',
      }),
      tf:
        dim === undefined ? undefined : (tf, x) => (op === 'argmax' ? tf.argMax(x, dim) : tf.argMin(x, dim)),
      // Of all elements jax-js has none.
      jax: dim === undefined ? undefined : (jax, x) => jax.numpy[op](x, dim),
    })),
  );
}

function momentCases() {
  return ['var', 'std'].flatMap((op) =>
    [undefined, 0, 1].map((dim) => {
      const mean = fold({ start: '0', step: 'acc += x', end: 'acc / n', dim });
      const spread = compile(
        ['a', 'mean'],
        `const data = a.data, [rows, columns] = a.shape, means = mean.data, out = new Float32Array(means.length);
         const n = data.length / out.length;
         for (let r = 0, k = 0; r < rows; r++) for (let c = 0; c < columns; c++, k++) {
           const o = ${dim === undefined ? '0' : dim === 1 ? 'r' : 'c'}, d = data[k] - means[o];
           out[o] += d * d;
         }
         for (let o = 0; o < out.length; o++) out[o] = ${op === 'var' ? 'out[o] / (n - 1)' : 'sqrt(out[o] / (n - 1))'};
         return new PlainTensor(out, mean.shape);`,
      );
      return {
        op,
        variant: dim === undefined ? 'all' : `dim ${dim}`,
        sizes: SQUARES,
        inputs: matrix({}),
        nabla: written(['x'], `nabla.${op}(x${dim === undefined ? '' : `, ${dim}`})`),
        plain: (a) => spread(a, mean(a)),
        tf: op === 'var' ? (tf, x) => tf.moments(x, dim).variance : undefined,
        jax: (jax, x) => (op === 'var' ? jax.numpy.var_(x, dim ?? null) : jax.numpy.std(x, dim ?? null)),
      };
    }),
  );
}

const scans = {
  cumsum: { start: '0', step: 'acc += x', tf: 'cumsum', jax: 'cumsum' },
  cumprod: { start: '1', step: 'acc *= x', tf: 'cumprod', jax: 'cumprod' },
  cummax: { start: '-Infinity', step: 'if (x >= acc) acc = x' },
  logcumsumexp: { start: '0', step: 'acc += exp(x)', end: 'log(acc)' },
};

function scanCases() {
  return Object.entries(scans).flatMap(([op, { start, step, end = 'acc', tf, jax }]) =>
    [0, 1].map((dim) => ({
      op,
      variant: `dim ${dim}`,
      sizes: SQUARES,
      inputs: matrix(op === 'cumprod' ? { low: 0.99, high: 1.01 } : {}),
      nabla: written(['x'], `nabla.${op}(x, ${dim})`),
      plain: compile(
        ['a'],
        `const data = a.data, [rows, columns] = a.shape, out = new Float32Array(data.length);
         ${op === 'cummax' ? 'const places = new Float64Array(data.length);' : ''}
         for (let o = 0; o < ${dim === 1 ? 'rows' : 'columns'}; o++) {
           let acc = ${start}${op === 'cummax' ? ', at = 0' : ''};
           for (let i = 0; i < ${dim === 1 ? 'columns' : 'rows'}; i++) {
             const k = ${dim === 1 ? 'o * columns + i' : 'i * columns + o'}, x = data[k];
             ${op === 'cummax' ? 'if (x >= acc) { acc = x; at = i; } places[k] = at' : step};
             out[k] = ${end};
           }
         }
         return new PlainTensor(out, a.shape);`,
      ),
      tf: tf && ((t, x) => t[tf](x, dim)),
      jax: jax && ((j, x) => j.numpy[jax](x, dim)),
    })),
  );
}

const plainSoftmax = (log) =>
  compile(
    ['a'],
    `const data = a.data, [rows, columns] = a.shape, out = new Float32Array(data.length);
     for (let r = 0; r < rows; r++) {
       const start = r * columns, end = start + columns;
       let top = -Infinity, sum = 0;
       for (let k = start; k < end; k++) if (data[k] > top) top = data[k];
       ${
         log
           ? `for (let k = start; k < end; k++) sum += exp(data[k] - top);
              const shift = top + log(sum);
              for (let k = start; k < end; k++) out[k] = data[k] - shift;`
           : `for (let k = start; k < end; k++) sum += out[k] = exp(data[k] - top);
              for (let k = start; k < end; k++) out[k] /= sum;`
       }
     }
     return new PlainTensor(out, a.shape);`,
  );

const plainSoftmaxGrad = (log) => {
  const forward = plainSoftmax(log);
  const backward = compile(
    ['y', 'gradient'],
    `const out = new Float32Array(y.data.length), ys = y.data, gs = gradient.data, [rows, columns] = y.shape;
     for (let r = 0; r < rows; r++) {
       const start = r * columns, end = start + columns;
       let sum = 0;
       for (let k = start; k < end; k++) sum += gs[k]${log ? '' : ' * ys[k]'};
       for (let k = start; k < end; k++) out[k] = ${log ? 'gs[k] - exp(ys[k]) * sum' : 'ys[k] * (gs[k] - sum)'};
     }
     return new PlainTensor(out, y.shape);`,
  );
  return (a, gradient) => {
    const y = forward(a);
    return [y, backward(y, gradient)];
  };
};

function softmaxCases() {
  return ['softmax', 'logSoftmax'].map((op) => ({
    op,
    sizes: SQUARES,
    inputs: matrix({}),
    nabla: written(['x'], `nabla.${op}(x, 1)`),
    plain: plainSoftmax(op === 'logSoftmax'),
    plainGrad: plainSoftmaxGrad(op === 'logSoftmax'),
    wrt: [0],
    tf: (tf, x) => tf[op](x),
    jax: (jax, x) => jax.nn[op](x, 1),
  }));
}

/** Sorting as it is usual: the engine's own for numbers, and of positions by a comparison. */
const positions = `const order = Array.from({ length: columns }, (_, i) => i);
  order.sort((p, q) => line[p] - line[q] || p - q);`;
const lines = (body, type = 'Float32Array', size = 'columns') =>
  compile(
    ['a'],
    `const data = a.data, [rows, columns] = a.shape, out = new ${type}(rows * (${size}));
     ${body.includes('places') ? `const places = new Float64Array(rows * (${size}));` : ''}
     for (let r = 0; r < rows; r++) { const line = data.subarray(r * columns, (r + 1) * columns); ${body} }
     return new PlainTensor(out, [rows, ${size}]);`,
  );

const sortings = {
  sort: [
    (nabla, x) => nabla.sort(x),
    lines(
      `${positions} order.forEach((p, i) => { out[r * columns + i] = line[p]; places[r * columns + i] = p; });`,
    ),
  ],
  argsort: [
    (nabla, x) => nabla.argsort(x),
    lines(`${positions} order.forEach((p, i) => { out[r * columns + i] = p; });`, 'Float64Array'),
    undefined,
    (jax, x) => jax.numpy.argsort(x),
  ],
  msort: [
    (nabla, x) => nabla.msort(x.t()),
    lines('out.set(line.slice().sort(), r * columns);'),
    undefined,
    (jax, x) => jax.numpy.sort(x),
  ],
  topk: [
    (nabla, x) => nabla.topk(x, 4),
    lines(
      `${positions} for (let i = 0; i < 4; i++) { const p = order[columns - 1 - i]; out[r * 4 + i] = line[p]; places[r * 4 + i] = p; }`,
      'Float32Array',
      '4',
    ),
    (tf, x) => tf.topk(x, 4).values,
    (jax, x) => jax.lax.topK(x, 4)[0],
  ],
  kthvalue: [
    (nabla, x) => nabla.kthvalue(x, 2),
    lines(`${positions} out[r] = line[order[1]]; places[r] = order[1];`, 'Float32Array', '1'),
  ],
  median: [
    (nabla, x) => nabla.median(x, 1),
    lines(
      `${positions} const p = order[(columns - 1) >> 1]; out[r] = line[p]; places[r] = p;`,
      'Float32Array',
      '1',
    ),
  ],
  quantile: [
    (nabla, x) => nabla.quantile(x, 0.3, 1),
    lines(
      `const s = line.slice().sort(), at = 0.3 * (columns - 1), l = floor(at);
       out[r] = s[l] + (at - l) * (s[min(l + 1, columns - 1)] - s[l]);`,
      'Float32Array',
      '1',
    ),
  ],
};

function sortCases() {
  return Object.entries(sortings).map(([op, [nabla, plain, tf, jax]]) => ({
    op,
    sizes: SQUARES.slice(0, 3).concat([[100, 5000]]),
    inputs: matrix({}),
    nabla,
    plain,
    tf,
    jax,
  }));
}

function searchCases() {
  const sizes = [[16], [1000], [30_000], [1_000_000]];
  return [
    {
      op: 'unique',
      sizes,
      inputs: matrix({ dtype: 'int64', low: 0, high: 100 }),
      nabla: (nabla, x) => nabla.unique(x),
      plain: compile(
        ['a'],
        'const out = Float64Array.from(new Set(a.data)).sort(); return new PlainTensor(out, [out.length]);',
      ),
    },
    {
      op: 'bincount',
      sizes,
      inputs: matrix({ dtype: 'int64', low: 0, high: 100 }),
      nabla: (nabla, x) => nabla.bincount(x),
      plain: compile(
        ['a'],
        `const data = a.data; let size = 0;
         for (let i = 0; i < data.length; i++) if (data[i] >= size) size = data[i] + 1;
         const out = new Float64Array(size);
         for (let i = 0; i < data.length; i++) out[data[i]]++;
         return new PlainTensor(out, [size]);`,
      ),
      tf: (tf, x) => tf.bincount(x.toInt(), [], 100),
    },
    {
      op: 'histc',
      sizes,
      inputs: matrix({}),
      nabla: (nabla, x) => nabla.histc(x, 100, -2, 2),
      plain: compile(
        ['a'],
        `const data = a.data, out = new Float32Array(100);
         for (let i = 0; i < data.length; i++) {
           const x = data[i];
           if (x >= -2 && x <= 2) out[min(99, floor((x + 2) * 25))]++;
         }
         return new PlainTensor(out, [100]);`,
      ),
    },
    {
      op: 'searchsorted',
      sizes,
      inputs: (shape) => [
        { data: Float32Array.from({ length: 101 }, (_, i) => i / 25 - 2), shape: [101], dtype: 'float32' },
        numbers(shape),
      ],
      nabla: (nabla, sorted, x) => nabla.searchsorted(sorted, x),
      plain: compile(
        ['s', 'a'],
        `const sorted = s.data, data = a.data, out = new Float64Array(data.length);
         for (let i = 0; i < data.length; i++) {
           let low = 0, high = sorted.length;
           while (low < high) { const m = (low + high) >> 1; if (sorted[m] < data[i]) low = m + 1; else high = m; }
           out[i] = low;
         }
         return new PlainTensor(out, a.shape);`,
      ),
      tf: (tf, sorted, x) => tf.searchSorted(sorted, x),
    },
    {
      op: 'nonzero',
      sizes,
      inputs: matrix({ dtype: 'int32', low: 0, high: 2 }),
      nabla: (nabla, x) => nabla.argwhere(x),
      plain: compile(
        ['a'],
        `const data = a.data, found = [];
         for (let i = 0; i < data.length; i++) if (data[i] !== 0) found.push(i);
         return new PlainTensor(Float64Array.from(found), [found.length, 1]);`,
      ),
    },
  ];
}

export const reductionCases = [
  ...foldCases(),
  ...countCases(),
  ...argCases(),
  ...momentCases(),
  ...scanCases(),
  ...softmaxCases(),
  ...sortCases(),
  ...searchCases(),
];
