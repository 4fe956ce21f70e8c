/**
 * What ops cost by their shapes: floating-point operations and bytes. One addition, multiplication, comparison, and one
 * value of a function such as exp counts as one; an operand is read once and a result written once, whatever caches do.
 *
 * | op | FLOPs |
 * |---|---|
 * | products [m, k] [k, n], a batch of b | 2 b m k n |
 * | `linear` | 2 m k n, and m n with a bias |
 * | convolution | 2 · elements of the result · in / groups · window, and one an element with a bias |
 * | transposed convolution | 2 · elements of the input · out / groups · window, and the bias |
 * | elementwise ops, comparisons | elements of the result |
 * | sums, means, extremes, products of elements | elements of the operand |
 * | `mseLoss`, `l1Loss` | 3 an element |
 * | norms | 2 an element; `var` and `std` 4; `softmax`, `logSoftmax`, `logsumexp` 5 |
 * | `layerNorm`, `groupNorm`, `batchNorm`, `instanceNorm` | 7 an element; `rmsNorm` 4 |
 * | pooling | elements of the result · window |
 * | attention | 2 b Tq Tk (d + dv) + 6 b Tq Tk |
 * | views, copies, indexing, random numbers | 0 |
 * | backward of an elementwise op | elements of the gradients |
 * | optimizers | an element: SGD 2, with momentum 4; Adam 13, AdamW 15; others what their ops count |
 *
 * An op that is made of others counts what they count, or its formula where that is more.
 */
import { itemSize } from '../dtype.js';
import type { Cost } from '../autograd/mode.js';
import { Tensor } from '../tensor.js';

/** What nothing is computed in, although the result is new memory. */
const MOVES = new Set(
  (
    'clone contiguous cat concat stack hstack vstack dstack split chunk gather indexSelect index take takeAlongDim select narrow ' +
    'embedding oneHot pad flip roll repeat repeatInterleave tile tril triu diag diagEmbed where maskedSelect maskedFill scatter ' +
    'indexPut indexCopy indexFill to float double half bfloat16 int long bool typeAs cast zerosLike onesLike fullLike emptyLike ' +
    'randLike randnLike randintLike zeros ones full empty unfold im2col nonzero copy fill zero expand expandAs reshape flatten ' +
    'squeeze unsqueeze view transpose permute t detach pixelShuffle pixelUnshuffle broadcastTo meshgrid rot90 fliplr flipud'
  ).split(' '),
);

/** Per element of the first operand. */
const PER_ELEMENT = new Map<string, number>([
  ...'sum mean prod amax amin max min argmax argmin cumsum cumprod nansum nanmean all any aminmax'
    .split(' ')
    .map((name): [string, number] => [name, 1]),
  ['norm', 2],
  ['vectorNorm', 2],
  ['var', 4],
  ['std', 4],
  ['softmax', 5],
  ['logSoftmax', 5],
  ['logsumexp', 5],
  ['mseLoss', 3],
  ['l1Loss', 3],
  ['layerNorm', 7],
  ['groupNorm', 7],
  ['batchNorm', 7],
  ['instanceNorm', 7],
  ['rmsNorm', 4],
]);

const PRODUCTS = new Set(['matmul', 'mm', 'bmm', 'mv', 'dot', 'vdot', 'inner']);

/** The tensors among arguments, those in arrays too. */
export function tensorsIn(values: readonly unknown[]): Tensor[] {
  const found: Tensor[] = [];
  for (const value of values) {
    if (value instanceof Tensor) found.push(value);
    else if (Array.isArray(value)) {
      for (const entry of value as unknown[]) if (entry instanceof Tensor) found.push(entry);
    }
  }
  return found;
}

/** Bytes of the elements that a tensor has in memory: those that it repeats count once. */
export function bytesOf(x: Tensor): number {
  const { shape, strides } = x.layout;
  let count = 1;
  for (let d = 0; d < shape.length; d++) if (strides[d] !== 0 || shape[d] === 0) count *= shape[d];
  return count * itemSize(x.dtype);
}

/** Whether nothing was computed: the result is an operand seen differently. */
function isView(name: string, inputs: readonly Tensor[], outputs: readonly Tensor[]): boolean {
  if (name.endsWith('_') || outputs.length === 0) return false;
  return outputs.every((y) => inputs.some((x) => x.storage === y.storage));
}

/** Bytes that an op reads and writes. */
export function opBytes(name: string, inputs: readonly Tensor[], outputs: readonly Tensor[]): number {
  if (isView(name, inputs, outputs)) return 0;
  let bytes = 0;
  for (const x of inputs) bytes += bytesOf(x);
  for (const y of outputs) bytes += bytesOf(y);
  return bytes;
}

