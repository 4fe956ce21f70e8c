/** Cases of what networks are made of: convolutions, pooling, normalization, losses, attention. */
import { numbers } from './data.mjs';
import { compile, written } from './plain.mjs';

const IMAGES = [
  [1, 1, 6, 6],
  [4, 3, 16, 16],
  [32, 8, 28, 28],
];

const conv2d = `
  const [N, C, H, W] = a.shape, [O, , KH, KW] = w.shape, OH = H - KH + 1, OW = W - KW + 1;
  const x = a.data, f = w.data, out = new Float32Array(N * O * OH * OW);
  for (let n = 0; n < N; n++) for (let o = 0; o < O; o++) for (let i = 0; i < OH; i++) for (let j = 0; j < OW; j++) {
    let sum = b.data[o];
    for (let c = 0; c < C; c++) for (let p = 0; p < KH; p++) for (let q = 0; q < KW; q++)
      sum += x[((n * C + c) * H + i + p) * W + j + q] * f[((o * C + c) * KH + p) * KW + q];
    out[((n * O + o) * OH + i) * OW + j] = sum;
  }
`;

const convolutions = [
  {
    op: 'conv2d',
    sizes: [
      [1, 1, 6, 6, 2],
      [4, 3, 16, 16, 8],
      [32, 1, 28, 28, 8],
      [32, 8, 14, 14, 16],
    ],
    inputs: ([n, c, h, w, o]) => [
      numbers([n, c, h, w]),
      numbers([o, c, 3, 3], { seed: 2 }),
      numbers([o], { seed: 3 }),
    ],
    nabla: (nabla, x, weight, bias) => nabla.F.conv2d(x, weight, bias),
    plain: compile(['a', 'w', 'b'], `${conv2d} return new PlainTensor(out, [N, O, OH, OW]);`),
    plainGrad: compile(
      ['a', 'w', 'b', 'gradient'],
      `${conv2d}
       const g = gradient.data, byX = new Float32Array(x.length), byW = new Float32Array(f.length), byB = new Float32Array(O);
       for (let n = 0; n < N; n++) for (let o = 0; o < O; o++) for (let i = 0; i < OH; i++) for (let j = 0; j < OW; j++) {
         const d = g[((n * O + o) * OH + i) * OW + j];
         byB[o] += d;
         for (let c = 0; c < C; c++) for (let p = 0; p < KH; p++) for (let q = 0; q < KW; q++) {
           const at = ((n * C + c) * H + i + p) * W + j + q, k = ((o * C + c) * KH + p) * KW + q;
           byX[at] += d * f[k]; byW[k] += d * x[at];
         }
       }
       return [new PlainTensor(out, [N, O, OH, OW]), new PlainTensor(byX, a.shape), new PlainTensor(byW, w.shape),
         new PlainTensor(byB, b.shape)];`,
    ),
    wrt: [0, 1, 2],
    // tfjs has the channels last: its inputs are taken as such, the work is the same.
    tf: (tf, x, weight, bias) => {
      const [n, c, h, w] = x.shape;
      const [o] = weight.shape;
      const y = tf.conv2d(tf.reshape(x, [n, h, w, c]), tf.reshape(weight, [3, 3, c, o]), 1, 'valid');
      return tf.add(y, bias);
    },
    jax: (jax, x, weight, bias) => {
      const o = bias.shape[0];
      return jax.lax.conv(x, weight, [1, 1], 'VALID').add(bias.reshape([1, o, 1, 1]));
    },
  },
  {
    op: 'conv1d',
    sizes: [
      [1, 1, 16, 2],
      [8, 4, 64, 8],
      [32, 16, 256, 32],
    ],
    inputs: ([n, c, l, o]) => [
      numbers([n, c, l]),
      numbers([o, c, 3], { seed: 2 }),
      numbers([o], { seed: 3 }),
    ],
    nabla: (nabla, x, weight, bias) => nabla.F.conv1d(x, weight, bias),
    plain: compile(
      ['a', 'w', 'b'],
      `const [N, C, L] = a.shape, [O, , K] = w.shape, OL = L - K + 1, x = a.data, f = w.data;
       const out = new Float32Array(N * O * OL);
       for (let n = 0; n < N; n++) for (let o = 0; o < O; o++) for (let i = 0; i < OL; i++) {
         let sum = b.data[o];
         for (let c = 0; c < C; c++) for (let p = 0; p < K; p++) sum += x[(n * C + c) * L + i + p] * f[(o * C + c) * K + p];
         out[(n * O + o) * OL + i] = sum;
       }
       return new PlainTensor(out, [N, O, OL]);`,
    ),
  },
  {
    op: 'convTranspose2d',
    sizes: [
      [1, 1, 4, 4, 2],
      [4, 3, 16, 16, 8],
      [16, 8, 14, 14, 8],
    ],
    inputs: ([n, c, h, w, o]) => [numbers([n, c, h, w]), numbers([c, o, 3, 3], { seed: 2 })],
    nabla: (nabla, x, weight) => nabla.F.convTranspose2d(x, weight),
    plain: compile(
      ['a', 'w'],
      `const [N, C, H, W] = a.shape, [, O, KH, KW] = w.shape, OH = H + KH - 1, OW = W + KW - 1, x = a.data, f = w.data;
       const out = new Float32Array(N * O * OH * OW);
       for (let n = 0; n < N; n++) for (let c = 0; c < C; c++) for (let i = 0; i < H; i++) for (let j = 0; j < W; j++) {
         const v = x[((n * C + c) * H + i) * W + j];
         for (let o = 0; o < O; o++) for (let p = 0; p < KH; p++) for (let q = 0; q < KW; q++)
           out[((n * O + o) * OH + i + p) * OW + j + q] += v * f[((c * O + o) * KH + p) * KW + q];
       }
       return new PlainTensor(out, [N, O, OH, OW]);`,
    ),
  },
];

