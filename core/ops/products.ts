/** Products of vectors, matrices and tensors beyond matmul: einsum, tensordot, Kronecker's, and sums with products. */
import { formatShape, sizeOf, wrapDim } from '../layout.js';
import type { Tensor } from '../tensor.js';
import { mul } from './arithmetic.js';
import { type AddmmOptions, fixed, outer, product, scaledSum } from './matmul.js';
import { functionOp, type FunctionOp, type MethodOp, methodOp } from './record.js';
import { expandTo, permuteDims, reshapeTo } from './shape.js';
import { diagonalView } from './slicing.js';
import { sumDims } from './sum.js';
import { fewVdot } from './few-products.js';

type Pair = (input: Tensor, other: Tensor) => Tensor;

/** The sum of products over the last dimensions: [..., n] and [***, n] give [..., ***]. */
export const inner: MethodOp<Pair> = methodOp<Pair>(
  {
    name: 'inner',
    params: ['input', 'other'],
    samples: (make) => [
      [make([2, 3]), make([4, 3])],
      [make([3]), make([3])],
      [make([]), make([2])],
    ],
    errors: (make) => [{ args: [make([2, 3]), make([4])], message: /last dimensions .* \[2, 3\] and \[4\]/ }],
  },
  (input, other) => {
    if (input.ndim === 0 || other.ndim === 0) return mul(input, other);
    const n = input.shape.at(-1)!;
    if (other.shape.at(-1) !== n) {
      throw new RangeError(
        `inner: the last dimensions must agree, got shapes ${formatShape(input.shape)} and ${formatShape(other.shape)}`,
      );
    }
    return contract('inner', input, other, [input.ndim - 1], [other.ndim - 1]);
  },
);

/** The dot product of two vectors. */
export const vdot: MethodOp<Pair> = methodOp<Pair>(
  {
    name: 'vdot',
    few: fewVdot,
    params: ['input', 'other'],
    samples: (make) => [[make([3]), make([3])]],
    errors: (make) => [{ args: [make([2, 2]), make([2])], message: /takes a 1-d and a 1-d/ }],
  },
  (input, other) => fixed('vdot', input, other, 1, 1),
);

/** Sums products over pairs of dimensions; the others follow, first those of `a`. */
function contract(
  op: string,
  a: Tensor,
  b: Tensor,
  dimsA: readonly number[],
  dimsB: readonly number[],
): Tensor {
  const restA = a.shape.map((_, i) => i).filter((i) => !dimsA.includes(i));
  const restB = b.shape.map((_, i) => i).filter((i) => !dimsB.includes(i));
  const shapeA = restA.map((i) => a.shape[i]);
  const shapeB = restB.map((i) => b.shape[i]);
  const k = sizeOf(dimsA.map((i) => a.shape[i]));
  const left = reshapeTo(permuteDims(a, [...restA, ...dimsA]), [sizeOf(shapeA), k]);
  const right = reshapeTo(permuteDims(b, [...dimsB, ...restB]), [k, sizeOf(shapeB)]);
  return reshapeTo(product(left, right, op), [...shapeA, ...shapeB]);
}

type Tensordot = (
  a: Tensor,
  b: Tensor,
  dims?: number | readonly (readonly number[])[] | { dims?: number | readonly (readonly number[])[] },
) => Tensor;

/** Sums of products over `dims`: the last of a with the first of b if a number (default 2), or listed pairs. */
export const tensordot: FunctionOp<Tensordot> = functionOp<Tensordot>(
  {
    name: 'tensordot',
    params: ['a', 'b', 'dims'],
    options: true,
    samples: (make) => [
      [make([2, 3, 4]), make([3, 4, 2])],
      [make([2, 3]), make([3, 2]), [[0], [1]]],
      [make([2]), make([3]), 0],
    ],
    errors: (make) => [
      {
        args: [make([2, 3]), make([2, 3]), [[0], [1]]],
        message: /dimension 0 of \[2, 3\] .* dimension 1 of \[2, 3\]/,
      },
    ],
  },
  (a: Tensor, b: Tensor, dims: number | readonly (readonly number[])[] = 2) => {
    const range = (n: number, from: number): number[] => Array.from({ length: n }, (_, i) => from + i);
    const [first, second] =
      typeof dims === 'number' ? [range(dims, a.ndim - dims), range(dims, 0)] : [dims[0], dims[1]];
    const dimsA = first.map((dim) => wrapDim('tensordot', dim, a.ndim));
    const dimsB = second.map((dim) => wrapDim('tensordot', dim, b.ndim));
    if (dimsA.length !== dimsB.length)
      throw new RangeError('tensordot: takes as many dimensions of a as of b');
    dimsA.forEach((dim, i) => {
      if (a.shape[dim] !== b.shape[dimsB[i]]) {
        throw new RangeError(
          `tensordot: dimension ${dim} of ${formatShape(a.shape)} does not fit dimension ${dimsB[i]} of ${formatShape(b.shape)}`,
        );
      }
    });
    return contract('tensordot', a, b, dimsA, dimsB);
  },
);

