/**
 * The tiles of matrix products that may be fastest, by what kind of processor it is. Which one is depends on how many
 * vectors V8 keeps in registers around the innermost loop, which differs by its version: 4x2 (8 sums, 2 of B, 1 of A and
 * a product) always fits into the 15 of x86; 3x3, 5x2 and 6x2 fit where products and sums are one instruction, and where
 * V8 does not keep more than it needs (13 and later); twice that in the 28 of ARM.
 */

export interface TileChoice {
  readonly rows: number;
  readonly vectors: number;
  /** Compiled so that pairs of vectors become one of 256 bits. */
  readonly wide: boolean;
}

/** `6x2`: rows by vectors; `6x4 wide` in pairs. */
export function tileName({ rows, vectors, wide }: TileChoice): string {
  return `${rows}x${vectors}${wide ? ' wide' : ''}`;
}

const narrow = (rows: number, vectors: number): TileChoice => ({ rows, vectors, wide: false });
const wide = (rows: number, vectors: number): TileChoice => ({ rows, vectors, wide: true });

/** The one that is used until another has won, and always with `NABLA_TUNING=off`. */
export const FIRST_TILE = narrow(4, 2);

/** In the order in which they are tried. */
export function tileCandidates(
  arch: string,
  { fused, wideToo }: { fused: boolean; wideToo: boolean },
): readonly TileChoice[] {
  if (arch === 'arm64') return [FIRST_TILE, narrow(4, 4), narrow(8, 2), narrow(5, 4)];
  const best = fused ? [FIRST_TILE, narrow(6, 2), narrow(3, 3), narrow(5, 2)] : [FIRST_TILE, narrow(2, 4)];
  return wideToo ? [...best, wide(6, 4), wide(4, 4)] : best;
}
