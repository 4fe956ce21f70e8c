/**
 * Sums of products of few float32 as one loop: `einsum` of two operands, and layers that are such sums. They are rounded
 * as those of `few-products.ts`.
 */
import { gradMode } from '../autograd/mode.js';
import { hasFusedMultiplyAdd } from '../kernels/tuning/fused.js';
import { Layout } from '../layout.js';
import { f32 } from '../memory.js';
import { allocate, Tensor } from '../tensor.js';
import { isFewFloats, startOf } from './few-lines.js';
import { multiplyRows } from './few-products.js';
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
    ...out,
    ...new Array<string>(OUTER - out.length).fill(''),
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

/** A float32 tensor that nothing records, whatever its strides. */
function isOperand(x: unknown): x is Tensor {
  return (
    x instanceof Tensor && x.dtype === 'float32' && x.layout.size > 0 && !(gradMode.enabled && x.requiresGrad)
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
  if (!isOperand(a) || !isOperand(b)) return null;
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
  if (!isFew(count, FEW)) return null;
  const out = allocate(Layout.contiguous(sizes.slice(0, plan.ndims[2])), 'float32', 'einsum');
  contract(startOf(a), startOf(b), startOf(out));
  return out;
};

function contract(a: number, b: number, out: number): void {
  const l = sizes[0];
  const m = sizes[1];
  const n = sizes[2];
  const k = sizes[3];
  const h = sizes[4];
  const leftK = left[3];
  const leftH = left[4];
  const rightK = right[3];
  const rightH = right[4];
  const isFused = hasFusedMultiplyAdd();
  let to = out;
  for (let p = 0; p < l; p++)
    for (let q = 0; q < m; q++)
      for (let r = 0; r < n; r++) {
        const x = a + p * left[0] + q * left[1] + r * left[2];
        const y = b + p * right[0] + q * right[1] + r * right[2];
        let total = 0;
        for (let s = 0; s < k; s++)
          for (let t = 0; t < h; t++) {
            const term = f32[x + s * leftK + t * leftH] * f32[y + s * rightK + t * rightH];
            total = Math.fround(total + (isFused ? term : Math.fround(term)));
          }
        f32[to++] = total;
      }
}

/** There is no bias; or it is nothing that a loop takes. */
const UNBIASED = -1;
const NO_BIAS = -2;

/** Where a bias of so many float32 begins. */
function startOfBias(bias: unknown, count: number): number {
  if (bias === undefined || bias === null) return UNBIASED;
  if (!isFewFloats(bias) || bias.dtype !== 'float32' || bias.ndim !== 1) return NO_BIAS;
  return bias.layout.size === count ? startOf(bias) : NO_BIAS;
}

/** (a, b, dims), where the last dimension of a meets the first of b. */
export const fewTensordot: Few = (a, b, dims) => {
  const count: unknown = dims ?? 2;
  if (count !== 1 && count !== 2) return null;
  if (!isFewFloats(a) || !isFewFloats(b) || !isOperand(a) || !isOperand(b)) return null;
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
    'float32',
    'tensordot',
  );
  multiplyRows(startOf(out), m, k, n, startOf(a), startOf(b), n, 1, UNBIASED);
  return out;
};

/** (input, weight) of input [..., in] and weight [out, in] in order; the kernel adds a bias before it multiplies. */
export const fewLinear: Few = (x, weight, bias) => {
  if (!isFewFloats(x) || !isFewFloats(weight) || !isOperand(x) || !isOperand(weight)) return null;
  const { shape, ndim, size } = x.layout;
  if (ndim === 0 || weight.ndim !== 2) return null;
  const [n, k] = weight.layout.shape;
  const m = size / k;
  if (shape[ndim - 1] !== k || !isFew(m * k * n, FEW)) return null;
  if (bias !== undefined && bias !== null) return null;
  const sizesOut = shape.slice();
  sizesOut[ndim - 1] = n;
  const out = allocate(Layout.contiguous(sizesOut), 'float32', 'linear');
  multiplyRows(startOf(out), m, k, n, startOf(x), startOf(weight), 1, k, UNBIASED);
  return out;
};

/** (input1, input2, weight, bias) of inputs [n, in1] and [n, in2] and weight [out, in1, in2]. */
export const fewBilinear: Few = (a, b, weight, bias) => {
  if (!isFewFloats(a) || !isFewFloats(b) || !isFewFloats(weight)) return null;
  if (
    !isOperand(a) ||
    !isOperand(b) ||
    !isOperand(weight) ||
    a.ndim !== 2 ||
    b.ndim !== 2 ||
    weight.ndim !== 3
  )
    return null;
  const [rows, p] = a.layout.shape;
  const [others, q] = b.layout.shape;
  const [count, first, second] = weight.layout.shape;
  if (rows !== others || p !== first || q !== second || !isFew(rows * count * p * q, FEW)) return null;
  const added = startOfBias(bias, count);
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
