/**
 * Sums of products of few floats: `einsum` of two operands, and layers that are such sums. They are rounded as
 * those of `few-products.ts`.
 */
import { gradMode } from '../autograd/mode.js';
import type { DType } from '../dtype.js';
import { Layout } from '../layout.js';
import { f32 } from '../memory.js';
import { allocate, Tensor } from '../tensor.js';
import { isFewFloats, startOf } from './few-lines.js';
import { multiplyAt } from './few-products.js';
import { isFew } from './few.js';
import type { Few } from './record.js';

/** Up to so many multiplications a loop takes less time than kernels. */
const FEW = 512;
/** Dimensions of the result, and dimensions that are summed over. */
const OUTER = 3;
const SUMMED = 2;
/** Of each equation, what it asks for; null where it is no sum of products of two. */
const plans = new Map<string, Plan | null>();
const MOST_PLANS = 256;

interface Plan {
  /** The operands' dimensions of each letter, −1 where they lack it: of the result's letters and of those summed over. */
  readonly first: readonly number[];
  readonly second: readonly number[];
  /** How many dimensions operands and result have. */
  readonly ndims: readonly [number, number, number];
}

/** The plan of `ij,jk->ik` and the like: each letter once in an operand, and letters that are summed over in both. */
function planOf(equation: string): Plan | null {
  const match = /^\s*([a-zA-Z]{1,4})\s*,\s*([a-zA-Z]{1,4})\s*->\s*([a-zA-Z]{0,3})\s*$/.exec(equation);
  if (match === null) return null;
  const [a, b, out] = match.slice(1).map((term) => Array.from(term));
  if ([a, b, out].some((term) => new Set(term).size !== term.length)) return null;
  if (out.some((letter) => !a.includes(letter) && !b.includes(letter))) return null;
  const summed = [...new Set([...a, ...b])].filter((letter) => !out.includes(letter));
  if (summed.length > SUMMED || summed.some((letter) => !a.includes(letter) || !b.includes(letter)))
    return null;
  const slots = [
    ...new Array<string>(OUTER - out.length).fill(''),
    ...out,
    ...summed,
    ...new Array<string>(SUMMED - summed.length).fill(''),
  ];
  return {
    first: slots.map((letter) => a.indexOf(letter)),
    second: slots.map((letter) => b.indexOf(letter)),
    ndims: [a.length, b.length, out.length],
  };
}

function knownPlan(equation: string): Plan | null {
  let plan = plans.get(equation);
  if (plan === undefined) {
    if (plans.size >= MOST_PLANS) plans.clear();
    plans.set(equation, (plan = planOf(equation)));
  }
  return plan;
}

/** A float tensor that nothing records, whatever its strides. */
function isOperand(x: unknown): x is Tensor {
  return (
    x instanceof Tensor &&
    (x.dtype === 'float32' || x.dtype === 'float64') &&
    x.layout.size > 0 &&
    !(gradMode.enabled && x.requiresGrad)
  );
}

/** Per letter: its size, and the operands' strides. */
const sizes = [1, 1, 1, 1, 1];
const left = [0, 0, 0, 0, 0];
const right = [0, 0, 0, 0, 0];

/** (equation, a, b), or (equation, [a, b]) */
export const fewEinsum: Few = (equation, first, second) => {
  if (typeof equation !== 'string') return null;
  const list: readonly unknown[] | null = Array.isArray(first) ? first : null;
  if (list !== null && (second !== undefined || list.length !== 2)) return null;
  const a = list === null ? first : list[0];
  const b = list === null ? second : list[1];
  if (!isOperand(a) || !isOperand(b) || a.dtype !== b.dtype) return null;
  const plan = knownPlan(equation);
  if (a.ndim !== plan?.ndims[0] || b.ndim !== plan.ndims[1]) return null;
  let count = 1;
  for (let i = 0; i < OUTER + SUMMED; i++) {
    const p = plan.first[i];
    const q = plan.second[i];
    const size = p >= 0 ? a.layout.shape[p] : q >= 0 ? b.layout.shape[q] : 1;
    if (q >= 0 && b.layout.shape[q] !== size) return null;
    sizes[i] = size;
    left[i] = p < 0 ? 0 : a.layout.strides[p];
    right[i] = q < 0 ? 0 : b.layout.strides[q];
    count *= size;
  }
  if (!isFew(count, FEW) || !sumsAsOne()) return null;
  const out = allocate(Layout.contiguous(sizes.slice(OUTER - plan.ndims[2], OUTER)), a.dtype, 'einsum');
  contract(a.dtype, startOf(a), startOf(b), startOf(out));
  return out;
};

/** Whether what is summed over two letters lies as over one, of the second's strides. */
function sumsAsOne(): boolean {
  const h = sizes[4];
  return h === 1 || (left[3] === h * left[4] && right[3] === h * right[4]);
}

