/** Dividing kernels that go over elements side by side, or over rows of them. */
import { type Axis, parallel } from './pool.js';

/** How much there is to do for an element: about 0.1 ns for an addition, 0.6 and more for an exponential. */
export type Effort = 'cheap' | 'dear';

/** Elements from which on threads are worth it, and elements in a chunk. */
const FROM = { cheap: 2 ** 17, dear: 2 ** 15 } as const;
const CHUNK = { cheap: 2 ** 15, dear: 2 ** 13 } as const;
/** No kernel is divided whose work is less. */
export const LEAST_PARALLEL = FROM.dear;

/**
 * `run(...args)`, where `args[count]` is a number of elements.
 *
 * @param steps how much each argument moves from one element to the next (bytes, for addresses)
 */
export function perElement(
  run: (...args: number[]) => void,
  args: readonly number[],
  count: number,
  steps: readonly number[],
  effort: Effort = 'cheap',
): void {
  if (args[count] < FROM[effort]) run(...args);
  else parallel(run, args, { count, size: CHUNK[effort], steps });
}

/**
 * `run(...args)`, where `args[count]` is a number of rows that are computed one by one.
 *
 * @param columns elements that are read for a row: what a row costs
 * @param steps how much each argument moves from one row to the next
 */
export function perRow(
  run: (...args: number[]) => void,
  args: readonly number[],
  count: number,
  columns: number,
  steps: readonly number[],
  effort: Effort = 'cheap',
): void {
  const axes = rowAxes(args, count, columns, steps, effort);
  if (axes === null) run(...args);
  else parallel(run, args, ...axes);
}

/** How `perRow` divides; null where it does not. */
export function rowAxes(
  args: readonly number[],
  count: number,
  columns: number,
  steps: readonly number[],
  effort: Effort = 'cheap',
): readonly Axis[] | null {
  if (args[count] * columns < FROM[effort]) return null;
  return [{ count, size: Math.max(1, Math.floor(CHUNK[effort] / columns)), steps }];
}

/**
 * `run(...args)`, where `args[count]` is a number of columns that are computed one by one, down all rows.
 *
 * @param rows elements that are read for a column
 * @param steps how much each argument moves from one column to the next
 */
export function perColumns(
  run: (...args: number[]) => void,
  args: readonly number[],
  count: number,
  rows: number,
  steps: readonly number[],
  effort: Effort = 'cheap',
): void {
  const axes = columnAxes(args, count, rows, steps, effort);
  if (axes === null) run(...args);
  else parallel(run, args, ...axes);
}

/** How `perColumns` divides; null where it does not. */
export function columnAxes(
  args: readonly number[],
  count: number,
  rows: number,
  steps: readonly number[],
  effort: Effort = 'cheap',
): readonly Axis[] | null {
  if (args[count] * rows < FROM[effort]) return null;
  // Whole lines of the cache.
  return [{ count, size: Math.max(32, Math.ceil(CHUNK[effort] / rows / 32) * 32), steps }];
}

/** Where in its arguments a kernel has rows of columns, and how much each argument moves along both. */
export interface Grid {
  readonly rows: number;
  readonly columns: number;
  readonly rowSteps: readonly number[];
  readonly columnSteps: readonly number[];
}

/** `run(...args)` over rows of elements that are independent of each other. */
export function perGrid(
  run: (...args: number[]) => void,
  args: readonly number[],
  grid: Grid,
  effort: Effort = 'cheap',
): void {
  const axes = gridAxes(args, grid, effort);
  if (axes === null) run(...args);
  else parallel(run, args, ...axes);
}

/** How `perGrid` divides; null where it does not. */
export function gridAxes(
  args: readonly number[],
  { rows, columns, rowSteps, columnSteps }: Grid,
  effort: Effort = 'cheap',
): readonly Axis[] | null {
  if (args[rows] * args[columns] < FROM[effort]) return null;
  if (args[columns] < 2 * CHUNK[effort]) return rowAxes(args, rows, args[columns], rowSteps, effort);
  return [
    { count: columns, size: CHUNK[effort], steps: columnSteps },
    { count: rows, size: 1, steps: rowSteps },
  ];
}
