/** Cases of elementwise ops: each is an expression for the plain loop, and names of the same function in the peers. */
import { numbers } from './data.mjs';
import { elementwise, elementwiseGrad, written } from './plain.mjs';

/** From tiny, where calling costs more than computing, to larger than the caches. */
export const SIZES = [16, 1000, 30_000, 1_000_000];

const PHI = '(0.5 * (1 + erf(x * SQRT1_2)))';

/**
 * Each: expression in x, gradient in x, y and g (none where it is 0 everywhere), range, names in tfjs and jax-js
 * (false where they lack it; true for the same name).
 */
const unary = {
  neg: ['-x', '-g', [-2, 2], true, 'negative'],
  abs: ['abs(x)', 'g * sign(x)', [-2, 2], true, true],
  sign: ['sign(x)', null, [-2, 2], true, true],
  square: ['x * x', 'g * 2 * x', [-2, 2], true, true],
  sqrt: ['sqrt(x)', 'g / (2 * y)', [0.5, 3], true, true],
  rsqrt: ['1 / sqrt(x)', '-0.5 * g * y * y * y', [0.5, 3], true, false],
  reciprocal: ['1 / x', '-g * y * y', [0.5, 3], true, true],
  exp: ['exp(x)', 'g * y', [-2, 2], true, true],
  exp2: ['pow(2, x)', 'g * y * LN2', [-2, 2], false, true],
  expm1: ['expm1(x)', 'g * (y + 1)', [-2, 2], true, true],
  log: ['log(x)', 'g / x', [0.5, 3], true, true],
  log1p: ['log1p(x)', 'g / (x + 1)', [-0.5, 3], true, true],
  log2: ['log2(x)', 'g / (x * LN2)', [0.5, 3], false, true],
  log10: ['log10(x)', 'g / (x * LN10)', [0.5, 3], false, true],
  sin: ['sin(x)', 'g * cos(x)', [-6, 6], true, true],
  cos: ['cos(x)', '-g * sin(x)', [-6, 6], true, true],
  tan: ['tan(x)', 'g * (1 + y * y)', [-1.5, 1.5], true, true],
  asin: ['asin(x)', 'g / sqrt(1 - x * x)', [-0.9, 0.9], true, true],
  acos: ['acos(x)', '-g / sqrt(1 - x * x)', [-0.9, 0.9], true, true],
  atan: ['atan(x)', 'g / (1 + x * x)', [-3, 3], true, true],
  sinh: ['sinh(x)', 'g * cosh(x)', [-3, 3], true, true],
  cosh: ['cosh(x)', 'g * sinh(x)', [-3, 3], true, true],
  tanh: ['tanh(x)', 'g * (1 - y * y)', [-3, 3], true, true],
  asinh: ['asinh(x)', 'g / sqrt(x * x + 1)', [-3, 3], true, true],
  acosh: ['acosh(x)', 'g / sqrt(x * x - 1)', [1.2, 3], true, true],
  atanh: ['atanh(x)', 'g / (1 - x * x)', [-0.8, 0.8], true, true],
  erf: ['erf(x)', 'g * 1.1283791670955126 * exp(-x * x)', [-3, 3], true, ['lax', 'erf']],
  erfc: ['1 - erf(x)', '-g * 1.1283791670955126 * exp(-x * x)', [-3, 3], false, ['lax', 'erfc']],
  sigmoid: ['sigmoid(x)', 'g * y * (1 - y)', [-4, 4], true, ['nn', 'sigmoid']],
  logsigmoid: ['-log1p(exp(-x))', 'g * (1 - sigmoid(x))', [-4, 4], 'logSigmoid', ['nn', 'logSigmoid']],
  relu: ['x > 0 ? x : 0', 'y > 0 ? g : 0', [-2, 2], true, ['nn', 'relu']],
  relu6: ['min(max(x, 0), 6)', 'x > 0 && x < 6 ? g : 0', [-8, 8], true, ['nn', 'relu6']],
  leakyRelu: [
    'x > 0 ? x : 0.01 * x',
    'x > 0 ? g : 0.01 * g',
    [-2, 2],
    (tf, x) => tf.leakyRelu(x, 0.01),
    ['nn', 'leakyRelu'],
  ],
  elu: ['x > 0 ? x : expm1(x)', 'x > 0 ? g : g * (y + 1)', [-2, 2], true, ['nn', 'elu']],
  celu: ['x > 0 ? x : expm1(x)', 'x > 0 ? g : g * (y + 1)', [-2, 2], false, ['nn', 'celu']],
  selu: [
    '1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * expm1(x))',
    'x > 0 ? 1.0507009873554805 * g : g * (y + 1.7580993408473766)',
    [-2, 2],
    true,
    ['nn', 'selu'],
  ],
  silu: [
    'x * sigmoid(x)',
    '((s) => g * s * (1 + x * (1 - s)))(sigmoid(x))',
    [-4, 4],
    (tf, x) => tf.mul(x, tf.sigmoid(x)),
    ['nn', 'silu'],
  ],
  mish: [
    'x * tanh(log1p(exp(x)))',
    '((t) => g * (t + x * (1 - t * t) * sigmoid(x)))(tanh(log1p(exp(x))))',
    [-4, 4],
    false,
    ['nn', 'mish'],
  ],
  gelu: [
    `x * ${PHI}`,
    `g * (${PHI} + x * exp(-0.5 * x * x) * 0.3989422804014327)`,
    [-3, 3],
    (tf, x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1)),
    ['nn', 'gelu', [{ approximate: false }]],
  ],
  softplus: ['x > 20 ? x : log1p(exp(x))', 'g * sigmoid(x)', [-4, 4], true, ['nn', 'softplus']],
  softsign: ['x / (1 + abs(x))', '((d) => g / (d * d))(1 + abs(x))', [-2, 2], false, ['nn', 'softSign']],
  tanhshrink: ['x - tanh(x)', '((t) => g * t * t)(tanh(x))', [-2, 2], false, false],
  softshrink: ['x > 0.5 ? x - 0.5 : x < -0.5 ? x + 0.5 : 0', 'abs(x) > 0.5 ? g : 0', [-2, 2], false, false],
  hardshrink: ['abs(x) > 0.5 ? x : 0', 'abs(x) > 0.5 ? g : 0', [-2, 2], false, false],
  hardtanh: ['min(max(x, -1), 1)', 'x > -1 && x < 1 ? g : 0', [-2, 2], false, ['nn', 'hardTanh']],
  hardsigmoid: [
    'min(max(x / 6 + 0.5, 0), 1)',
    'abs(x) < 3 ? g / 6 : 0',
    [-4, 4],
    false,
    ['nn', 'hardSigmoid'],
  ],
  hardswish: [
    'x * min(max(x + 3, 0), 6) / 6',
    'x <= -3 ? 0 : x >= 3 ? g : g * (x / 3 + 0.5)',
    [-4, 4],
    false,
    ['nn', 'hardSwish'],
  ],
  floor: ['floor(x)', null, [-9, 9], true, true],
  ceil: ['ceil(x)', null, [-9, 9], true, true],
  round: ['roundEven(x)', null, [-9, 9], true, true],
  trunc: ['trunc(x)', null, [-9, 9], false, true],
  frac: ['x - trunc(x)', 'g', [-9, 9], false, false],
  sinc: ['x === 0 ? 1 : sin(PI * x) / (PI * x)', null, [-3, 3], false, true],
  logit: ['log(x / (1 - x))', 'g / (x * (1 - x))', [0.1, 0.9], false, false],
  nanToNum: ['x !== x ? 0 : x', null, [-2, 2], false, true],
};