function contract(dtype: DType, x: number, y: number, out: number): void {
  const l = sizes[0];
  const m = sizes[1];
  const n = sizes[2];
  const k = sizes[3] * sizes[4];
  const last = sizes[4] === 1 ? 3 : 4;
  const down = left[last];
  const across = right[last];
  for (let p = 0; p < l; p++) {
    const to = out + p * m * n;
    const a = x + p * left[0];
    const b = y + p * right[0];
    // Rows of the result from the one, columns from the other operand, mostly.
    if (left[2] === 0 && right[1] === 0)
      multiplyAt(dtype, to, m, k, n, a, left[1], down, b, across, right[2]);
    else if (left[1] === 0 && right[2] === 0)
      multiplyAt(dtype, to, m, k, n, b, right[1], across, a, down, left[2]);
    else
      for (let q = 0; q < m; q++)
        for (let r = 0; r < n; r++) {
          const from = a + q * left[1] + r * left[2];
          const other = b + q * right[1] + r * right[2];
          multiplyAt(dtype, to + q * n + r, 1, k, 1, from, 0, down, other, across, 0);
        }
  }
}

/** There is no bias; or it is nothing that a loop takes. */
const UNBIASED = -1;
const NO_BIAS = -2;

/** Where a bias of so many elements begins. */
function startOfBias(bias: unknown, dtype: DType, count: number): number {
  if (bias === undefined || bias === null) return UNBIASED;
  if (!isFewFloats(bias) || bias.dtype !== dtype || bias.ndim !== 1) return NO_BIAS;
  return bias.layout.size === count ? startOf(bias) : NO_BIAS;
}

/** (a, b, dims), where the last dimension of a meets the first of b. */
export const fewTensordot: Few = (a, b, dims) => {
  const count: unknown = dims ?? 2;
  if (count !== 1 && count !== 2) return null;
  if (!isFewFloats(a) || !isFewFloats(b) || a.dtype !== b.dtype) return null;
  const { shape, ndim } = a.layout;
  const { shape: other, ndim: otherNdim } = b.layout;
  if (ndim < count || otherNdim < count) return null;
  let k = 1;
  for (let d = 0; d < count; d++) {
    if (shape[ndim - count + d] !== other[d]) return null;
    k *= other[d];
  }
  const m = a.layout.size / k;
  const n = b.layout.size / k;
  if (!isFew(m * k * n, FEW)) return null;
  const out = allocate(
    Layout.contiguous([...shape.slice(0, ndim - count), ...other.slice(count)]),
    a.dtype,
    'tensordot',
  );
  multiplyAt(a.dtype, startOf(out), m, k, n, startOf(a), k, 1, startOf(b), n, 1);
  return out;
};

/** (input, weight, bias) of input [..., in] and weight [out, in] in order; the bias is added to the sums, as the op does. */
export const fewLinear: Few = (x, weight, bias) => {
  if (!isFewFloats(x) || !isFewFloats(weight) || x.dtype !== weight.dtype) return null;
  const { shape, ndim, size } = x.layout;
  if (ndim === 0 || weight.ndim !== 2) return null;
  const [n, k] = weight.layout.shape;
  const m = size / k;
  if (shape[ndim - 1] !== k || !isFew(m * k * n, FEW)) return null;
  const added = startOfBias(bias, x.dtype, n);
  if (added === NO_BIAS) return null;
  const sizesOut = shape.slice();
  sizesOut[ndim - 1] = n;
  const out = allocate(Layout.contiguous(sizesOut), x.dtype, 'linear');
  multiplyAt(x.dtype, startOf(out), m, k, n, startOf(x), k, 1, startOf(weight), 1, k, added);
  return out;
};

/** (input1, input2, weight, bias) of inputs [n, in1] and [n, in2] and weight [out, in1, in2]. */
export const fewBilinear: Few = (a, b, weight, bias) => {
  if (!isFewFloats(a) || !isFewFloats(b) || !isFewFloats(weight)) return null;
  if (
    a.dtype !== 'float32' ||
    b.dtype !== 'float32' ||
    weight.dtype !== 'float32' ||
    a.ndim !== 2 ||
    b.ndim !== 2 ||
    weight.ndim !== 3
  )
    return null;
  const [rows, p] = a.layout.shape;
  const [others, q] = b.layout.shape;
  const [count, first, second] = weight.layout.shape;
  if (rows !== others || p !== first || q !== second || !isFew(rows * count * p * q, FEW)) return null;
  const added = startOfBias(bias, 'float32', count);
  if (added === NO_BIAS) return null;
  const out = allocate(Layout.contiguous([rows, count]), 'float32', 'bilinear');
  let to = startOf(out);
  for (let r = 0; r < rows; r++)
    for (let o = 0, w = startOf(weight); o < count; o++) {
      let total = 0;
      for (let i = 0; i < p; i++) {
        const x = f32[startOf(a) + r * p + i];
        for (let j = 0; j < q; j++) total += x * f32[w++] * f32[startOf(b) + r * q + j];
      }
      f32[to++] = added === UNBIASED ? total : total + f32[added + o];
    }
  return out;
};