/** Kronecker's product: each element of the first times the whole second. */
export const kron: MethodOp<Pair> = methodOp<Pair>(
  {
    name: 'kron',
    params: ['input', 'other'],
    samples: (make) => [
      [make([2, 3]), make([3, 2])],
      [make([2]), make([2, 2])],
    ],
  },
  (input, other) => {
    const ndim = Math.max(input.ndim, other.ndim);
    const a = [...new Array<number>(ndim - input.ndim).fill(1), ...input.shape];
    const b = [...new Array<number>(ndim - other.ndim).fill(1), ...other.shape];
    const left = reshapeTo(
      input,
      a.flatMap((n) => [n, 1]),
    );
    const right = reshapeTo(
      other,
      b.flatMap((n) => [1, n]),
    );
    return reshapeTo(
      mul(left, right),
      a.map((n, i) => n * b[i]),
    );
  },
);

type Sum3 = (input: Tensor, first: Tensor, second: Tensor, options?: AddmmOptions) => Tensor;

const sumOptions = { options: true } as const;

/** beta · input + alpha · mat vec. */
export const addmv: MethodOp<Sum3> = methodOp<Sum3>(
  {
    ...sumOptions,
    name: 'addmv',
    params: ['input', 'mat', 'vec', 'beta', 'alpha'],
    samples: (make) => [[make([2]), make([2, 3]), make([3]), { beta: 0.5, alpha: 2 }]],
    errors: (make) => [{ args: [make([2]), make([2, 3]), make([4])], message: /do not fit/ }],
  },
  (input: Tensor, mat: Tensor, vec: Tensor, beta = 1, alpha = 1) =>
    scaledSum('addmv', input, fixed('addmv', mat, vec, 2, 1), beta, alpha),
);

/** beta · input + alpha · vec1 ⊗ vec2. */
export const addr: MethodOp<Sum3> = methodOp<Sum3>(
  {
    ...sumOptions,
    name: 'addr',
    params: ['input', 'vec1', 'vec2', 'beta', 'alpha'],
    samples: (make) => [[make([2, 3]), make([2]), make([3]), { beta: 0.5, alpha: 2 }]],
  },
  (input: Tensor, a: Tensor, b: Tensor, beta = 1, alpha = 1) =>
    scaledSum('addr', input, outer(a, b), beta, alpha),
);

/** beta · input + alpha · batch1 batch2, for each matrix of the batch. */
export const baddbmm: MethodOp<Sum3> = methodOp<Sum3>(
  {
    ...sumOptions,
    name: 'baddbmm',
    params: ['input', 'batch1', 'batch2', 'beta', 'alpha'],
    samples: (make) => [[make([2, 1, 2]), make([2, 3, 4]), make([2, 4, 2])]],
    errors: (make) => [{ args: [make([2, 3, 2]), make([2, 3, 4]), make([2, 5, 2])], message: /do not fit/ }],
  },
  (input: Tensor, a: Tensor, b: Tensor, beta = 1, alpha = 1) =>
    scaledSum('baddbmm', input, fixed('baddbmm', a, b, 3, 3), beta, alpha),
);