function pooling(op, start, step, end, grad, tf) {
  return {
    op,
    sizes: IMAGES,
    inputs: (shape) => [numbers(shape)],
    nabla: written(['x'], `nabla.F.${op}(x, 2)`),
    plain: compile(
      ['a'],
      `const [N, C, H, W] = a.shape, OH = H >> 1, OW = W >> 1, data = a.data, out = new Float32Array(N * C * OH * OW);
       for (let n = 0, k = 0; n < N * C; n++) for (let i = 0; i < OH; i++) for (let j = 0; j < OW; j++, k++) {
         let acc = ${start};
         for (let p = 0; p < 2; p++) for (let q = 0; q < 2; q++) { const x = data[(n * H + 2 * i + p) * W + 2 * j + q]; ${step}; }
         out[k] = ${end};
       }
       return new PlainTensor(out, [N, C, OH, OW]);`,
    ),
    plainGrad: compile(
      ['a', 'gradient'],
      `const [N, C, H, W] = a.shape, OH = H >> 1, OW = W >> 1, data = a.data, out = new Float32Array(N * C * OH * OW);
       const places = new Int32Array(out.length), by = new Float32Array(data.length), grad = gradient.data;
       for (let n = 0, k = 0; n < N * C; n++) for (let i = 0; i < OH; i++) for (let j = 0; j < OW; j++, k++) {
         let acc = ${start}, place = 0;
         for (let p = 0; p < 2; p++) for (let q = 0; q < 2; q++) {
           const at = (n * H + 2 * i + p) * W + 2 * j + q, x = data[at];
           ${op.startsWith('max') ? 'if (x > acc) { acc = x; place = at; }' : step};
         }
         out[k] = ${end}; places[k] = place;
       }
       ${
         op.startsWith('max')
           ? 'for (let k = 0; k < out.length; k++) by[places[k]] += grad[k];'
           : `for (let n = 0, k = 0; n < N * C; n++) for (let i = 0; i < OH; i++) for (let j = 0; j < OW; j++, k++)
                for (let p = 0; p < 2; p++) for (let q = 0; q < 2; q++) by[(n * H + 2 * i + p) * W + 2 * j + q] += grad[k] / 4;`
       }
       return [new PlainTensor(out, [N, C, OH, OW]), new PlainTensor(by, a.shape)];`,
    ),
    wrt: [0],
    tf: (t, x) => {
      const [n, c, h, w] = x.shape;
      return t[tf](t.reshape(x, [n, h, w, c]), 2, 2, 'valid');
    },
  };
}

