/** Where a function on a grid passes through 0. */

export type Segment = [x0: number, y0: number, x1: number, y1: number];

/**
 * Marching squares: the line pieces, in grid coordinates (column, row), along which the bilinear interpolation of
 * `values` is 0. A saddle is resolved by the mean of its corners. Cells with a corner that is not finite have none.
 */
export function zeroContour(values: ArrayLike<number>, columns: number, rows: number): Segment[] {
  const out: Segment[] = [];
  for (let row = 0; row + 1 < rows; row++)
    for (let column = 0; column + 1 < columns; column++) {
      const at = row * columns + column;
      const a = values[at];
      const b = values[at + 1];
      const c = values[at + columns + 1];
      const d = values[at + columns];
      // Most cells lie on one side, and a number that is not finite may.
      if (a < 0 === b < 0 && b < 0 === c < 0 && c < 0 === d < 0) continue;
      if (!Number.isFinite(a + b + c + d)) continue;
      const crossings: [number, number][] = [];
      // Along the four edges in turn: a to b, b to c, c to d, d to a.
      if (a < 0 !== b < 0) crossings.push([column + a / (a - b), row]);
      if (b < 0 !== c < 0) crossings.push([column + 1, row + b / (b - c)]);
      if (c < 0 !== d < 0) crossings.push([column + d / (d - c), row + 1]);
      if (d < 0 !== a < 0) crossings.push([column, row + a / (a - d)]);
      if (crossings.length === 2) out.push([...crossings[0], ...crossings[1]]);
      else if (crossings.length === 4) {
        const together = a + b + c + d < 0 === a < 0;
        const [ab, bc, cd, da] = crossings;
        // The corners a and c are joined through the middle, or cut off one by one.
        if (together) out.push([...ab, ...bc], [...cd, ...da]);
        else out.push([...da, ...ab], [...bc, ...cd]);
      }
    }
  return out;
}