/** beta · input + alpha · the sum over the batch of batch1 batch2. */
export const addbmm: MethodOp<Sum3> = methodOp<Sum3>(
  {
    ...sumOptions,
    name: 'addbmm',
    params: ['input', 'batch1', 'batch2', 'beta', 'alpha'],
    samples: (make) => [[make([3, 2]), make([2, 3, 4]), make([2, 4, 2])]],
    errors: (make) => [{ args: [make([3, 2]), make([2, 3, 4]), make([2, 5, 2])], message: /do not fit/ }],
  },
  (input: Tensor, a: Tensor, b: Tensor, beta = 1, alpha = 1) =>
    scaledSum('addbmm', input, sumDims(fixed('addbmm', a, b, 3, 3), [0], false), beta, alpha),
);

/** A tensor whose dimensions have names. */
interface Labelled {
  readonly x: Tensor;
  readonly labels: readonly string[];
}

/** Dimensions of one name become one: the diagonal. */
function withoutRepeats({ x, labels }: Labelled): Labelled {
  const repeated = labels.findIndex((label, i) => labels.indexOf(label) !== i);
  if (repeated < 0) return { x, labels };
  const first = labels.indexOf(labels[repeated]);
  const rest = labels.filter((_, i) => i !== first && i !== repeated);
  return withoutRepeats({ x: diagonalView(x, 0, first, repeated), labels: [...rest, labels[repeated]] });
}

function sumLabels({ x, labels }: Labelled, away: (label: string) => boolean): Labelled {
  const dims = labels.map((_, i) => i).filter((i) => away(labels[i]));
  return dims.length === 0
    ? { x, labels }
    : { x: sumDims(x, dims, false), labels: labels.filter((l) => !away(l)) };
}

/** Product of two labelled tensors, summed over labels that neither the result nor a later operand has. */
function contractLabels(a: Labelled, b: Labelled, needed: ReadonlySet<string>): Labelled {
  const left = sumLabels(a, (label) => !needed.has(label) && !b.labels.includes(label));
  const right = sumLabels(b, (label) => !needed.has(label) && !a.labels.includes(label));
  const shared = left.labels.filter((label) => right.labels.includes(label));
  const batch = shared.filter((label) => needed.has(label));
  const summed = shared.filter((label) => !needed.has(label));
  const onlyLeft = left.labels.filter((label) => !shared.includes(label));
  const onlyRight = right.labels.filter((label) => !shared.includes(label));
  const size = (label: string): number => Math.max(sizeFor(left, label), sizeFor(right, label));
  const arrange = (from: Labelled, order: readonly string[]): Tensor => {
    const moved = permuteDims(
      from.x,
      order.map((label) => from.labels.indexOf(label)),
    );
    // A dimension of size 1 broadcasts against one of the same name.
    return expandTo(moved, order.map(size));
  };
  const sizes = (labels: readonly string[]): number[] => labels.map(size);
  const [nb, nl, nr, ns] = [batch, onlyLeft, onlyRight, summed].map((labels) => sizeOf(sizes(labels)));
  const x = reshapeTo(arrange(left, [...batch, ...onlyLeft, ...summed]), [nb, nl, ns]);
  const y = reshapeTo(arrange(right, [...batch, ...summed, ...onlyRight]), [nb, ns, nr]);
  const labels = [...batch, ...onlyLeft, ...onlyRight];
  return { x: reshapeTo(product(x, y, 'einsum'), sizes(labels)), labels };
}

function sizeFor({ x, labels }: Labelled, label: string): number {
  const at = labels.indexOf(label);
  return at < 0 ? 1 : x.shape[at];
}

function letters(text: string): string[] {
  return Array.from(text);
}

/** Letters of one operand; '...' becomes labels counted from the end, so that it broadcasts. */
function parseOperand(term: string, x: Tensor): Labelled {
  const parts = term.split('...');
  if (parts.length > 2) throw new RangeError(`einsum: '...' appears twice in '${term}'`);
  const names = parts.join('');
  if (!/^[a-zA-Z]*$/.test(names))
    throw new RangeError(`einsum: dimensions are named by letters, got '${term}'`);
  const hidden = x.ndim - names.length;
  if (parts.length === 1 ? hidden !== 0 : hidden < 0) {
    throw new RangeError(
      `einsum: '${term}' names ${names.length} dimensions, but the operand has shape ${formatShape(x.shape)}`,
    );
  }
  if (parts.length === 1) return { x, labels: letters(term) };
  const dots = Array.from({ length: hidden }, (_, i) => `.${hidden - i}`);
  return { x, labels: [...letters(parts[0]), ...dots, ...letters(parts[1])] };
}