const FUNCTIONAL = new Set([
  ...[
    'relu6',
    'leakyRelu',
    'elu',
    'celu',
    'selu',
    'silu',
    'mish',
    'gelu',
    'softplus',
    'softsign',
    'tanhshrink',
  ],
  ...['softshrink', 'hardshrink', 'hardtanh', 'hardsigmoid', 'hardswish', 'logsigmoid'],
]);

/** The function of that name in jax-js, which takes over the references it is given. */
function jaxOf(entry, name) {
  if (entry === false) return undefined;
  if (typeof entry === 'function') return entry;
  const [space, key, rest = []] = Array.isArray(entry) ? entry : ['numpy', entry === true ? name : entry];
  return (jax, ...operands) => jax[space][key](...operands, ...rest);
}

function tfOf(entry, name) {
  if (entry === false) return undefined;
  if (typeof entry === 'function') return entry;
  const key = entry === true ? name : entry;
  return (tf, ...operands) => tf[key](...operands);
}

function unaryCases() {
  return Object.entries(unary).flatMap(([op, [f, g, [low, high], tf, jax]]) =>
    ['float32', 'float64'].map((dtype) => ({
      op,
      variant: dtype === 'float32' ? '' : dtype,
      sizes: SIZES.map((n) => [n]),
      inputs: (shape) => [numbers(shape, { low, high, dtype })],
      nabla: written(['x'], `nabla.${FUNCTIONAL.has(op) ? 'F.' : ''}${op}(x)`),
      plain: elementwise(f, 1, dtype),
      plainGrad: g === null ? undefined : elementwiseGrad(f, [g], 1, dtype),
      wrt: [0],
      // tfjs knows no float64; jax-js is measured in float32 alone.
      tf: dtype === 'float32' ? tfOf(tf, op) : undefined,
      jax: dtype === 'float32' ? jaxOf(jax, op) : undefined,
    })),
  );
}

