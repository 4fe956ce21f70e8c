/**
 * The loops over a few elements of ops that are written as what they compute of an element or of a line: by the op's
 * name, with its parameters. An op's record takes its loop from here; what is here and in no loop of `few-*.ts` is left
 * to the op. See `few-code.ts` for what the strings mean.
 */
import { BY_HAND } from './few-by-hand.js';
import type { LoopCode, LoopDType } from './few-bodies.js';
import { fewLoop, MOST_ARGUMENTS } from './few-code.js';
import type { Few } from './record.js';

const sum = { start: 's = 0', step: 's += x;' };
const squares = { start: 's = 0', step: 's += x * x;' };
const deviations = { start: 'mean = s / n, q = 0', step: 'q += (x - mean) * (x - mean);' };
const largest = { start: 'top = -Infinity', step: 'if (x > top) top = x;' };
/** The largest, where it is finite: what exponentials are taken from. */
const exponentials = {
  start: 'shift = top - top === 0 ? top : 0, s = 0',
  step: 's += exp(x - shift);',
};
const differences = { start: 's = 0', step: 's += (x - y + eps) * (x - y + eps);' };
const angle = { start: 'xy = 0, xx = 0, yy = 0', step: 'xy += x * y; xx += x * x; yy += y * y;' };

const near = 'x === y || abs(x - y) <= atol + rtol * abs(y) && abs(x) < Infinity && abs(y) < Infinity';
const CLAMPED = 'x < low ? low : x > high ? high : x';

/** Up to so many elements a loop takes less time than the one kernel that would do the same, */
const most = 32;
/** than two or three kernels, the same with results in between, and than many of them. */
const some = 384;
const several = 1024;
const many = 4096;
const INTEGERS: readonly LoopDType[] = ['int32', 'int64', 'uint8'];
const NUMBERS: readonly LoopDType[] = ['float32', 'float64', ...INTEGERS];
const ALL: readonly LoopDType[] = [...NUMBERS, 'bool'];
const BITS: readonly LoopDType[] = ['int32', 'uint8', 'bool'];
/** Whose quotients are exact; what divides by 0 is an error. */
const SHORT: readonly LoopDType[] = ['int32', 'uint8'];

function comparison(element: string): readonly [string, LoopCode] {
  return ['x y#', { element, result: 'bool', dtypes: ALL, most }];
}

