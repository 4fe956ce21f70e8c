/** Cases of further layers and losses: pooling in 1, 2 and 3 dimensions, convolutions, norms, images, losses. */
import { numbers } from './data.mjs';
import { compile, written } from './plain.mjs';

const LINES = [
  [1, 1, 16],
  [4, 4, 64],
  [32, 16, 256],
];
const IMAGES = [
  [1, 1, 6, 6],
  [4, 4, 16, 16],
  [32, 8, 28, 28],
];
const VOLUMES = [
  [1, 1, 4, 4, 4],
  [2, 2, 8, 8, 8],
  [4, 4, 16, 16, 16],
];
const ROWS = [
  [2, 8],
  [16, 64],
  [256, 128],
  [1000, 1000],
];
const one = (shape) => [numbers(shape)];
const KINDS = {
  max: ['-Infinity', 'if (x > acc) acc = x', 'acc'],
  mean: ['0', 'acc += x', 'acc / n'],
  square: ['0', 'acc += x * x', 'sqrt(acc)'],
};

/** Windows of 2 without overlap over the last `ndim` dimensions. */
function halves(ndim, kind) {
  const [start, step, end] = KINDS[kind];
  const deep = ndim > 2;
  const high = ndim > 1;
  return compile(
    ['a'],
    `const s = a.shape, data = a.data, P = s[0] * s[1], W = s[s.length - 1], H = ${high ? 's[s.length - 2]' : '1'}, D = ${deep ? 's[2]' : '1'};
     const OD = ${deep ? 'D >> 1' : '1'}, OH = ${high ? 'H >> 1' : '1'}, OW = W >> 1, n = ${2 ** ndim}, out = new Float32Array(P * OD * OH * OW);
     let k = 0;
     for (let p = 0; p < P; p++) for (let d = 0; d < OD; d++) for (let i = 0; i < OH; i++) for (let j = 0; j < OW; j++, k++) {
       let acc = ${start};
       ${deep ? 'for (let u = 0; u < 2; u++)' : ''} ${high ? 'for (let v = 0; v < 2; v++)' : ''} for (let w = 0; w < 2; w++) {
         const x = data[((p * D + ${deep ? '2 * d + u' : '0'}) * H + ${high ? '2 * i + v' : '0'}) * W + 2 * j + w];
         ${step};
       }
       out[k] = ${end};
     }
     return new PlainTensor(out, [...s.slice(0, 2), OD, OH, OW]);`,
  );
}

const sizesOf = { 1: LINES, 2: IMAGES, 3: VOLUMES };
const poolings = [
  ...[1, 3].flatMap((ndim) => [
    [`maxPool${ndim}d`, ndim, 'max', (n, x) => n.F[`maxPool${ndim}d`](x, 2)],
    [`avgPool${ndim}d`, ndim, 'mean', (n, x) => n.F[`avgPool${ndim}d`](x, 2)],
  ]),
  ...[1, 2, 3].flatMap((ndim) => [
    [
      `adaptiveMaxPool${ndim}d`,
      ndim,
      'max',
      (n, x) =>
        n.F[`adaptiveMaxPool${ndim}d`](
          x,
          x.shape.slice(2).map((s) => s / 2),
        ),
    ],
    [
      `adaptiveAvgPool${ndim}d`,
      ndim,
      'mean',
      (n, x) =>
        n.F[`adaptiveAvgPool${ndim}d`](
          x,
          x.shape.slice(2).map((s) => s / 2),
        ),
    ],
  ]),
  ...[1, 2].map((ndim) => [`lpPool${ndim}d`, ndim, 'square', (n, x) => n.F[`lpPool${ndim}d`](x, 2, 2)]),
].map(([op, ndim, kind, nabla]) => ({
  op,
  sizes: sizesOf[ndim],
  inputs: one,
  nabla,
  plain: halves(ndim, kind),
}));