/** Expression in x and z, gradients, ranges of both, names in the peers. */
const binary = {
  add: ['x + z', ['g', 'g'], [-2, 2], [-2, 2], true, true],
  sub: ['x - z', ['g', '-g'], [-2, 2], [-2, 2], true, 'subtract'],
  mul: ['x * z', ['g * z', 'g * x'], [-2, 2], [-2, 2], true, 'multiply'],
  div: ['x / z', ['g / z', '-g * y / z'], [-2, 2], [0.5, 2], true, 'trueDivide'],
  pow: ['pow(x, z)', ['g * z * pow(x, z - 1)', 'g * y * log(x)'], [0.5, 2], [-2, 2], true, 'power'],
  maximum: ['max(x, z)', ['x >= z ? g : 0', 'x >= z ? 0 : g'], [-2, 2], [-2, 2], true, true],
  minimum: ['min(x, z)', ['x <= z ? g : 0', 'x <= z ? 0 : g'], [-2, 2], [-2, 2], true, true],
  fmax: ['x > z || z !== z ? x : z', ['x >= z ? g : 0', 'x >= z ? 0 : g'], [-2, 2], [-2, 2], false, true],
  fmin: ['x < z || z !== z ? x : z', ['x <= z ? g : 0', 'x <= z ? 0 : g'], [-2, 2], [-2, 2], false, true],
  fmod: ['x % z', ['g', '-g * trunc(x / z)'], [-9, 9], [0.5, 2], false, true],
  remainder: ['x - z * floor(x / z)', ['g', '-g * floor(x / z)'], [-9, 9], [0.5, 2], 'mod', true],
  floorDivide: ['floor(x / z)', null, [-9, 9], [0.5, 2], 'floorDiv', true],
  atan2: [
    'atan2(x, z)',
    ['g * z / (x * x + z * z)', '-g * x / (x * x + z * z)'],
    [-2, 2],
    [-2, 2],
    true,
    true,
  ],
  hypot: ['sqrt(x * x + z * z)', ['g * x / y', 'g * z / y'], [-2, 2], [0.5, 2], false, true],
  logaddexp: [
    '((m) => m + log1p(exp(min(x, z) - m)))(max(x, z))',
    ['g * exp(x - y)', 'g * exp(z - y)'],
    [-2, 2],
    [-2, 2],
    false,
    true,
  ],
  xlogy: ['x === 0 ? 0 : x * log(z)', ['g * log(z)', 'g * x / z'], [-2, 2], [0.5, 2], false, false],
  copysign: ['z < 0 || (z === 0 && 1 / z < 0) ? -abs(x) : abs(x)', null, [-2, 2], [-2, 2], false, true],
  heaviside: ['x > 0 ? 1 : x < 0 ? 0 : z', null, [-2, 2], [-2, 2], false, true],
};

