/**
 * The gradients of running sums and products, of sums at places, of gated halves, of distances and of `einsum`, where
 * their elements are few.
 */
import { allocate, type Tensor } from '../tensor.js';
import { fewEinsum } from './few-contractions.js';
import { cleared, floatsOf, startOf } from './few-lines.js';
import { copied, dimOf, fewGather, fewIndexSelect, product } from './few-movement.js';
import type { FewRule } from './few-recorded.js';

/** Walks the lines of x backwards, and those of the result, which are shorter by `less`. */
function backwards(
  { shape, ndim }: Tensor['layout'],
  at: number,
  less: number,
  visit: (from: number, given: number, size: number, step: number) => void,
): void {
  const size = shape[at];
  const inner = product(shape, at + 1, ndim);
  const outer = product(shape, 0, at);
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) visit(o * size * inner + i, o * (size - less) * inner + i, size, inner);
}

/** Σ of the gradients from each place on. */
const cumsumRule: FewRule = {
  tensors: [0],
  gradients: (grad, call) => {
    const out = allocate(grad.layout.compact(), grad.dtype, 'backward');
    const array = floatsOf(grad);
    const [g, to] = [startOf(grad), startOf(out)];
    backwards(grad.layout, dimOf(call.args[1], grad.ndim), 0, (from, _, size, step) => {
      let total = 0;
      for (let k = size - 1, i = from + k * step; k >= 0; k--, i -= step)
        array[to + i] = total += array[g + i];
    });
    return [out];
  },
  unread: [0],
};

/** Σ_{j ≥ i} gⱼ yⱼ / xᵢ; what has zeros is left to the op. */
const cumprodRule: FewRule = {
  tensors: [0],
  keeps: 'result',
  gradients: (grad, call) => {
    const x = call.input(0);
    const array = floatsOf(grad);
    const from = startOf(x);
    for (let i = 0; i < x.layout.size; i++) if (array[from + i] === 0) return null;
    const out = allocate(x.layout.compact(), x.dtype, 'backward');
    const [g, y, to] = [startOf(grad), startOf(call.kept()), startOf(out)];
    backwards(x.layout, dimOf(call.args[1], x.ndim), 0, (first, _, size, step) => {
      let total = 0;
      for (let k = size - 1, i = first + k * step; k >= 0; k--, i -= step) {
        total += array[g + i] * array[y + i];
        array[to + i] = total / array[from + i];
      }
    });
    return [out];
  },
};

/** Each element is half of what is added at its place and at the next. */
const cumulativeTrapezoidRule: FewRule = {
  tensors: [0],
  unread: [0],
  gradients: (grad, call) => {
    const [layout] = call.layouts;
    const half = (typeof call.args[2] === 'number' ? call.args[2] : 1) / 2;
    const out = allocate(layout.compact(), grad.dtype, 'backward');
    const array = floatsOf(grad);
    const [g, to] = [startOf(grad), startOf(out)];
    backwards(layout, dimOf(call.args[3] ?? -1, layout.ndim), 1, (first, given, size, step) => {
      let behind = 0;
      for (let k = size - 1; k >= 0; k--) {
        const own = k === 0 ? 0 : behind + array[g + given + (k - 1) * step];
        array[to + first + k * step] = (own + behind) * half;
        behind = own;
      }
    });
    return [out];
  },
};

/** x σ(z) of the halves x and z gives g σ(z) and g x σ(z) (1 − σ(z)). */
const gluRule: FewRule = {
  tensors: [0],
  gradients: (grad, call) => {
    const x = call.input(0);
    const out = allocate(x.layout.compact(), x.dtype, 'backward');
    const array = floatsOf(x);
    const { ndim } = x;
    const half = product(grad.layout.shape, dimOf(call.args[1] ?? -1, ndim), ndim);
    const from = startOf(x);
    const by = startOf(out) - from;
    let given = startOf(grad);
    for (let line = from; line < from + x.layout.size; line += 2 * half)
      for (let i = line; i < line + half; i++) {
        const gate = 1 / (1 + Math.exp(-array[i + half]));
        const g = array[given++] * gate;
        array[by + i] = g;
        array[by + i + half] = g * array[i] * (1 - gate);
      }
    return [out];
  },
};

/** g (x − z) / |x − z| for each pair of rows, and 0 where they are the same. */
const cdistRule: FewRule = {
  tensors: [0, 1],
  keeps: 'result',
  gradients: (grad, call) => {
    const gradients = [0, 1].map((i) =>
      call.needs(i) ? cleared(allocate(call.input(i).layout.compact(), grad.dtype, 'backward')) : null,
    );
    const [x, z] = [call.input(0), call.input(1)];
    const array = floatsOf(x);
    const [m, k] = x.layout.shape;
    const [n] = z.layout.shape;
    const [x0, z0, y0, g0] = [startOf(x), startOf(z), startOf(call.kept()), startOf(grad)];
    const [byX, byZ] = gradients.map((tensor) => (tensor === null ? -1 : startOf(tensor)));
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        const distance = array[y0 + i * n + j];
        if (distance === 0) continue;
        const g = array[g0 + i * n + j] / distance;
        for (let d = 0; d < k; d++) {
          const by = g * (array[x0 + i * k + d] - array[z0 + j * k + d]);
          if (byX >= 0) array[byX + i * k + d] += by;
          if (byZ >= 0) array[byZ + j * k + d] -= by;
        }
      }
    return gradients;
  },
};

/** (input, dim, index, src) where src is added: what `take` takes is its gradient. */
function addedRule(take: typeof fewGather): FewRule {
  return {
    tensors: [0, 3, 2],
    unread: [0, 1],
    gradients: (grad, call) => {
      const bySource = call.needs(1) ? take(grad, call.args[1], call.input(2), undefined) : null;
      if (call.needs(1) && bySource === null) return null;
      return [call.needs(0) ? copied(grad, 'backward') : null, bySource as Tensor | null, null];
    },
  };
}

/** The product with the other operand: `ik,jk->ij` and `ik,ij->jk` for `ij,jk->ik`. */
const einsumRule: FewRule = {
  tensors: 'list',
  at: 1,
  reads: [[1], [0]],
  fits: (inputs, _, args) => inputs.length === 2 && partsOf(args[0]) !== null,
  gradients: (grad, call) => {
    const parts = partsOf(call.args[0]);
    if (parts === null) return null;
    const [a, b, out] = parts;
    const byA = call.needs(0) ? fewEinsum(`${out},${b}->${a}`, grad, call.input(1), undefined) : null;
    const byB = call.needs(1) ? fewEinsum(`${out},${a}->${b}`, grad, call.input(0), undefined) : null;
    if ((call.needs(0) && byA === null) || (call.needs(1) && byB === null)) return null;
    return [byA as Tensor | null, byB as Tensor | null];
  },
};

/** The terms of an equation of two operands. */
function partsOf(equation: unknown): readonly string[] | null {
  if (typeof equation !== 'string') return null;
  const terms = equation.split(/->|,/);
  return terms.length === 3 && equation.includes('->') ? terms.map((term) => term.trim()) : null;
}

export const lineRules: Readonly<Record<string, FewRule>> = {
  cumsum: cumsumRule,
  cumprod: cumprodRule,
  cumulativeTrapezoid: cumulativeTrapezoidRule,
  glu: gluRule,
  cdist: cdistRule,
  indexAdd: addedRule(fewIndexSelect),
  scatterAdd: addedRule(fewGather),
  einsum: einsumRule,
};