const poolings = [
  pooling('maxPool2d', '-Infinity', 'if (x > acc) acc = x', 'acc', undefined, 'maxPool'),
  pooling('avgPool2d', '0', 'acc += x', 'acc / 4', undefined, 'avgPool'),
];

const ROWS = [
  [2, 8],
  [16, 64],
  [256, 128],
  [1000, 1000],
];

const layerNorm = `
  const [rows, columns] = a.shape, data = a.data, out = new Float32Array(data.length);
  const means = new Float32Array(rows), scales = new Float32Array(rows);
  for (let r = 0; r < rows; r++) {
    let mean = 0, square = 0;
    for (let c = 0; c < columns; c++) mean += data[r * columns + c];
    mean /= columns;
    for (let c = 0; c < columns; c++) { const d = data[r * columns + c] - mean; square += d * d; }
    const scale = 1 / sqrt(square / columns + 1e-5);
    means[r] = mean; scales[r] = scale;
    for (let c = 0; c < columns; c++) out[r * columns + c] = (data[r * columns + c] - mean) * scale * w.data[c] + b.data[c];
  }
`;

const norms = [
  {
    op: 'layerNorm',
    sizes: ROWS,
    inputs: (shape) => [numbers(shape), numbers([shape[1]], { seed: 2 }), numbers([shape[1]], { seed: 3 })],
    nabla: (nabla, x, w, b) => nabla.F.layerNorm(x, [x.shape[1]], w, b),
    plain: compile(['a', 'w', 'b'], `${layerNorm} return new PlainTensor(out, a.shape);`),
    plainGrad: compile(
      ['a', 'w', 'b', 'gradient'],
      `${layerNorm}
       const g = gradient.data, byX = new Float32Array(data.length), byW = new Float32Array(columns), byB = new Float32Array(columns);
       for (let r = 0; r < rows; r++) {
         let sum = 0, dot = 0;
         for (let c = 0; c < columns; c++) {
           const k = r * columns + c, h = (data[k] - means[r]) * scales[r], d = g[k] * w.data[c];
           byW[c] += g[k] * h; byB[c] += g[k]; sum += d; dot += d * h;
         }
         for (let c = 0; c < columns; c++) {
           const k = r * columns + c, h = (data[k] - means[r]) * scales[r];
           byX[k] = scales[r] * (g[k] * w.data[c] - sum / columns - (h * dot) / columns);
         }
       }
       return [new PlainTensor(out, a.shape), new PlainTensor(byX, a.shape), new PlainTensor(byW, w.shape), new PlainTensor(byB, b.shape)];`,
    ),
    wrt: [0, 1, 2],
  },
  {
    op: 'batchNorm',
    sizes: ROWS,
    inputs: (shape) => [numbers(shape), numbers([shape[1]], { seed: 2 }), numbers([shape[1]], { seed: 3 })],
    nabla: (nabla, x, w, b) => nabla.F.batchNorm(x, null, null, w, b, true),
    plain: compile(
      ['a', 'w', 'b'],
      `const [rows, columns] = a.shape, data = a.data, out = new Float32Array(data.length);
       const mean = new Float32Array(columns), square = new Float32Array(columns);
       for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) mean[c] += data[r * columns + c];
       for (let c = 0; c < columns; c++) mean[c] /= rows;
       for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) { const d = data[r * columns + c] - mean[c]; square[c] += d * d; }
       for (let c = 0; c < columns; c++) square[c] = 1 / sqrt(square[c] / rows + 1e-5);
       for (let r = 0, k = 0; r < rows; r++) for (let c = 0; c < columns; c++, k++)
         out[k] = (data[k] - mean[c]) * square[c] * w.data[c] + b.data[c];
       return new PlainTensor(out, a.shape);`,
    ),
  },
];