function binaryCases() {
  return Object.entries(binary).flatMap(([op, [f, g, first, second, tf, jax]]) =>
    ['float32', 'float64'].map((dtype) => ({
      op,
      variant: dtype === 'float32' ? '' : dtype,
      sizes: SIZES.map((n) => [n]),
      inputs: (shape) => [
        numbers(shape, { low: first[0], high: first[1], dtype }),
        numbers(shape, { low: second[0], high: second[1], dtype, seed: 2 }),
      ],
      nabla: written(['a', 'b'], `nabla.${op}(a, b)`),
      plain: elementwise(f, 2, dtype),
      plainGrad: g === null ? undefined : elementwiseGrad(f, g, 2, dtype),
      wrt: [0, 1],
      tf: dtype === 'float32' ? tfOf(tf, op) : undefined,
      jax: dtype === 'float32' ? jaxOf(jax, op) : undefined,
    })),
  );
}

/** Integer arithmetic; int64 is held as float64. */
const integer = {
  add: { int32: '(x + z) | 0', uint8: 'x + z', int64: 'x + z' },
  sub: { int32: '(x - z) | 0', uint8: 'x - z', int64: 'x - z' },
  mul: { int32: 'Math.imul(x, z)', uint8: 'x * z', int64: 'x * z' },
  maximum: { int32: 'max(x, z)', uint8: 'max(x, z)', int64: 'max(x, z)' },
  minimum: { int32: 'min(x, z)', uint8: 'min(x, z)', int64: 'min(x, z)' },
  floorDivide: { int32: 'floor(x / z)', uint8: 'floor(x / z)', int64: 'floor(x / z)' },
  remainder: {
    int32: '((r) => r !== 0 && r < 0 !== z < 0 ? r + z : r)(x % z)',
    uint8: 'x % z',
    int64: '((r) => r !== 0 && r < 0 !== z < 0 ? r + z : r)(x % z)',
  },
  fmod: { int32: 'x % z', uint8: 'x % z', int64: 'x % z' },
};

function integerCases() {
  return Object.entries(integer).flatMap(([op, byType]) =>
    Object.entries(byType).map(([dtype, f]) => ({
      op,
      variant: dtype,
      sizes: SIZES.map((n) => [n]),
      inputs: (shape) => [
        numbers(shape, { low: dtype === 'uint8' ? 0 : -50, high: 50, dtype }),
        numbers(shape, { low: 1, high: 9, dtype, seed: 2 }),
      ],
      nabla: written(['a', 'b'], `nabla.${op}(a, b)`),
      plain: elementwise(f, 2, dtype),
    })),
  );
}

/** Expression and range; the result is bool. */
const predicates = {
  eq: ['x === z', 2, 'equal', 'equal'],
  ne: ['x !== z', 2, 'notEqual', 'notEqual'],
  lt: ['x < z', 2, 'less', 'less'],
  le: ['x <= z', 2, 'lessEqual', 'lessEqual'],
  gt: ['x > z', 2, 'greater', 'greater'],
  ge: ['x >= z', 2, 'greaterEqual', 'greaterEqual'],
  isclose: ['abs(x - z) <= 1e-8 + 1e-5 * abs(z)', 2, false, false],
  isnan: ['x !== x', 1, 'isNaN', 'isnan'],
  isinf: ['x === Infinity || x === -Infinity', 1, 'isInf', 'isinf'],
  isfinite: ['x - x === 0', 1, 'isFinite', 'isfinite'],
  isposinf: ['x === Infinity', 1, false, 'isposinf'],
  isneginf: ['x === -Infinity', 1, false, 'isneginf'],
  signbit: ['x < 0 || (x === 0 && 1 / x < 0)', 1, false, 'signbit'],
};

