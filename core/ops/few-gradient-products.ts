/** The gradients of products of few elements: y = x z gives gᵧ zᵀ and xᵀ gᵧ, whatever of the three are vectors. */
import { allocate, type Tensor } from '../tensor.js';
import { floatsOf, startOf } from './few-lines.js';
import { multiplyAt } from './few-products.js';
import { type FewCall, type FewRule, savedAt } from './few-recorded.js';

/** y[m, n] = x[m, k] z[k, n], or z[n, k] where it is `turned`. */
interface Sizes {
  readonly m: number;
  readonly k: number;
  readonly n: number;
}

/** Gradients by the factors number `left` and `right` of the saved tensors, of `batch` products one after the other. */
function byFactors(
  grad: Tensor,
  call: FewCall,
  left: number,
  right: number,
  { m, k, n }: Sizes,
  turned: boolean,
  batch = 1,
): [Tensor | null, Tensor | null] {
  const { dtype } = grad;
  const { layouts } = call;
  const byX = call.needs(left) ? allocate(layouts[left].compact(), dtype, 'backward') : null;
  const byZ = call.needs(right) ? allocate(layouts[right].compact(), dtype, 'backward') : null;
  const x0 = byZ === null ? 0 : startOf(call.input(left));
  const z0 = byX === null ? 0 : startOf(call.input(right));
  const g0 = startOf(grad);
  for (let b = 0; b < batch; b++) {
    const [xs, zs, gs] = [x0 + b * m * k, z0 + b * k * n, g0 + b * m * n];
    if (byX !== null)
      multiplyAt(dtype, startOf(byX) + b * m * k, m, n, k, gs, n, 1, zs, turned ? k : 1, turned ? 1 : n);
    if (byZ === null) continue;
    const to = startOf(byZ) + b * k * n;
    if (turned) multiplyAt(dtype, to, n, m, k, gs, 1, n, xs, k, 1);
    else multiplyAt(dtype, to, k, m, n, xs, 1, k, gs, n, 1);
  }
  return [byX, byZ];
}

/** The sum of the rows of a gradient, for what was added to each. */
function sumOfRows(grad: Tensor, like: Tensor['layout'], columns: number, factor: number): Tensor {
  const out = allocate(like.compact(), grad.dtype, 'backward');
  const array = floatsOf(grad);
  const from = startOf(grad);
  const to = startOf(out);
  const { size } = grad.layout;
  for (let c = 0; c < columns; c++) {
    let total = 0;
    for (let i = c; i < size; i += columns) total += array[from + i];
    array[to + c] = total * factor;
  }
  return out;
}

function scale(x: Tensor | null, by: number): void {
  if (x === null || by === 1) return;
  const array = floatsOf(x);
  const from = startOf(x);
  for (let i = 0; i < x.layout.size; i++) array[from + i] *= by;
}

type Layout = Tensor['layout'];

/** Each factor's gradient reads the other. */
const CROSSED = [[1], [0]];

function rule(sizes: (x: Layout, z: Layout) => Sizes, turned = false): FewRule {
  return {
    tensors: [0, 1],
    reads: CROSSED,
    gradients: (grad, call) => byFactors(grad, call, 0, 1, sizes(call.layouts[0], call.layouts[1]), turned),
  };
}

const rowsOf = ({ shape, ndim }: Layout): number => (ndim === 2 ? shape[0] : 1);
const lastOf = ({ shape, ndim }: Layout): number => shape[ndim - 1];

export const fewProductRules: Readonly<Record<string, FewRule>> = {
  mv: rule((x) => ({ m: rowsOf(x), k: lastOf(x), n: 1 })),
  dot: rule((x) => ({ m: 1, k: lastOf(x), n: 1 })),
  vdot: rule((x) => ({ m: 1, k: lastOf(x), n: 1 })),
  outer: rule((x, z) => ({ m: lastOf(x), k: 1, n: lastOf(z) })),
  inner: {
    ...rule((x, z) => ({ m: rowsOf(x), k: lastOf(x), n: rowsOf(z) }), true),
    fits: ([x, z]) => x.ndim >= 1 && x.ndim <= 2 && z.ndim >= 1 && z.ndim <= 2,
  },
  bmm: {
    tensors: [0, 1],
    reads: CROSSED,
    gradients: (grad, call) => {
      const { layouts } = call;
      const [batch, m, k] = layouts[0].shape;
      return byFactors(grad, call, 0, 1, { m, k, n: lastOf(layouts[1]) }, false, batch);
    },
  },
  linear: {
    tensors: [0, 1, 2],
    reads: [[1], [0], []],
    gradients: (grad, call) => {
      const [x, weight] = call.layouts;
      const k = lastOf(x);
      const [n] = weight.shape;
      const [byX, byWeight] = byFactors(grad, call, 0, 1, { m: x.size / k, k, n }, true);
      if (savedAt(call, 2) < 0) return [byX, byWeight];
      return [byX, byWeight, call.needs(2) ? sumOfRows(grad, call.layouts[2], n, 1) : null];
    },
  },
};

/** beta input + alpha x z, of two matrices, a matrix and a vector, or the outer product of vectors. */
export function addedProductRule(kind: 'matrices' | 'vector' | 'outer'): FewRule {
  return {
    tensors: [0, 1, 2],
    reads: [[], [2], [1]],
    // What was repeated otherwise is left to the composed op.
    fits: ([input], y) =>
      input.layout.size === y.layout.size ||
      (input.ndim === 1 && y.ndim === 2 && input.layout.size === lastOf(y.layout)),
    gradients: (grad, call) => {
      const { args, layouts } = call;
      const beta = typeof args[3] === 'number' ? args[3] : 1;
      const alpha = typeof args[4] === 'number' ? args[4] : 1;
      const [, x, z] = layouts;
      const k = kind === 'outer' ? 1 : lastOf(x);
      const sizes = { m: x.size / k, k, n: z.size / k };
      const [byX, byZ] = byFactors(grad, call, 1, 2, sizes, false);
      scale(byX, alpha);
      scale(byZ, alpha);
      const byInput = call.needs(0) ? sumOfRows(grad, layouts[0], layouts[0].size, beta) : null;
      return [byInput, byX, byZ];
    },
  };
}