type Einsum = (equation: string, operands: readonly Tensor[] | Tensor, ...more: Tensor[]) => Tensor;

/**
 * Sums of products by Einstein's convention: `einsum('ij,jk->ik', [a, b])`. A letter names a dimension; letters that are not
 * in the result are summed over; '...' stands for dimensions that broadcast. Without '->', the result has the letters
 * that appear once, in alphabetical order.
 */
export const einsum: FunctionOp<Einsum> = functionOp<Einsum>(
  {
    name: 'einsum',
    params: ['equation', 'operands'],
    several: true,
    samples: (make) => [
      ['ij,jk->ik', [make([2, 3]), make([3, 4])]],
      ['bij,bjk,k->bi', [make([2, 2, 3]), make([2, 3, 2]), make([2])]],
      ['ii->i', [make([3, 3])]],
      ['...i,...i', [make([2, 3]), make([2, 3])]],
    ],
    errors: (make) => [
      { args: ['ij,jk->ik', [make([2, 3])]], message: /2 terms, .* 1 operand/ },
      { args: ['ij->ik', [make([2, 3])]], message: /'k' is in the result, but in no operand/ },
      { args: ['ij,jk', [make([2, 3]), make([4, 2])]], message: /'j' has sizes 3 and 4/ },
    ],
  },
  (equation, operands, ...more) => {
    const list = Array.isArray(operands) ? (operands as readonly Tensor[]) : [operands as Tensor, ...more];
    const [input, output, ...extra] = equation.replace(/\s/g, '').split('->');
    const terms = input.split(',');
    if (extra.length > 0) throw new RangeError(`einsum: '->' appears twice in '${equation}'`);
    if (terms.length !== list.length) {
      throw new RangeError(
        `einsum: '${equation}' has ${terms.length} terms, but there ${list.length === 1 ? 'is' : 'are'} ${list.length} operand${list.length === 1 ? '' : 's'}`,
      );
    }
    const parsed = terms.map((term, i) => parseOperand(term, list[i]));
    checkSizes(parsed);
    const dots = [
      ...new Set(parsed.flatMap(({ labels }) => labels.filter((label) => label.startsWith('.')))),
    ];
    const hidden = dots.sort((a, b) => Number(b.slice(1)) - Number(a.slice(1)));
    const wanted = resultLabels(equation, output, parsed, hidden);
    const ready = parsed.map(withoutRepeats);
    let current = ready[0];
    for (let i = 1; i < ready.length; i++) {
      const later = new Set([...wanted, ...ready.slice(i + 1).flatMap(({ labels }) => labels)]);
      current = contractLabels(current, ready[i], later);
    }
    const summed = sumLabels(current, (label) => !wanted.includes(label));
    return permuteDims(
      summed.x,
      wanted.map((label) => summed.labels.indexOf(label)),
    );
  },
);

function checkSizes(operands: readonly Labelled[]): void {
  const sizes = new Map<string, number>();
  for (const { x, labels } of operands) {
    labels.forEach((label, i) => {
      const known = sizes.get(label) ?? 1;
      const size = x.shape[i];
      if (known !== size && known !== 1 && size !== 1) {
        throw new RangeError(`einsum: '${label.replace(/^\.\d+$/, '...')}' has sizes ${known} and ${size}`);
      }
      sizes.set(label, known === 1 ? size : known);
    });
  }
}

function resultLabels(
  equation: string,
  output: string | undefined,
  operands: readonly Labelled[],
  hidden: readonly string[],
): string[] {
  const all = operands.flatMap(({ labels }) => labels).filter((label) => !label.startsWith('.'));
  if (output === undefined) {
    return [
      ...hidden,
      ...[...new Set(all)].filter((label) => all.filter((l) => l === label).length === 1).sort(),
    ];
  }
  const [before, after = ''] = output.split('...');
  const labels = output.includes('...')
    ? [...letters(before), ...hidden, ...letters(after)]
    : letters(before);
  for (const label of labels) {
    if (!label.startsWith('.') && !all.includes(label)) {
      throw new RangeError(`einsum: '${label}' is in the result, but in no operand of '${equation}'`);
    }
  }
  return labels;
}
