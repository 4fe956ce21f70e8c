/**
 * The rules of ops that are one node where their elements are few: what their derivatives compute of an element or of a
 * line (see `few-gradient-code.ts` for what the strings mean), and those that are written by hand.
 */
import { fewGradient, type GradientCode } from './few-gradient-code.js';
import { algebraRules } from './few-gradient-algebra.js';
import { lineRules } from './few-gradient-lines.js';
import { orderRules } from './few-gradient-order.js';
import { joinedRules, movedRules } from './few-gradient-movement.js';
import { instanceRule, batchRule, groupRule, layerRule, rmsRule } from './few-gradient-norms.js';
import { addedProductRule, fewProductRules } from './few-gradient-products.js';
import { LINEAR_OPS, linearRule } from './few-linear.js';
import type { FewRule } from './few-recorded.js';
import { poolRules } from './few-windows.js';

const mean = { start: 's = 0', step: 's += x;' };
const deviations = { start: 'q = 0, mean = s / n', step: 'q += (x - mean) * (x - mean);' };
const byStd = { start: 'by = q > 0 ? g / (sqrt(q / (n - 1)) * (n - 1)) : NaN' };
const rootOfSquares = { start: 'by = s > 0 ? g / sqrt(s) : 0' };
const differences = { start: 's = 0', step: 's += (x - y + eps) * (x - y + eps);' };
const distances = {
  start: 's = 0, q = 0',
  step: 's += (x - y + eps) * (x - y + eps); q += (x - z + eps) * (x - z + eps);',
};
const triplet = {
  start:
    'a = sqrt(s), b = sqrt(q), on = a - b + margin > 0 ? g : 0, u = a > 0 ? on / a : 0, v = b > 0 ? on / b : 0',
};
const byTriplet = ['(x - y + eps) * u - (x - z + eps) * v', '-(x - y + eps) * u', '(x - z + eps) * v'];
const angle = { start: 'xy = 0, xx = 0, yy = 0', step: 'xy += x * y; xx += x * x; yy += y * y;' };
const sigmoid = '(x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x)))';