/** Means over all elements of an expression in x and the target z; its gradient by x. */
function loss(op, expression, gradient, range = [-2, 2], targets = [-2, 2]) {
  return {
    op,
    sizes: [[16], [1000], [30_000], [1_000_000]],
    inputs: (shape) => [
      numbers(shape, { low: range[0], high: range[1] }),
      numbers(shape, { low: targets[0], high: targets[1], seed: 2 }),
    ],
    nabla: written(['x', 'z'], `nabla.F.${op}(x, z)`),
    plain: compile(
      ['a', 'b'],
      `const data = a.data, other = b.data, n = data.length; let sum = 0;
       for (let i = 0; i < n; i++) { const x = data[i], z = other[i]; sum += ${expression}; }
       return new PlainTensor(Float32Array.of(sum / n), []);`,
    ),
    plainGrad: compile(
      ['a', 'b', 'gradient'],
      `const data = a.data, other = b.data, n = data.length; let sum = 0;
       for (let i = 0; i < n; i++) { const x = data[i], z = other[i]; sum += ${expression}; }
       const by = new Float32Array(n), g = gradient.data[0] / n;
       for (let i = 0; i < n; i++) { const x = data[i], z = other[i]; by[i] = g * (${gradient}); }
       return [new PlainTensor(Float32Array.of(sum / n), []), new PlainTensor(by, a.shape)];`,
    ),
    wrt: [0],
  };
}

const losses = [
  {
    ...loss('mseLoss', '(x - z) * (x - z)', '2 * (x - z)'),
    tf: (tf, x, z) => tf.losses.meanSquaredError(z, x),
    jax: (jax, x, z) => jax.numpy.mean(jax.numpy.square(x.sub(z))),
  },
  {
    ...loss('l1Loss', 'abs(x - z)', 'sign(x - z)'),
    tf: (tf, x, z) => tf.losses.absoluteDifference(z, x),
    jax: (jax, x, z) => jax.numpy.mean(jax.numpy.abs(x.sub(z))),
  },
  loss(
    'smoothL1Loss',
    '((d) => (d < 1 ? 0.5 * d * d : d - 0.5))(abs(x - z))',
    '((d) => (abs(d) < 1 ? d : sign(d)))(x - z)',
  ),
  {
    ...loss(
      'huberLoss',
      '((d) => (d < 1 ? 0.5 * d * d : d - 0.5))(abs(x - z))',
      '((d) => (abs(d) < 1 ? d : sign(d)))(x - z)',
    ),
    tf: (tf, x, z) => tf.losses.huberLoss(z, x),
  },
  loss(
    'binaryCrossEntropy',
    '-(z * log(x) + (1 - z) * log(1 - x))',
    '(x - z) / (x * (1 - x))',
    [0.1, 0.9],
    [0, 1],
  ),
  loss(
    'binaryCrossEntropyWithLogits',
    'max(x, 0) - x * z + log1p(exp(-abs(x)))',
    'sigmoid(x) - z',
    [-2, 2],
    [0, 1],
  ),
  loss('klDiv', 'z * (log(z) - x)', '-z', [-2, -0.1], [0.1, 1]),
  loss('softMarginLoss', 'log1p(exp(-z * x))', '-z / (1 + exp(z * x))'),
  {
    op: 'crossEntropy',
    sizes: ROWS,
    inputs: (shape) => [
      numbers(shape),
      numbers([shape[0]], { dtype: 'int64', low: 0, high: shape[1], seed: 2 }),
    ],
    nabla: (nabla, x, target) => nabla.F.crossEntropy(x, target),
    plain: compile(
      ['a', 'b'],
      `const [rows, columns] = a.shape, data = a.data; let loss = 0;
       for (let r = 0; r < rows; r++) {
         let top = -Infinity, sum = 0;
         for (let c = 0; c < columns; c++) if (data[r * columns + c] > top) top = data[r * columns + c];
         for (let c = 0; c < columns; c++) sum += exp(data[r * columns + c] - top);
         loss += log(sum) + top - data[r * columns + b.data[r]];
       }
       return new PlainTensor(Float32Array.of(loss / rows), []);`,
    ),
    plainGrad: compile(
      ['a', 'b', 'gradient'],
      `const [rows, columns] = a.shape, data = a.data, by = new Float32Array(data.length), g = gradient.data[0] / rows;
       let loss = 0;
       for (let r = 0; r < rows; r++) {
         let top = -Infinity, sum = 0;
         for (let c = 0; c < columns; c++) if (data[r * columns + c] > top) top = data[r * columns + c];
         for (let c = 0; c < columns; c++) sum += by[r * columns + c] = exp(data[r * columns + c] - top);
         loss += log(sum) + top - data[r * columns + b.data[r]];
         for (let c = 0; c < columns; c++) by[r * columns + c] *= g / sum;
         by[r * columns + b.data[r]] -= g;
       }
       return [new PlainTensor(Float32Array.of(loss / rows), []), new PlainTensor(by, a.shape)];`,
    ),
    wrt: [0],
  },
];

