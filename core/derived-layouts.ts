/**
 * Layouts that were made from others, and how. Loops make the same views again and again, and finding a layout takes a
 * tenth of making it; the same layout is also recognized as such by whatever compares layouts.
 */
import type { Layout } from './layout.js';

/** How one layout is made from another. */
export const Way = {
  Slice: 1,
  Select: 2,
  Unsqueeze: 3,
  Diagonal: 4,
  Unfold: 5,
  Expand: 6,
  Permute: 7,
} as const;

interface Derived {
  readonly from: Layout;
  readonly way: number;
  readonly a: number | undefined;
  readonly b: number | undefined;
  readonly c: number | undefined;
  readonly d: number | undefined;
  readonly to: Layout;
}

const MASK = 255;
/** The last ones, by a number made of what they were made from. */
const kept = new Array<Derived | undefined>(MASK + 1).fill(undefined);

/** What was asked for last and is not known. */
const asked = {
  from: null as Layout | null,
  way: 0,
  a: 0 as number | undefined,
  b: 0 as number | undefined,
  c: 0 as number | undefined,
  d: 0 as number | undefined,
  place: 0,
};

/** The layout made in this way with these numbers; where it is not known, it is for `remember` to be told. */
export function recall(
  from: Layout,
  way: number,
  a: number | undefined,
  b?: number,
  c?: number,
  d?: number,
): Layout | null {
  const place = (from.size * 5 + way * 89 + (a ?? 0) * 31 + (b ?? 0) * 17 + (c ?? 0) * 7) & MASK;
  const found = kept[place];
  if (
    found?.from === from &&
    found.way === way &&
    found.a === a &&
    found.b === b &&
    found.c === c &&
    found.d === d
  )
    return found.to;
  asked.from = from;
  asked.way = way;
  asked.a = a;
  asked.b = b;
  asked.c = c;
  asked.d = d;
  asked.place = place;
  return null;
}

/** Keeps what was asked for last. */
export function remember(to: Layout): Layout {
  const { from, way, a, b, c, d, place } = asked;
  if (from !== null) kept[place] = { from, way, a, b, c, d, to };
  return to;
}