const CODES: Readonly<Record<string, GradientCode>> = {
  addcmul: { params: 'x y z value=1', element: ['g', 'g * z * value', 'g * y * value'], unread: 'x' },
  addcdiv: {
    params: 'x y z value=1',
    element: ['g', 'g / z * value', '-g * y / (z * z) * value'],
    unread: 'x',
  },
  where: { params: 'm x y', element: ['m !== 0 ? g : 0', 'm !== 0 ? 0 : g'], unread: 'xy' },
  maskedFill: { params: 'x m', element: ['m !== 0 ? 0 : g'], unread: 'x' },

  mseLoss: { params: 'x y reduction', loss: ['2 * g * (x - y)', '2 * g * (y - x)'] },
  l1Loss: { params: 'x y reduction', loss: ['g * sign(x - y)', 'g * sign(y - x)'] },
  smoothL1Loss: {
    params: 'x y reduction beta=1',
    prepare: 'const d = x - y, by = abs(d) < beta ? g * d / beta : g * sign(d);',
    loss: ['by', '-by'],
  },
  huberLoss: {
    params: 'x y reduction delta=1',
    prepare: 'const d = x - y, by = abs(d) < delta ? g * d : g * delta * sign(d);',
    loss: ['by', '-by'],
  },
  binaryCrossEntropyWithLogits: {
    params: 'x y -weight reduction',
    loss: [`g * (${sigmoid} - y)`, '-g * x'],
  },
  softMarginLoss: {
    params: 'x y reduction',
    prepare: 'const by = -g / (1 + exp(x * y));',
    loss: ['by * y', 'by * x'],
  },
  gaussianNllLoss: {
    params: 'x y z -full eps=1e-6 reduction',
    prepare: 'const v = max(z, eps), d = x - y, by = g * d / v;',
    loss: ['by', '-by', '0.5 * (g - by * d) / v'],
  },
  crossEntropy: {
    params: 'x l -weight -ignoreIndex reduction',
    dim: 1,
    g: 'loss',
    passes: [
      { start: 'top = -Infinity', step: 'top = max(top, x);' },
      { start: 's = 0', step: 's += exp(x - top);' },
    ],
    each: ['g * (exp(x - top) / s - (k === label ? 1 : 0))'],
  },
  multiMarginLoss: {
    params: 'x l -p margin=1 -weight reduction',
    dim: 1,
    g: 'loss',
    passes: [
      { start: 'own = 0', step: 'if (k === label) own = x;' },
      { start: 'c = 0', step: 'if (k !== label && margin - own + x > 0) c++;' },
    ],
    each: ['k === label ? -g * c / n : margin - own + x > 0 ? g / n : 0'],
  },
  cosineEmbeddingLoss: {
    params: 'x y t margin=0 reduction',
    dim: 1,
    g: 'loss',
    passes: [
      angle,
      {
        start:
          'p = xx + 1e-12, q = yy + 1e-12, r = sqrt(p * q), c = xy / r, by = goal === 1 ? -g : goal === -1 && c > margin ? g : 0, u = by / r, v = by * c',
      },
    ],
    each: ['u * y - v * x / p', 'u * x - v * y / q'],
  },
  klDiv: {
    params: 'x y reduction',
    loss: ['-g * y', 'y > 0 ? g * (log(y) + 1 - x) : y === 0 ? -g * x : NaN'],
  },
  poissonNllLoss: { params: 'x y -l -f -e reduction', loss: ['g * (exp(x) - y)', '-g * x'] },
  hingeEmbeddingLoss: {
    params: 'x y margin=1 reduction',
    loss: ['g * ((y !== -1 ? 1 : 0) - (y !== 1 && margin - x > 0 ? 1 : 0))', ''],
  },
  marginRankingLoss: {
    params: 'x y z margin=0 reduction',
    prepare: 'const on = -z * (x - y) + margin > 0 ? g : 0;',
    loss: ['-z * on', 'z * on', '(y - x) * on'],
  },
  binaryCrossEntropy: {
    params: 'x y -w reduction',
    loss: ['g * (x - y) / max((1 - x) * x, 1e-12)', 'g * (max(log1p(-x), -100) - max(log(x), -100))'],
  },
  multilabelSoftMarginLoss: {
    params: 'x y -w reduction',
    dim: -1,
    g: 'loss',
    passes: [],
    each: [`g * (${sigmoid} - y) / n`, '-g * x / n'],
  },
  tripletMarginLoss: {
    params: 'x y z margin=1 -p eps=1e-6 reduction',
    dim: -1,
    g: 'loss',
    passes: [distances, triplet],
    each: byTriplet,
  },
  tripletMarginWithDistanceLoss: {
    params: 'x y z -d margin=1 -swap reduction',
    dim: -1,
    g: 'loss',
    passes: [{ start: 'eps = 1e-6' }, distances, triplet],
    each: byTriplet,
  },
  cosineSimilarity: {
    params: 'x y dim eps=1e-8',
    dim: 1,
    g: 'line',
    passes: [
      angle,
      {
        start:
          'a = sqrt(xx), b = sqrt(yy), p = max(a, eps), q = max(b, eps), c = g / (p * q), u = a > eps ? c * xy / xx : 0, v = b > eps ? c * xy / yy : 0',
      },
    ],
    each: ['c * y - u * x', 'c * x - v * y'],
  },
  pairwiseDistance: {
    params: 'x y -p eps=1e-6',
    dim: -1,
    g: 'line',
    passes: [differences, rootOfSquares],
    each: ['(x - y + eps) * by', '-(x - y + eps) * by'],
  },
  'linalg.vecdot': { params: 'x y dim', dim: -1, g: 'line', passes: [], each: ['g * y', 'g * x'] },
  dist: {
    params: 'x y',
    g: 'line',
    passes: [{ start: 's = 0', step: 's += (x - y) * (x - y);' }, rootOfSquares],
    each: ['(x - y) * by', '(y - x) * by'],
  },
  normalize: {
    params: 'x -p dim eps=1e-12',
    dim: 1,
    g: 'element',
    passes: [
      { start: 's = 0, d = 0', step: 's += x * x; d += g * x;' },
      { start: 'a = sqrt(s), by = 1 / max(a, eps), u = a > eps ? d * by / s : 0' },
    ],
    each: ['g * by - u * x'],
  },
  nanmean: {
    params: 'x dim',
    g: 'line',
    passes: [{ start: 'c = 0', step: 'if (x === x) c++;' }],
    each: ['x === x ? g / c : c === 0 ? NaN : 0'],
  },
  std: { params: 'x dim', g: 'line', passes: [mean, deviations, byStd], each: ['(x - mean) * by'] },
  logsumexp: {
    params: 'x dim',
    g: 'line',
    passes: [
      { start: 'top = -Infinity', step: 'top = max(top, x);' },
      { start: 's = 0, shift = top - top === 0 ? top : 0', step: 's += exp(x - shift);' },
    ],
    each: ['g * exp(x - shift) / s'],
  },
  trapezoid: {
    params: 'x -y by=1 dim',
    dim: -1,
    g: 'line',
    passes: [],
    each: ['n === 1 ? 0 : k === 0 || k === n - 1 ? g * by / 2 : g * by'],
    unread: 'x',
  },
  trace: {
    params: 'x',
    g: 'line',
    passes: [],
    each: ['k % (width + 1) === 0 && k < width * width ? g : 0'],
    unread: 'x',
  },
};

const usual: Readonly<Record<string, FewRule>> = {
  ...Object.fromEntries(Object.entries(CODES).map(([name, code]) => [name, fewGradient(name, code)])),
  layerNorm: layerRule,
  rmsNorm: rmsRule,
  groupNorm: groupRule,
  instanceNorm: instanceRule,
  batchNorm: batchRule,
  ...poolRules,
  ...orderRules,
  ...lineRules,
  ...algebraRules,
  ...movedRules,
  ...joinedRules,
  ...fewProductRules,
  addmm: addedProductRule('matrices'),
  addmv: addedProductRule('vector'),
  addr: addedProductRule('outer'),
};
const rules: Readonly<Record<string, FewRule>> = {
  ...usual,
  ...Object.fromEntries(LINEAR_OPS.map((name) => [name, linearRule(name, usual[name])])),
};

/** The rule of an op; undefined where it has none. */
export function fewRule(name: string): FewRule | undefined {
  return Object.hasOwn(rules, name) ? rules[name] : undefined;
}