const LOOPS: Readonly<Record<string, readonly [params: string, code: LoopCode]>> = {
  relu: ['x', { element: 'x > 0 || x !== x ? x : 0', most }],
  neg: ['x', { element: '-x', most }],
  abs: ['x', { element: 'abs(x)', most }],
  sign: ['x', { element: 'x > 0 ? 1 : x < 0 ? -1 : 0', most }],
  square: ['x', { element: 'x * x', most }],
  sqrt: ['x', { element: 'sqrt(x)', most }],
  reciprocal: ['x', { element: '1 / x', most }],
  floor: ['x', { element: 'floor(x)', most }],
  ceil: ['x', { element: 'ceil(x)', most }],
  trunc: ['x', { element: 'trunc(x)', most }],
  round: ['x -decimals', { element: 'roundEven(x)', most }],
  frac: ['x', { element: 'x - trunc(x)', most }],
  add: ['x y# -alpha', { element: 'x + y', dtypes: NUMBERS, most }],
  sub: ['x y# -alpha', { element: 'x - y', dtypes: NUMBERS, most }],
  mul: ['x y#', { element: 'x * y', int32: 'Math.imul(x, y)', dtypes: NUMBERS, most }],
  div: ['x y# -roundingMode', { element: 'x / y', most }],
  trueDivide: ['x y#', { element: 'x / y', most }],
  maximum: ['x y', { element: 'max(x, y)', dtypes: NUMBERS, most }],
  minimum: ['x y', { element: 'min(x, y)', dtypes: NUMBERS, most }],
  fmax: ['x y', { element: 'x > y || y !== y ? x : y', most }],
  fmin: ['x y', { element: 'x < y || y !== y ? x : y', most }],
  pow: ['x y:2', { element: 'x * x', most }],
  floorDivide: ['x y', { element: 'floor(x / y)', unless: 'y === 0', dtypes: SHORT }],
  fmod: ['x y', { element: 'x % y', unless: 'y === 0', dtypes: SHORT }],
  remainder: [
    'x y',
    {
      element: '((r) => r !== 0 && r < 0 !== y < 0 ? r + y : r)(x % y)',
      unless: 'y === 0',
      dtypes: SHORT,
    },
  ],
  bitwiseAnd: ['x y', { element: 'x & y', dtypes: BITS }],
  bitwiseOr: ['x y', { element: 'x | y', dtypes: BITS }],
  bitwiseXor: ['x y', { element: 'x ^ y', dtypes: BITS }],
  bitwiseLeftShift: ['x y', { element: 'x << y', unless: '!(y >= 0 && y < 32)', dtypes: SHORT }],
  bitwiseRightShift: ['x y', { element: 'x >> y', unless: '!(y >= 0 && y < 32)', dtypes: SHORT }],
  bitwiseNot: ['x', { element: '~x', dtypes: SHORT }],
  eq: comparison('x === y'),
  ne: comparison('x !== y'),
  lt: comparison('x < y'),
  le: comparison('x <= y'),
  gt: comparison('x > y'),
  ge: comparison('x >= y'),

  addcmul: ['x y z value=1', { element: 'x + value * y * z' }],
  addcdiv: ['x y z value=1', { element: 'x + value * y / z' }],
  lerp: ['x y z#', { element: 'x + z * (y - x)' }],
  relu6: ['x', { element: 'min(max(x, 0), 6)' }],
  leakyRelu: ['x slope=0.01', { element: 'x > 0 ? x : slope * x' }],
  softsign: ['x', { element: 'x / (1 + abs(x))' }],
  softshrink: ['x by=0.5', { element: 'x > by ? x - by : x < -by ? x + by : x === x ? 0 : x' }],
  hardshrink: ['x by=0.5', { element: 'x >= -by && x <= by ? 0 : x' }],
  hardtanh: ['x low=-1 high=1', { element: CLAMPED }],
  hardsigmoid: ['x', { element: 'min(max(x / 6 + 0.5, 0), 1)' }],
  hardswish: ['x', { element: 'x * min(max(x + 3, 0), 6) / 6' }],
  threshold: ['x limit value', { element: 'x <= limit ? value : x' }],
  prelu: ['x y.', { most: some, element: 'x > 0 ? x : y * x' }],
  clamp: ['x low high', { element: 'min(max(x, low), high)' }],
  clampMin: ['x y#', { element: 'max(x, y)' }],
  clampMax: ['x y#', { element: 'min(x, y)' }],
  nanToNum: [
    'x nan=0 -posinf -neginf',
    { element: 'x !== x ? nan : x > largest ? largest : x < -largest ? -largest : x' },
  ],
  deg2rad: ['x', { element: 'x * (PI / 180)' }],
  rad2deg: ['x', { element: 'x * (180 / PI)' }],
  maskedFill: ['x m value', { element: 'm !== 0 ? value : x' }],
  where: ['m x y#', { element: 'm !== 0 ? x : y' }],

  isnan: ['x', { element: 'x !== x', result: 'bool' }],
  isfinite: ['x', { most: some, element: 'x - x === 0', result: 'bool' }],
  isinf: ['x', { most: some, element: 'abs(x) === Infinity', result: 'bool' }],
  isposinf: ['x', { element: 'x === Infinity', result: 'bool' }],
  isneginf: ['x', { element: 'x === -Infinity', result: 'bool' }],
  signbit: ['x', { most: some, element: 'x < 0 || x === 0 && 1 / x < 0', result: 'bool' }],
  isclose: ['x y rtol=1e-5 atol=1e-8 -equalNan', { most: some, element: near, result: 'bool' }],
  allclose: ['x y rtol=1e-5 atol=1e-8 -equalNan', { most: many, all: near }],
  logicalNot: ['x', { most: several, element: 'x === 0', result: 'bool', dtypes: ALL }],
  logicalAnd: ['x y', { element: 'x !== 0 && y !== 0', result: 'bool', dtypes: ALL }],
  logicalOr: ['x y', { element: 'x !== 0 || y !== 0', result: 'bool', dtypes: ALL }],
  logicalXor: ['x y', { element: '(x !== 0) !== (y !== 0)', result: 'bool', dtypes: ALL }],

  mseLoss: ['x y reduction', { loss: '(x - y) * (x - y)' }],
  l1Loss: ['x y reduction', { loss: 'abs(x - y)' }],
  smoothL1Loss: [
    'x y reduction beta=1',
    { loss: '((d) => d < beta ? 0.5 * d * d / beta : d - 0.5 * beta)(abs(x - y))' },
  ],
  huberLoss: [
    'x y reduction delta=1',
    { loss: '((d) => d <= delta ? 0.5 * d * d : delta * (d - 0.5 * delta))(abs(x - y))' },
  ],
  binaryCrossEntropyWithLogits: [
    'x y -weight reduction',
    { loss: '(1 - y) * x + max(-x, 0) + log1p(exp(-abs(x)))' },
  ],
  softMarginLoss: ['x y reduction', { loss: '((v) => max(v, 0) + log1p(exp(-abs(v))))(-x * y)' }],
  klDiv: ['x y reduction -logTarget', { loss: '(y === 0 ? 0 : y * log(y)) - x * y' }],
  poissonNllLoss: ['x y +logInput -full -eps reduction', { loss: 'exp(x) - y * x' }],
  hingeEmbeddingLoss: [
    'x y margin=1 reduction',
    { most: many, loss: 'y === 1 ? x : max(margin - x, 0) + (y === -1 ? 0 : x)' },
  ],
  marginRankingLoss: ['x y z margin=0 reduction', { most: many, loss: 'max(0, -z * (x - y) + margin)' }],

  binaryCrossEntropy: [
    "x y -weight reduction:'mean'",
    {
      passes: [
        {
          start: 's = 0',
          step: 'if (!(x >= 0 && x <= 1)) return null; s += (y - 1) * max(log1p(-x), -100) - y * max(log(x), -100);',
        },
      ],
      end: 's / n',
    },
  ],
  gaussianNllLoss: [
    "x y z -full eps=1e-6 reduction:'mean'",
    {
      most: many,
      passes: [
        {
          start: 's = 0, v = 0',
          step: 'if (!(z >= 0)) return null; v = max(z, eps); s += 0.5 * (log(v) + (x - y) * (x - y) / v);',
        },
      ],
      end: 's / n',
    },
  ],

  nllLoss: [
    'x l -weight -ignoreIndex reduction',
    {
      ndim: 2,
      dim: 1,
      reduce: true,
      passes: [{ start: 's = 0', step: 'if (k === label) s = -x;' }],
      end: 's',
    },
  ],
  crossEntropy: [
    'x l -weight -ignoreIndex reduction -labelSmoothing',
    {
      ndim: 2,
      dim: 1,
      reduce: true,
      passes: [
        { start: 'top = -Infinity, own = 0', step: 'top = max(top, x); if (k === label) own = x;' },
        exponentials,
      ],
      end: 'log(s) + shift - own',
    },
  ],
  multiMarginLoss: [
    'x l p:1 margin=1 -weight reduction',
    {
      most: many,
      ndim: 2,
      dim: 1,
      reduce: true,
      passes: [
        { start: 'own = 0', step: 'if (k === label) own = x;' },
        { start: 's = 0', step: 'if (k !== label) s += max(0, margin - own + x);' },
      ],
      end: 's / n',
    },
  ],
  multilabelSoftMarginLoss: [
    'x y -weight reduction',
    {
      dim: -1,
      reduce: true,
      passes: [{ start: 's = 0', step: 's += (1 - y) * x + max(-x, 0) + log1p(exp(-abs(x)));' }],
      end: 's / n',
    },
  ],
  cosineEmbeddingLoss: [
    'x y t margin=0 reduction',
    {
      most: many,
      ndim: 2,
      dim: 1,
      reduce: true,
      passes: [angle],
      end: '((cos) => goal === 1 ? 1 - cos : goal === -1 ? max(0, cos - margin) : 0)(xy / sqrt((xx + 1e-12) * (yy + 1e-12)))',
    },
  ],
  tripletMarginLoss: [
    'x y z margin=1 p:2 eps=1e-6',
    {
      most: many,
      dim: -1,
      reduce: true,
      passes: [
        {
          start: 's = 0, q = 0',
          step: 's += (x - y + eps) * (x - y + eps); q += (x - z + eps) * (x - z + eps);',
        },
      ],
      end: 'max(0, sqrt(s) - sqrt(q) + margin)',
    },
  ],
  tripletMarginWithDistanceLoss: [
    'x y z -distanceFunction margin=1 -swap',
    {
      most: many,
      dim: -1,
      reduce: true,
      passes: [
        {
          start: 's = 0, q = 0, eps = 1e-6',
          step: 's += (x - y + eps) * (x - y + eps); q += (x - z + eps) * (x - z + eps);',
        },
      ],
      end: 'max(0, sqrt(s) - sqrt(q) + margin)',
    },
  ],

  cosineSimilarity: [
    'x y dim=1 eps=1e-8',
    { most: many, passes: [angle], end: 'xy / (max(sqrt(xx), eps) * max(sqrt(yy), eps))' },
  ],
  pairwiseDistance: [
    'x y p:2 eps=1e-6 keepdim',
    { most: many, dim: -1, passes: [differences], end: 'sqrt(s)' },
  ],
  'linalg.vecdot': [
    'x y dim=-1',
    { most: several, passes: [{ start: 's = 0', step: 's += x * y;' }], end: 's' },
  ],
  dist: [
    'x y p:2',
    { most: several, passes: [{ start: 's = 0', step: 's += (x - y) * (x - y);' }], end: 'sqrt(s)' },
  ],
  normalize: ['x p:2 dim=1 eps=1e-12', { most: some, passes: [squares], each: 'x / max(sqrt(s), eps)' }],

  sum: ['x dim? keepdim', { passes: [sum], end: 's' }],
  mean: ['x dim? keepdim', { passes: [sum], end: 's / n' }],
  prod: ['x dim? keepdim', { passes: [{ start: 's = 1', step: 's *= x;' }], end: 's' }],
  amax: ['x dim? keepdim', { passes: [{ start: 's = -Infinity', step: 's = max(s, x);' }], end: 's' }],
  amin: ['x dim? keepdim', { passes: [{ start: 's = Infinity', step: 's = min(s, x);' }], end: 's' }],
  norm: ['x p:2 dim? keepdim', { most: several, passes: [squares], end: 'sqrt(s)' }],
  'linalg.vectorNorm': ['x p:2 dim? keepdim', { most: several, passes: [squares], end: 'sqrt(s)' }],
  'linalg.norm': ['x -ord dim? keepdim', { most: several, passes: [squares], end: 'sqrt(s)' }],
  'linalg.matrixNorm': ["x ord:'fro'", { most: several, ndim: 2, passes: [squares], end: 'sqrt(s)' }],
  nansum: [
    'x dim? keepdim',
    { most: some, passes: [{ start: 's = 0', step: 'if (x === x) s += x;' }], end: 's' },
  ],
  nanmean: [
    'x dim? keepdim',
    {
      most: several,
      passes: [{ start: 's = 0, c = 0', step: 'if (x === x) { s += x; c++; }' }],
      end: 's / c',
    },
  ],
  var: ['x dim? +unbiased keepdim', { most: some, passes: [sum, deviations], end: 'q / (n - 1)' }],
  std: ['x dim? +unbiased keepdim', { most: some, passes: [sum, deviations], end: 'sqrt(q / (n - 1))' }],
  varMean: [
    'x dim? +unbiased keepdim',
    {
      most: several,
      passes: [sum, deviations],
      end: 'q / (n - 1)',
      second: { names: ['var', 'mean'], end: 's / n' },
    },
  ],
  stdMean: [
    'x dim? +unbiased keepdim',
    {
      most: several,
      passes: [sum, deviations],
      end: 'sqrt(q / (n - 1))',
      second: { names: ['std', 'mean'], end: 's / n' },
    },
  ],
  aminmax: [
    'x dim? keepdim',
    {
      most: some,
      passes: [
        { start: 'low = Infinity, high = -Infinity', step: 'low = min(low, x); high = max(high, x);' },
      ],
      end: 'low',
      second: { names: ['min', 'max'], end: 'high' },
    },
  ],
  logsumexp: ['x dim? keepdim', { passes: [largest, exponentials], end: 'log(s) + shift' }],
  countNonzero: [
    'x dim?',
    { most: several, passes: [{ start: 's = 0', step: 'if (x !== 0) s++;' }], end: 's', result: 'int64' },
  ],
  any: [
    'x dim? keepdim',
    { most: several, passes: [{ start: 's = 0', step: 'if (x !== 0) s = 1;' }], end: 's', result: 'bool' },
  ],
  all: [
    'x dim? keepdim',
    { most: several, passes: [{ start: 's = 1', step: 'if (x === 0) s = 0;' }], end: 's', result: 'bool' },
  ],
  argmax: [
    'x dim? keepdim',
    {
      passes: [
        {
          start: 's = 0, top = NaN',
          step: 'if (k === 0 || x > top || (x !== x && top === top)) { top = x; s = k; }',
        },
      ],
      end: 's',
      result: 'int64',
    },
  ],
  argmin: [
    'x dim? keepdim',
    {
      passes: [
        {
          start: 's = 0, top = NaN',
          step: 'if (k === 0 || x < top || (x !== x && top === top)) { top = x; s = k; }',
        },
      ],
      end: 's',
      result: 'int64',
    },
  ],
  trapezoid: [
    'x -x dx=1 dim=-1',
    {
      most: many,
      passes: [{ start: 's = 0, last = 0', step: 'if (k > 0) s += (x + last) * (dx / 2); last = x;' }],
      end: 's',
    },
  ],
  softmax: [
    'x dim',
    {
      passes: [
        { start: 'top = -Infinity', step: 'top = max(top, x);' },
        { start: 's = 0', step: 's += exp(x - top);' },
      ],
      each: 'exp(x - top) / s',
    },
  ],
};

const loops = new Map<string, Few>(Object.entries(BY_HAND));

/** How many arguments the op's loop looks at; 0 where there is none. */
export function argumentsOfLoop(name: string): number {
  return loops.get(name)?.length ?? (Object.hasOwn(LOOPS, name) ? MOST_ARGUMENTS : 0);
}

/** Whether the op's loop copies operands with gaps itself. */
export function takesGaps(name: string): boolean {
  return Object.hasOwn(LOOPS, name);
}

/** The loop of an op that has one here; it is written when somebody asks first. */
export function loopOf(name: string): Few {
  let loop = loops.get(name);
  if (loop === undefined) loops.set(name, (loop = fewLoop(name, ...LOOPS[name])));
  return loop;
}
