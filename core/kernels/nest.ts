/**
 * Strided kernels run nests of loops. Dimensions that all operands walk through evenly are merged first, so that
 * most calls become one or two loops whatever the shapes were.
 */

/**
 * Loops over a shape, innermost first. `strides[k][d]` is the step of operand k in loop d; the output is contiguous
 * and needs none. There is always at least one loop.
 */
export interface Nest {
  rank: number;
  /** Number of elements. */
  count: number;
  readonly sizes: number[];
  readonly strides: readonly number[][];
}

function createNest(operands: number): Nest {
  return { rank: 0, count: 0, sizes: [], strides: Array.from({ length: operands }, (): number[] => []) };
}

/** Kernels run one at a time, so there is one nest for each number of operands. */
const nests = [0, 1, 2, 3].map(createNest);

/**
 * Merges the dimensions of `shape` as far as the operands' strides allow and leaves out those of size 1.
 * The result is overwritten by the next call with as many operands.
 */
export function collapse(shape: readonly number[], operands: readonly (readonly number[])[]): Nest {
  const nest = nests[operands.length];
  const { sizes, strides } = nest;
  let rank = 0;
  let count = 1;
  for (let dim = shape.length - 1; dim >= 0; dim--) {
    const size = shape[dim];
    count *= size;
    if (size === 1) continue;
    let merges = rank > 0;
    for (let k = 0; merges && k < operands.length; k++)
      merges = operands[k][dim] === strides[k][rank - 1] * sizes[rank - 1];
    if (merges) sizes[rank - 1] *= size;
    else {
      sizes[rank] = size;
      for (let k = 0; k < operands.length; k++) strides[k][rank] = operands[k][dim];
      rank++;
    }
  }
  if (rank === 0) {
    sizes[0] = 1;
    for (const steps of strides) steps[0] = 1;
    rank = 1;
  }
  nest.rank = rank;
  nest.count = count;
  return nest;
}

const MAX_OPERANDS = 3;
const MAX_RANK = 64;
const positions = new Int32Array(MAX_RANK);
const offsets = new Float64Array(MAX_OPERANDS);

/**
 * Calls `visit` for each turn of the loops from `inner` outwards, with the elements each operand has advanced, in
 * row-major order (so that the output advances by the size of the inner loops each time).
 */
export function forEachTurn(nest: Nest, inner: number, visit: (offsets: Float64Array) => void): void {
  if (nest.count === 0) return;
  const { rank, sizes, strides } = nest;
  offsets.fill(0);
  positions.fill(0, 0, rank);
  for (;;) {
    visit(offsets);
    let dim = inner;
    for (; dim < rank; dim++) {
      positions[dim]++;
      if (positions[dim] < sizes[dim]) {
        for (let k = 0; k < strides.length; k++) offsets[k] += strides[k][dim];
        break;
      }
      positions[dim] = 0;
      for (let k = 0; k < strides.length; k++) offsets[k] -= strides[k][dim] * (sizes[dim] - 1);
    }
    if (dim >= rank) return;
  }
}
