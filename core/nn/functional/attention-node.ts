/**
 * Attention as one node: forward keeps a number for each row, backward computes the weights again block by block. What the
 * kernels do not do (gradients of gradients, function transforms, masks that learn) is made of ops.
 */
import { levels } from '../../autograd/levels/wrapped.js';
import { noGrad } from '../../autograd/mode.js';
import type { Gradients } from '../../autograd/node.js';
import type { FloatElement } from '../../kernels/api.js';
import type { AttentionShape } from '../../kernels/attention.js';
import { kernels } from '../../kernels/index.js';
import { type Shape, sizeOf } from '../../layout.js';
import { add, mul, sub } from '../../ops/arithmetic.js';
import { maskedFill } from '../../ops/choice.js';
import { logicalNot } from '../../ops/comparison.js';
import { fromTypedArray, zeros } from '../../ops/creation.js';
import { isPlain } from '../../ops/formulas.js';
import { allocateLike } from '../../ops/operand.js';
import { matmul } from '../../ops/matmul.js';
import { apply, type Context, OUTPUT, type Primitive } from '../../ops/primitive.js';
import { contiguousData, elements } from '../../ops/raw.js';
import { sum } from '../../ops/reduction.js';
import { expandTo } from '../../ops/shape.js';
import { softmax } from '../../ops/softmax.js';
import { allocateShape, type Tensor } from '../../tensor.js';
import { RepeatedDropout } from './attention-dropout.js';

/** True where column j ≤ row i: [rows, columns] bool. */
export function causalMask(rows: number, columns: number): Tensor {
  const mask = new Uint8Array(rows * columns);
  for (let i = 0; i < rows; i++) mask.fill(1, i * columns, i * columns + Math.min(columns, i + 1));
  return fromTypedArray(mask, { shape: [rows, columns], dtype: 'bool' });
}

/** What is seen: numbers to add to the scores, or true where a position is; or no position behind the own one. */
export interface Seen {
  readonly mask: Tensor | null;
  readonly causal: boolean;
}

/** softmax(q kᵀ scale + mask), made of ops; rows that see nothing are 0. */
export function attentionWeights(query: Tensor, key: Tensor, { mask, causal }: Seen, scale: number): Tensor {
  const scores = mul(matmul(query, key.transpose(-2, -1)), scale);
  const seen = causal ? causalMask(query.shape[query.ndim - 2], key.shape[key.ndim - 2]) : mask;
  if (seen === null) return softmax(scores, -1);
  const masked = seen.dtype === 'bool' ? maskedFill(scores, logicalNot(seen), -Infinity) : add(scores, seen);
  // The first row of a causal mask sees a column, and so do the others.
  if (causal) return softmax(masked, -1);
  const blind = noGrad(() => masked.detach().eq(-Infinity).all(-1, true));
  return maskedFill(softmax(maskedFill(masked, blind, 0), -1), blind, 0);
}

interface AttentionAttributes {
  readonly element: FloatElement;
  readonly shape: Omit<AttentionShape, 'mask' | 'dropout'>;
  readonly dropout: RepeatedDropout | null;
  /** Where each head's mask begins, as int32; null where all have the same. */
  readonly offsets: Tensor | null;
  /** Whether there is a mask: the fourth input. */
  readonly masked: boolean;
  /** ln Σ eˢ of the scores of each row. */
  readonly kept: Tensor;
}

function shapeOf({ shape, offsets, dropout }: AttentionAttributes, mask: Tensor | undefined): AttentionShape {
  if (mask === undefined) return { ...shape, dropout, mask: null };
  const alike = mask.ndim < 2 || mask.shape[mask.ndim - 2] === 1;
  return {
    ...shape,
    dropout,
    mask: { ptr: mask.ptr, row: alike ? 0 : shape.columns, offsets: offsets?.ptr ?? 0 },
  };
}

const operation: Omit<Primitive<AttentionAttributes>, 'reads'> = {
  name: 'scaledDotProductAttention',
  forward: ([query, key, value, mask], attributes) => {
    const [q, k, v] = [query, key, value].map((x) => contiguousData(x, 'attention'));
    const out = allocateShape(
      [...q.shape.slice(0, -1), v.shape[v.ndim - 1]],
      attributes.element,
      'attention',
    );
    const { kept, element } = attributes;
    const arrays = { query: q.ptr, key: k.ptr, value: v.ptr, out: out.ptr, kept: kept.ptr };
    kernels.attention(element, shapeOf(attributes, mask), arrays);
    return out;
  },
  vjp: (grad, context) => {
    const { attributes } = context;
    const mask = attributes.masked ? context.input(3) : undefined;
    if (!isPlain()) return composedGradients(grad, context, mask ?? null);
    const [q, k, v] = [0, 1, 2].map((i) => contiguousData(context.input(i), 'attention'));
    const [g, out] = [contiguousData(grad, 'attention'), contiguousData(context.output(), 'attention')];
    const results = [q, k, v].map((x) => allocateLike(x, attributes.element, 'attention'));
    const [byQuery, byKey, byValue] = results.map(({ ptr }) => ptr);
    const arrays = { query: q.ptr, key: k.ptr, value: v.ptr, out: out.ptr, kept: attributes.kept.ptr };
    const shape = shapeOf(attributes, mask);
    kernels.attentionGrad(attributes.element, shape, arrays, g.ptr, [byQuery, byKey, byValue]);
    return mask === undefined ? results : [...results, null];
  },
};

