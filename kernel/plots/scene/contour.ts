/** Where a function on a grid passes through 0. */

/** A line over the grid: column and row in turn. A closed one ends where it begins. */
export type ContourLine = number[];

const NONE = -1;

/**
 * Marching squares: the lines, in grid coordinates, along which the bilinear interpolation of `values` is 0. A saddle is
 * resolved by the mean of its corners. Cells with a corner that is not finite have none. All lines have what is at least 0
 * on the same side: closed ones together are an area that can be filled, rings around its holes going the other way.
 */
export function zeroContour(values: ArrayLike<number>, columns: number, rows: number): ContourLine[] {
  // An edge of the grid leads to one other in each of its two cells. Number 2n goes right from node n, 2n + 1 down.
  const links = new Int32Array(4 * columns * rows).fill(NONE);
  const crossed: number[] = [];
  const link = (from: number, to: number): void => {
    if (links[2 * from] === NONE) {
      links[2 * from] = to;
      crossed.push(from);
    } else links[2 * from + 1] = to;
  };
  const join = (one: number, other: number): void => {
    link(one, other);
    link(other, one);
  };
  for (let row = 0; row + 1 < rows; row++)
    for (let column = 0; column + 1 < columns; column++) {
      const at = row * columns + column;
      const a = values[at];
      const b = values[at + 1];
      const c = values[at + columns + 1];
      const d = values[at + columns];
      // Most cells lie on one side, and a number that is not finite may.
      const [inA, inB, inC, inD] = [a < 0, b < 0, c < 0, d < 0];
      if (inA === inB && inB === inC && inC === inD) continue;
      if (!Number.isFinite(a + b + c + d)) continue;
      const [ab, bc, cd, da] = [2 * at, 2 * (at + 1) + 1, 2 * (at + columns), 2 * at + 1];
      if (inA !== inB && inB !== inC && inC !== inD) {
        // The corners a and c are joined through the middle, or cut off one by one.
        const together = a + b + c + d < 0 === inA;
        join(together ? ab : da, together ? bc : ab);
        join(together ? cd : bc, together ? da : cd);
        continue;
      }
      const first = inA !== inB ? ab : inB !== inC ? bc : cd;
      join(first, inD !== inA ? da : inC !== inD && first !== cd ? cd : bc);
    }
  return traced(values, columns, links, crossed);
}

function traced(
  values: ArrayLike<number>,
  columns: number,
  links: Int32Array,
  crossed: readonly number[],
): ContourLine[] {
  const seen = new Uint8Array(links.length / 2);
  const point = (line: ContourLine, edge: number): void => {
    const node = edge >> 1;
    const column = node % columns;
    const row = (node - column) / columns;
    const down = (edge & 1) === 1;
    const share = values[node] / (values[node] - values[node + (down ? columns : 1)]);
    line.push(down ? column : column + share, down ? row + share : row);
  };
  const place = (node: number): [number, number] => [node % columns, Math.floor(node / columns)];
  const ends = (edge: number): [number, number] => [edge >> 1, (edge >> 1) + (edge & 1 ? columns : 1)];
  const middle = (edge: number): [number, number] => {
    const [[ax, ay], [bx, by]] = ends(edge).map(place);
    return [(ax + bx) / 2, (ay + by) / 2];
  };
  const keepsRight = (edge: number, next: number): boolean => {
    const [[ax, ay], [bx, by]] = [middle(edge), middle(next)];
    const [x, y] = place(ends(edge)[values[edge >> 1] < 0 ? 1 : 0]);
    return (bx - ax) * (y - ay) > (by - ay) * (x - ax);
  };
  const trace = (start: number): ContourLine => {
    const line: ContourLine = [];
    let before = NONE;
    let edge = start;
    while (edge !== NONE && seen[edge] === 0) {
      seen[edge] = 1;
      point(line, edge);
      const next = links[2 * edge] === before ? links[2 * edge + 1] : links[2 * edge];
      before = edge;
      edge = next;
    }
    if (edge !== NONE) point(line, edge);
    return keepsRight(start, links[2 * start]) ? line : reversed(line);
  };
  const lines: ContourLine[] = [];
  // Those that end at the rim begin there; what is left then is closed.
  for (const edge of crossed) if (links[2 * edge + 1] === NONE && seen[edge] === 0) lines.push(trace(edge));
  for (const edge of crossed) if (seen[edge] === 0) lines.push(trace(edge));
  return lines;
}

function reversed(line: ContourLine): ContourLine {
  return line.flatMap((_, i) => (i % 2 === 0 ? [line[line.length - 2 - i], line[line.length - 1 - i]] : []));
}
