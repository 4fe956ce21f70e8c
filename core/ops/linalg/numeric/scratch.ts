/**
 * Arrays for the steps of one small matrix. V8 keeps arrays of more than 64 bytes outside of its heap, where making one
 * takes longer than factorizing a matrix of four rows.
 */

/** Up to so many elements, and so many arrays of each size, are kept. */
const MOST = 64;
const KEPT = 16;

const pools: Float64Array[][] = Array.from({ length: MOST + 1 }, () => []);
const taken = new Int32Array(MOST + 1);
let isOpen = false;

/**
 * What a function computes with arrays that the next one gets again; it may keep none of them, so it copies what it
 * gives. Not to be nested.
 */
export function withScratch<Result>(compute: () => Result): Result {
  taken.fill(0);
  isOpen = true;
  try {
    return compute();
  } finally {
    isOpen = false;
  }
}

/** An array of `n` zeros. */
export function zeros(n: number): Float64Array {
  if (!isOpen || n > MOST || taken[n] === KEPT) return new Float64Array(n);
  const pool = pools[n];
  const at = taken[n]++;
  if (at === pool.length) pool.push(new Float64Array(n));
  const array = pool[at];
  for (let i = 0; i < n; i++) array[i] = 0;
  return array;
}

/** The numbers from 0 to n − 1 in ascending order of the values at these places, or descending. */
export function orderOf(values: Float64Array, n: number, isDescending: boolean): number[] {
  const order = new Array<number>(n);
  for (let i = 0; i < n; i++) order[i] = i;
  return order.sort(isDescending ? (i, j) => values[j] - values[i] : (i, j) => values[i] - values[j]);
}