/** Convolutions with kernels of 3, by direct loops over [N, C, D, H, W]; of transposes, the loops the other way round. */
function convolutionCase(op, ndim, transposed, sizes) {
  return {
    op,
    sizes,
    inputs: ([n, c, o, ...spatial]) => [
      numbers([n, c, ...spatial]),
      numbers([...(transposed ? [c, o] : [o, c]), ...spatial.map(() => 3)], { seed: 2 }),
    ],
    nabla: written(['x', 'w'], `nabla.F.${op}(x, w)`),
    plain: compile(
      ['a', 'w'],
      `const full = (s) => [...s.slice(0, 2), ...new Array(5 - s.length).fill(1), ...s.slice(2)];
       const [N, C, D, H, W] = full(a.shape), ws = full(w.shape), KD = ws[2], KH = ws[3], KW = ws[4];
       const O = ${transposed ? 'ws[1]' : 'ws[0]'}, g = ${transposed ? '1' : '-1'};
       const OD = D + g * (KD - 1), OH = H + g * (KH - 1), OW = W + g * (KW - 1), x = a.data, f = w.data;
       const out = new Float32Array(N * O * OD * OH * OW);
       ${
         transposed
           ? `for (let n = 0; n < N; n++) for (let c = 0; c < C; c++) for (let d = 0; d < D; d++) for (let i = 0; i < H; i++) for (let j = 0; j < W; j++) {
                const v = x[(((n * C + c) * D + d) * H + i) * W + j];
                for (let o = 0; o < O; o++) for (let u = 0; u < KD; u++) for (let p = 0; p < KH; p++) for (let q = 0; q < KW; q++)
                  out[(((n * O + o) * OD + d + u) * OH + i + p) * OW + j + q] += v * f[(((c * O + o) * KD + u) * KH + p) * KW + q];
              }`
           : `for (let n = 0, k = 0; n < N; n++) for (let o = 0; o < O; o++) for (let d = 0; d < OD; d++) for (let i = 0; i < OH; i++) for (let j = 0; j < OW; j++, k++) {
                let sum = 0;
                for (let c = 0; c < C; c++) for (let u = 0; u < KD; u++) for (let p = 0; p < KH; p++) for (let q = 0; q < KW; q++)
                  sum += x[(((n * C + c) * D + d + u) * H + i + p) * W + j + q] * f[(((o * C + c) * KD + u) * KH + p) * KW + q];
                out[k] = sum;
              }`
       }
       return new PlainTensor(out, [N, O, OD, OH, OW]);`,
    ),
  };
}

const convolutions = [
  convolutionCase('conv3d', 3, false, [
    [1, 1, 2, 4, 4, 4],
    [2, 2, 4, 8, 8, 8],
  ]),
  convolutionCase('convTranspose1d', 1, true, [
    [1, 1, 2, 16],
    [8, 4, 8, 64],
    [32, 16, 16, 256],
  ]),
  convolutionCase('convTranspose3d', 3, true, [
    [1, 1, 2, 4, 4, 4],
    [2, 2, 4, 8, 8, 8],
  ]),
];

/** (x − mean) / √(variance + eps) of groups of `n` elements side by side, or x / √(mean of squares + eps). */
const normalized = (n, centred) =>
  compile(
    ['a'],
    `const data = a.data, s = a.shape, n = ${n}, out = new Float32Array(data.length);
     for (let start = 0; start < data.length; start += n) {
       let mean = 0, square = 0;
       ${centred ? 'for (let k = start; k < start + n; k++) mean += data[k]; mean /= n;' : ''}
       for (let k = start; k < start + n; k++) { const d = data[k] - mean; square += d * d; }
       const scale = 1 / sqrt(square / n + 1e-5);
       for (let k = start; k < start + n; k++) out[k] = (data[k] - mean) * scale;
     }
     return new PlainTensor(out, s);`,
  );

const norms = [
  [
    'groupNorm',
    IMAGES,
    (n, x) => n.F.groupNorm(x, x.shape[1] > 1 ? 2 : 1),
    normalized('(s[1] > 1 ? s[1] / 2 : 1) * s[2] * s[3]', true),
  ],
  ['instanceNorm', IMAGES, (n, x) => n.F.instanceNorm(x), normalized('s[2] * s[3]', true)],
  ['rmsNorm', ROWS, (n, x) => n.F.rmsNorm(x, [x.shape[1]]), normalized('s[1]', false)],
].map(([op, sizes, nabla, plain]) => ({ op, sizes, inputs: one, nabla, plain }));