const all = [0, 1, 2, OUTPUT];
const unmasked: Primitive<AttentionAttributes> = { ...operation, reads: [all, all, all] };
const withMask = [...all, 3];
const masked: Primitive<AttentionAttributes> = { ...operation, reads: [withMask, withMask, withMask] };

/** The same in ops, which can be differentiated. */
function composedGradients(
  grad: Tensor,
  context: Context<AttentionAttributes>,
  mask: Tensor | null,
): Gradients {
  const { dropout, element } = context.attributes;
  const { scale, causal } = context.attributes.shape;
  const [query, key, value] = [0, 1, 2].map((i) => context.input(i));
  const weights = attentionWeights(query, key, { mask, causal }, scale);
  const factors = dropout === null ? null : allocateLike(weights, element, 'attention');
  if (factors !== null) dropout?.repeat(0, factors.ptr, factors.layout.size);
  const heard = (x: Tensor): Tensor => (factors === null ? x : mul(x, factors));
  const byWeights = heard(matmul(grad, value.transpose(-2, -1)));
  const centered = sub(byWeights, sum(mul(byWeights, weights), -1, true));
  const byScores = mul(mul(weights, centered), scale);
  const results = [
    matmul(byScores, key),
    matmul(byScores.transpose(-2, -1), query),
    matmul(heard(weights).transpose(-2, -1), grad),
  ];
  return mask === null ? results : [...results, null];
}

/** The mask as numbers of a type in order, with all of its columns; null where the kernels cannot take it. */
function maskNumbers(
  given: Tensor,
  element: FloatElement,
  lead: Shape,
  rows: number,
  columns: number,
): Tensor | null {
  if (given.requiresGrad || (given.dtype !== 'bool' && given.dtype !== element)) return null;
  const full = [...lead, rows, columns];
  const missing = full.length - given.ndim;
  if (missing < 0 || given.ndim === 0) return null;
  if (given.shape.some((size, dim) => size !== 1 && size !== full[dim + missing])) return null;
  return noGrad(() => {
    const numbers =
      given.dtype === 'bool'
        ? maskedFill(zeros([...given.shape], { dtype: element }), logicalNot(given), -Infinity)
        : given;
    return contiguousData(expandTo(numbers, [...given.shape.slice(0, -1), columns]), 'attention');
  });
}

/** Where each head's part of a mask begins, in bytes; null where that is the same for all. */
function maskOffsets(mask: Tensor, element: FloatElement, lead: Shape): Tensor | null {
  const own = mask.shape.slice(0, -2);
  if (own.every((size) => size === 1)) return null;
  const heads = sizeOf(lead);
  const offsets = allocateShape([heads], 'int32', 'attention');
  const list = elements(offsets);
  const missing = lead.length - own.length;
  const part = (element === 'float32' ? 4 : 8) * sizeOf(mask.shape.slice(-2));
  for (let head = 0; head < heads; head++) {
    let rest = head;
    let at = 0;
    let step = 1;
    for (let dim = lead.length - 1; dim >= 0; dim--) {
      const size = dim < missing ? 1 : own[dim - missing];
      if (size !== 1) at += (rest % lead[dim]) * step;
      step *= size;
      rest = Math.floor(rest / lead[dim]);
    }
    list[head] = at * part;
  }
  return offsets;
}

/** Attention by the kernels; null where they cannot do it. */
export function attend(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  { mask, causal }: Seen,
  scale: number,
  dropped: number,
): Tensor | null {
  const element = query.dtype;
  if (levels.top !== null || (element !== 'float32' && element !== 'float64')) return null;
  if (key.dtype !== element || value.dtype !== element) return null;
  const [rows, width] = query.shape.slice(-2);
  const [columns, valueWidth] = value.shape.slice(-2);
  if (key.shape[key.ndim - 2] !== columns) return null;
  if ([query, key, value].some((x) => x.layout.size === 0)) return null;
  const lead = commonLead([query, key, value]);
  if (lead === null) return null;
  const numbers = mask === null ? null : maskNumbers(mask, element, lead, rows, columns);
  if (mask !== null && numbers === null) return null;
  const heads = sizeOf(lead);
  const attributes: AttentionAttributes = {
    element,
    shape: { heads, rows, columns, width, valueWidth, scale, causal },
    dropout: dropped === 0 ? null : new RepeatedDropout(dropped, element),
    offsets: numbers === null ? null : maskOffsets(numbers, element, lead),
    masked: numbers !== null,
    kept: allocateShape([heads, rows], element, 'attention'),
  };
  const inputs = [query, key, value].map((x) => expandTo(x, [...lead, ...x.shape.slice(-2)]));
  return numbers === null
    ? apply(unmasked, inputs, attributes)
    : apply(masked, [...inputs, numbers], attributes);
}

/** The dimensions before the last two that all have after broadcasting; null where there are none. */
function commonLead(tensors: readonly Tensor[]): Shape | null {
  const leads = tensors.map((x) => x.shape.slice(0, -2));
  const ndim = Math.max(...leads.map((lead) => lead.length));
  const common = new Array<number>(ndim).fill(1);
  for (const lead of leads)
    for (const [at, size] of lead.entries()) {
      const dim = at + ndim - lead.length;
      if (size === 1 || size === common[dim]) continue;
      if (common[dim] !== 1) return null;
      common[dim] = size;
    }
  return common;
}