/** The FLOPs of an op that has a formula; undefined where it has none. */
export function flopsByFormula(
  name: string,
  args: readonly unknown[],
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
): number | undefined {
  if (inputs.length === 0) return undefined;
  const [x, w] = inputs;
  const out = outputs.length > 0 ? outputs[0].numel() : 0;
  const perElement = PER_ELEMENT.get(name);
  if (perElement !== undefined) {
    // The larger of two tensors, element by element: torch.max(x, y).
    return perElement * x.numel();
  }
  if (PRODUCTS.has(name)) return 2 * out * (x.shape.at(-1) ?? 1);
  if (name === 'linear') {
    const bias = inputs.length > 2 ? out : 0;
    return 2 * out * (x.shape.at(-1) ?? 1) + bias;
  }
  if (/^conv[123]d$/.test(name)) {
    return 2 * out * (w.numel() / Math.max(1, w.shape[0])) + (inputs.length > 2 ? out : 0);
  }
  if (name.startsWith('convTranspose')) {
    return 2 * x.numel() * (w.numel() / Math.max(1, w.shape[0])) + (inputs.length > 2 ? out : 0);
  }
  if (/^(max|avg)Pool[123]d$/.test(name)) return out * windowSize(args[1], Number(name.at(-2)));
  if (name === 'scaledDotProductAttention' && inputs.length > 2) {
    const [q, k, v] = inputs;
    const scores = (q.numel() / Math.max(1, q.shape.at(-1) ?? 1)) * (k.shape.at(-2) ?? 1);
    return 2 * scores * ((q.shape.at(-1) ?? 1) + (v.shape.at(-1) ?? 1)) + 6 * scores;
  }
  return undefined;
}

/** The window of a pooling, given as one number for all dimensions or one for each. */
function windowSize(given: unknown, ndim: number): number {
  if (typeof given === 'number') return given ** ndim;
  if (!Array.isArray(given)) return 1;
  return (given as unknown[]).reduce<number>((n, k) => n * (typeof k === 'number' ? k : 1), 1);
}

/** The FLOPs of an op without formula that is not made of others: one an element, where something is computed. */
export function flopsByDefault(name: string, inputs: readonly Tensor[], outputs: readonly Tensor[]): number {
  const plain = name.endsWith('_') ? name.slice(0, -1) : name;
  if (inputs.length === 0 || MOVES.has(plain) || isView(name, inputs, outputs)) return 0;
  let elements = 0;
  for (const y of outputs) elements += y.numel();
  // What gives less than it gets went over all of it.
  return Math.max(elements, inputs[0].numel());
}

/** The FLOPs of a node of the backward pass by its formula; undefined where it has none. */
export function backwardFormula(
  name: string,
  given: Tensor | null,
  gradients: readonly (Tensor | null)[],
  saved: readonly (Tensor | null)[],
): number | undefined {
  if (given === null) return undefined;
  const [byX, byW, byBias] = [gradients.at(0), gradients.at(1), gradients.at(2)];
  if (name === 'LinearBackward') {
    const [m, n] = given.shape;
    return (byX ? 2 * byX.numel() * n : 0) + (byW ? 2 * byW.numel() * m : 0) + (byBias ? given.numel() : 0);
  }
  if (/^Conv[123]dBackward$/.test(name)) {
    const weight =
      byW ?? saved.find((x) => x !== null && x.ndim === given.ndim && x.shape[0] === given.shape[1]);
    if (!weight) return undefined;
    const product = 2 * given.numel() * (weight.numel() / Math.max(1, weight.shape[0]));
    return (byX ? product : 0) + (byW ? product : 0) + (byBias ? given.numel() : 0);
  }
  return undefined;
}

/** FLOPs and bytes of an optimizer's step for each element of the parameters that have gradients. */
const STEPS = new Map<string, Cost>([
  ['SGD', { flops: 2, bytes: 12 }],
  ['Adam', { flops: 13, bytes: 28 }],
  ['AdamW', { flops: 15, bytes: 28 }],
]);

/** What a step of an optimizer costs; zeros where only its ops say. */
export function stepCost(
  name: string,
  groups: readonly { readonly params: readonly Tensor[]; readonly momentum?: unknown }[],
): Cost {
  const each = STEPS.get(name);
  if (each === undefined) return { flops: 0, bytes: 0 };
  let flops = 0;
  let bytes = 0;
  for (const { params, momentum } of groups) {
    const keeps = name === 'SGD' && typeof momentum === 'number' && momentum !== 0;
    for (const { grad } of params) {
      if (grad === null) continue;
      flops += grad.numel() * (each.flops + (keeps ? 2 : 0));
      bytes += grad.numel() * (each.bytes + (keeps ? 8 : 0));
    }
  }
  return { flops, bytes };
}