const images = [
  [
    'pixelShuffle',
    (n, x) => n.F.pixelShuffle(x, 2),
    '[N, C * 4, H, W]',
    'out[((n * C + c) * 2 * H + 2 * i + p) * 2 * W + 2 * j + q] = data[(((n * C + c) * 4 + 2 * p + q) * H + i) * W + j]',
  ],
  [
    'pixelUnshuffle',
    (n, x) => n.F.pixelUnshuffle(x, 2),
    '[N, C, 2 * H, 2 * W]',
    'out[(((n * C + c) * 4 + 2 * p + q) * H + i) * W + j] = data[((n * C + c) * 2 * H + 2 * i + p) * 2 * W + 2 * j + q]',
  ],
].map(([op, nabla, , body]) => ({
  op,
  sizes: [
    [1, 1, 3, 3],
    [4, 4, 8, 8],
    [32, 8, 14, 14],
  ],
  inputs: ([n, c, h, w]) => [numbers(op === 'pixelShuffle' ? [n, 4 * c, h, w] : [n, c, 2 * h, 2 * w])],
  nabla,
  plain: compile(
    ['a'],
    `const s = a.shape, data = a.data, N = s[0], ${op === 'pixelShuffle' ? 'C = s[1] / 4, H = s[2], W = s[3]' : 'C = s[1], H = s[2] / 2, W = s[3] / 2'};
     const out = new Float32Array(data.length);
     for (let n = 0; n < N; n++) for (let c = 0; c < C; c++) for (let i = 0; i < H; i++) for (let j = 0; j < W; j++)
       for (let p = 0; p < 2; p++) for (let q = 0; q < 2; q++) ${body};
     return new PlainTensor(out, [out.length]);`,
  ),
}));

const WINDOWS =
  'for (let c = 0, k = 0; c < P; c++) for (let p = 0; p < 3; p++) for (let q = 0; q < 3; q++) for (let i = 0; i < OH; i++) for (let j = 0; j < OW; j++, k++)';
const unfolding = [
  {
    op: 'unfoldImage',
    sizes: IMAGES,
    inputs: one,
    nabla: (n, x) => n.F.unfold(x, 3),
    plain: compile(
      ['a'],
      `const [N, C, H, W] = a.shape, P = N * C, OH = H - 2, OW = W - 2, out = new Float32Array(P * 9 * OH * OW);
       ${WINDOWS} out[k] = a.data[(c * H + i + p) * W + j + q];
       return new PlainTensor(out, [N, C * 9, OH * OW]);`,
    ),
  },
  {
    op: 'fold',
    sizes: IMAGES,
    inputs: ([n, c, h, w]) => [numbers([n, c * 9, (h - 2) * (w - 2)]), numbers([h, w])],
    nabla: (n, x, like) => n.F.fold(x, like.shape, 3),
    plain: compile(
      ['a', 'like'],
      `const [H, W] = like.shape, P = a.shape[0] * (a.shape[1] / 9), OH = H - 2, OW = W - 2, out = new Float32Array(P * H * W);
       ${WINDOWS} out[(c * H + i + p) * W + j + q] += a.data[k];
       return new PlainTensor(out, [P, H, W]);`,
    ),
  },
  {
    op: 'channelShuffle',
    sizes: IMAGES.slice(1),
    inputs: one,
    nabla: (n, x) => n.F.channelShuffle(x, 2),
    plain: compile(
      ['a'],
      `const [N, C, H, W] = a.shape, L = H * W, out = new Float32Array(a.data.length);
       for (let n = 0, k = 0; n < N; n++) for (let c = 0; c < C; c++) for (let l = 0; l < L; l++, k++) out[k] = a.data[(n * C + (c & 1) * (C >> 1) + (c >> 1)) * L + l];
       return new PlainTensor(out, a.shape);`,
    ),
  },
];

/** Means over elements of an expression in x, z (and w): inputs all of one shape. */
function loss(op, nabla, expression, { operands = 2, ranges = [] } = {}) {
  return {
    op,
    sizes: [[16], [1000], [30_000], [1_000_000]],
    inputs: (shape) =>
      Array.from({ length: operands }, (_, i) =>
        numbers(shape, { seed: i + 1, low: ranges[i]?.[0] ?? -2, high: ranges[i]?.[1] ?? 2 }),
      ),
    nabla,
    plain: compile(
      ['a', 'b', 'c'],
      `const n = a.data.length; let sum = 0;
       for (let i = 0; i < n; i++) { const x = a.data[i], z = b.data[i]${operands > 2 ? ', w = c.data[i]' : ''}; sum += ${expression}; }
       return new PlainTensor(Float32Array.of(sum / n), []);`,
    ),
  };
}