function predicateCases() {
  const dtypes = (op) =>
    /^(eq|lt)$/.test(op) ? ['float32', 'float64', 'int32', 'uint8', 'int64'] : ['float32'];
  return Object.entries(predicates).flatMap(([op, [f, operands, tf, jax]]) =>
    dtypes(op).map((dtype) => ({
      op,
      variant: dtype === 'float32' ? '' : dtype,
      sizes: SIZES.map((n) => [n]),
      inputs: (shape) =>
        [1, 2]
          .slice(0, operands)
          .map((seed) => numbers(shape, { low: dtype === 'uint8' ? 0 : -5, high: 5, dtype, seed })),
      nabla: written(['a', 'b'], `nabla.${op}(${operands === 1 ? 'a' : 'a, b'})`),
      plain: elementwise(`${f} ? 1 : 0`, operands, 'bool'),
      tf: dtype === 'float32' ? tfOf(tf, op) : undefined,
      jax: dtype === 'float32' ? jaxOf(jax, op) : undefined,
    })),
  );
}

const logic = {
  logicalAnd: ['x & z', 2, true, true],
  logicalOr: ['x | z', 2, true, true],
  logicalXor: ['x ^ z', 2, true, true],
  logicalNot: ['x === 0 ? 1 : 0', 1, true, true],
};

function logicCases() {
  return Object.entries(logic).map(([op, [f, operands, tf, jax]]) => ({
    op,
    sizes: SIZES.map((n) => [n]),
    inputs: (shape) =>
      [1, 2].slice(0, operands).map((seed) => numbers(shape, { low: 0, high: 2, dtype: 'bool', seed })),
    nabla: written(['a', 'b'], `nabla.${op}(${operands === 1 ? 'a' : 'a, b'})`),
    plain: elementwise(f, operands, 'bool'),
    tf: tfOf(tf, op),
    jax: jaxOf(jax, op),
  }));
}

/** A number beside a tensor. */
const withNumber = {
  add: ['x + 0.5', 'g', (tf, x) => tf.add(x, 0.5), (jax, x) => x.add(0.5)],
  mul: ['x * 0.5', 'g * 0.5', (tf, x) => tf.mul(x, 0.5), (jax, x) => x.mul(0.5)],
  pow: ['x * x * x', 'g * 3 * x * x', (tf, x) => tf.pow(x, 3), (jax, x) => jax.numpy.power(x, 3)],
  gt: ['x > 0.5 ? 1 : 0', null, (tf, x) => tf.greater(x, 0.5), (jax, x) => jax.numpy.greater(x, 0.5)],
};