const attention = {
  op: 'scaledDotProductAttention',
  sizes: [
    [1, 1, 4, 4],
    [4, 4, 16, 16],
    [16, 4, 64, 32],
  ],
  inputs: (shape) => [1, 2, 3].map((seed) => numbers(shape, { seed })),
  nabla: (nabla, q, k, v) => nabla.F.scaledDotProductAttention(q, k, v),
  plain: compile(
    ['a', 'b', 'v'],
    `const [N, H, T, D] = a.shape, q = a.data, k = b.data, out = new Float32Array(q.length), row = new Float32Array(T);
     for (let h = 0; h < N * H; h++) for (let i = 0; i < T; i++) {
       let top = -Infinity, sum = 0;
       for (let j = 0; j < T; j++) {
         let dot = 0;
         for (let d = 0; d < D; d++) dot += q[(h * T + i) * D + d] * k[(h * T + j) * D + d];
         row[j] = dot / sqrt(D);
         if (row[j] > top) top = row[j];
       }
       for (let j = 0; j < T; j++) sum += row[j] = exp(row[j] - top);
       for (let j = 0; j < T; j++) {
         const weight = row[j] / sum;
         for (let d = 0; d < D; d++) out[(h * T + i) * D + d] += weight * v.data[(h * T + j) * D + d];
       }
     }
     return new PlainTensor(out, a.shape);`,
  ),
};

const upsampling = {
  op: 'interpolate',
  sizes: IMAGES,
  inputs: (shape) => [numbers(shape)],
  nabla: (nabla, x) => nabla.F.interpolate(x, { scaleFactor: 2 }),
  plain: compile(
    ['a'],
    `const [N, C, H, W] = a.shape, data = a.data, out = new Float32Array(4 * data.length);
     for (let n = 0, k = 0; n < N * C; n++) for (let i = 0; i < 2 * H; i++) for (let j = 0; j < 2 * W; j++, k++)
       out[k] = data[(n * H + (i >> 1)) * W + (j >> 1)];
     return new PlainTensor(out, [N, C, 2 * H, 2 * W]);`,
  ),
};

export const networkCases = [...convolutions, ...poolings, ...norms, ...losses, attention, upsampling];