const losses = [
  loss('poissonNllLoss', (n, x, z) => n.F.poissonNllLoss(x, z), 'exp(x) - z * x', {
    ranges: [
      [-2, 2],
      [0, 4],
    ],
  }),
  loss(
    'gaussianNllLoss',
    (n, x, z, w) => n.F.gaussianNllLoss(x, z, w),
    '0.5 * (log(w) + ((x - z) * (x - z)) / w)',
    {
      operands: 3,
      ranges: [
        [-2, 2],
        [-2, 2],
        [0.5, 2],
      ],
    },
  ),
  loss('hingeEmbeddingLoss', (n, x, z) => n.F.hingeEmbeddingLoss(x, z.sign()), 'z > 0 ? x : max(0, 1 - x)'),
  loss(
    'marginRankingLoss',
    (n, x, z, w) => n.F.marginRankingLoss(x, z, w.sign()),
    'max(0, -sign(w) * (x - z))',
    { operands: 3 },
  ),
];

const ROW_LOSS = (step, end) => `
  const [rows, columns] = a.shape, data = a.data; let loss = 0;
  for (let r = 0; r < rows; r++) { let acc = 0, acc2 = 0; const t = b.data[r]; for (let c = 0; c < columns; c++) { const k = r * columns + c, x = data[k]; ${step}; } ${end}; }
  return new PlainTensor(Float32Array.of(loss / rows), []);`;
const labelled = (shape) => [
  numbers(shape),
  numbers([shape[0]], { dtype: 'int64', low: 0, high: shape[1], seed: 2 }),
];
const rowLosses = [
  [
    'nllLoss',
    labelled,
    (n, x, t) => n.F.nllLoss(x, t),
    'const [rows, columns] = a.shape; let loss = 0; for (let r = 0; r < rows; r++) loss -= a.data[r * columns + b.data[r]]; return new PlainTensor(Float32Array.of(loss / rows), []);',
  ],
  [
    'multiMarginLoss',
    labelled,
    (n, x, t) => n.F.multiMarginLoss(x, t),
    ROW_LOSS('if (c !== t) acc += max(0, 1 - data[r * columns + t] + x)', 'loss += acc / columns'),
  ],
  [
    'multilabelSoftMarginLoss',
    (shape) => [numbers(shape), numbers(shape, { low: 0, high: 1, seed: 2 })],
    (n, x, t) => n.F.multilabelSoftMarginLoss(x, t),
    ROW_LOSS('const z = b.data[k]; acc += max(x, 0) - x * z + log1p(exp(-abs(x)))', 'loss += acc / columns'),
  ],
  [
    'tripletMarginLoss',
    (shape) => [1, 2, 3].map((seed) => numbers(shape, { seed })),
    (n, x, y, z) => n.F.tripletMarginLoss(x, y, z),
    ROW_LOSS(
      'const d = x - b.data[k] + 1e-6, e = x - c3.data[k] + 1e-6; acc += d * d; acc2 += e * e',
      'loss += max(0, sqrt(acc) - sqrt(acc2) + 1)',
    ),
  ],
  [
    'tripletMarginWithDistanceLoss',
    (shape) => [1, 2, 3].map((seed) => numbers(shape, { seed })),
    (n, x, y, z) => n.F.tripletMarginWithDistanceLoss(x, y, z),
    ROW_LOSS(
      'const d = x - b.data[k] + 1e-6, e = x - c3.data[k] + 1e-6; acc += d * d; acc2 += e * e',
      'loss += max(0, sqrt(acc) - sqrt(acc2) + 1)',
    ),
  ],
  [
    'cosineEmbeddingLoss',
    (shape) => [
      numbers(shape),
      numbers(shape, { seed: 2 }),
      { data: new Float32Array(shape[0]).fill(1), shape: [shape[0]], dtype: 'float32' },
    ],
    (n, x, y, t) => n.F.cosineEmbeddingLoss(x, y, t),
    'const [rows, columns] = a.shape; let loss = 0; for (let r = 0, k = 0; r < rows; r++) { let ab = 0, aa = 0, bb = 0; for (let c = 0; c < columns; c++, k++) { const x = a.data[k], z = b.data[k]; ab += x * z; aa += x * x; bb += z * z; } const cos = ab / sqrt(aa * bb); loss += c3.data[r] > 0 ? 1 - cos : max(0, cos); } return new PlainTensor(Float32Array.of(loss / rows), []);',
  ],
].map(([op, inputs, nabla, body]) => ({
  op,
  sizes: ROWS,
  inputs,
  nabla,
  plain: compile(['a', 'b', 'c3'], body),
}));

export const layerCases = [
  ...poolings,
  ...convolutions,
  ...norms,
  ...images,
  ...unfolding,
  ...losses,
  ...rowLosses,
];