function numberCases() {
  const number = { add: 0.5, mul: 0.5, pow: 3, gt: 0.5 };
  const scalar = Object.entries(withNumber).map(([op, [f, g, tf, jax]]) => ({
    op,
    variant: 'number',
    sizes: SIZES.map((n) => [n]),
    inputs: (shape) => [numbers(shape)],
    nabla: written(['x'], `nabla.${op}(x, ${number[op]})`),
    plain: elementwise(f, 1, g === null ? 'bool' : 'float32'),
    plainGrad: g === null ? undefined : elementwiseGrad(f, [g]),
    wrt: [0],
    tf,
    jax,
  }));
  return [
    ...scalar,
    {
      op: 'clamp',
      sizes: SIZES.map((n) => [n]),
      inputs: (shape) => [numbers(shape)],
      nabla: (nabla, x) => nabla.clamp(x, -1, 1),
      plain: elementwise('min(max(x, -1), 1)'),
      plainGrad: elementwiseGrad('min(max(x, -1), 1)', ['x >= -1 && x <= 1 ? g : 0']),
      wrt: [0],
      tf: (tf, x) => tf.clipByValue(x, -1, 1),
      jax: (jax, x) => jax.numpy.clip(x, -1, 1),
    },
    {
      op: 'where',
      sizes: SIZES.map((n) => [n]),
      inputs: (shape) => [
        numbers(shape, { dtype: 'bool', low: 0, high: 2 }),
        numbers(shape),
        numbers(shape, { seed: 2 }),
      ],
      nabla: (nabla, c, a, b) => nabla.where(c, a, b),
      plain: elementwise('x !== 0 ? z : w', 3),
      plainGrad: elementwiseGrad('x !== 0 ? z : w', [null, 'x !== 0 ? g : 0', 'x !== 0 ? 0 : g'], 3),
      wrt: [1, 2],
      tf: (tf, c, a, b) => tf.where(c, a, b),
      jax: (jax, c, a, b) => jax.numpy.where(c, a, b),
    },
    {
      op: 'maskedFill',
      sizes: SIZES.map((n) => [n]),
      inputs: (shape) => [numbers(shape), numbers(shape, { dtype: 'bool', low: 0, high: 2 })],
      nabla: (nabla, x, mask) => nabla.maskedFill(x, mask, 0.5),
      plain: elementwise('z !== 0 ? 0.5 : x', 2),
      plainGrad: elementwiseGrad('z !== 0 ? 0.5 : x', ['z !== 0 ? 0 : g', null], 2),
      wrt: [0],
      tf: (tf, x, mask) => tf.where(mask, 0.5, x),
      jax: (jax, x, mask) => jax.numpy.where(mask, 0.5, x),
    },
    {
      op: 'lerp',
      sizes: SIZES.map((n) => [n]),
      inputs: (shape) => [numbers(shape), numbers(shape, { seed: 2 })],
      nabla: (nabla, a, b) => nabla.lerp(a, b, 0.25),
      plain: elementwise('x + 0.25 * (z - x)', 2),
      plainGrad: elementwiseGrad('x + 0.25 * (z - x)', ['0.75 * g', '0.25 * g'], 2),
      wrt: [0, 1],
    },
    {
      op: 'addcmul',
      sizes: SIZES.map((n) => [n]),
      inputs: (shape) => [numbers(shape), numbers(shape, { seed: 2 }), numbers(shape, { seed: 3 })],
      nabla: (nabla, a, b, c) => nabla.addcmul(a, b, c),
      plain: elementwise('x + z * w', 3),
      plainGrad: elementwiseGrad('x + z * w', ['g', 'g * w', 'g * z'], 3),
      wrt: [0, 1, 2],
    },
    {
      op: 'addcdiv',
      sizes: SIZES.map((n) => [n]),
      inputs: (shape) => [
        numbers(shape),
        numbers(shape, { seed: 2 }),
        numbers(shape, { low: 0.5, high: 2, seed: 3 }),
      ],
      nabla: (nabla, a, b, c) => nabla.addcdiv(a, b, c),
      plain: elementwise('x + z / w', 3),
      plainGrad: elementwiseGrad('x + z / w', ['g', 'g / w', '-g * z / (w * w)'], 3),
      wrt: [0, 1, 2],
    },
  ];
}

const DTYPES = ['float32', 'float64', 'int32', 'int64', 'uint8', 'bool'];

function castCases() {
  const converted = { int64: 'trunc(x)', int32: 'x | 0', bool: 'x !== 0 ? 1 : 0' };
  return DTYPES.flatMap((from) =>
    DTYPES.filter((to) => to !== from).map((to) => ({
      op: 'to',
      variant: `${from} to ${to}`,
      sizes: SIZES.map((n) => [n]),
      inputs: (shape) => [numbers(shape, { low: 0, high: from === 'bool' ? 2 : 9, dtype: from })],
      nabla: written(['x'], `x.to('${to}')`),
      plain: elementwise(from.startsWith('float') || to === 'bool' ? (converted[to] ?? 'x') : 'x', 1, to),
    })),
  );
}

export const elementwiseCases = [
  ...unaryCases(),
  ...binaryCases(),
  ...integerCases(),
  ...predicateCases(),
  ...logicCases(),
  ...numberCases(),
  ...castCases(),
];
