/**
 * Words that the chart's font lacks, from the fonts of the system: resvg finds and draws them, once each, joined and from right
 * to left where their script is.
 */
import { createRequire } from 'node:module';

export interface Mask {
  width: number;
  /** Where the text begins, and the row of its baseline. */
  left: number;
  baseline: number;
  /** Pixels from there to what follows. */
  advance: number;
  /** Row by row from the top, 0 to 255. */
  cells: Uint8Array;
}

/** Of which few are kept: a chart has a handful. */
const MOST = 500;

const masks = new Map<string, Mask | null>();

type Resvg = typeof import('@resvg/resvg-js');

let resvg: Resvg | null | undefined;

/** Loaded only for such a character: 60 to 120 ms. Null where the package, or its binary, is not there. */
function loadResvg(): Resvg | null {
  if (resvg === undefined)
    try {
      resvg = createRequire(import.meta.url)('@resvg/resvg-js') as Resvg;
    } catch {
      resvg = null;
    }
  return resvg;
}

/** Null where no font of the system has all characters, or there is nothing to draw them with; narrowed to `room` pixels. */
export function strangerMask(words: string, size: number, weight: number, room = Infinity): Mask | null {
  const key = `${weight} ${size} ${room} ${words}`;
  let mask = masks.get(key);
  if (mask === undefined) {
    mask = isKnown(words, size, weight) ? drawMask(words, size, weight) : null;
    if (mask !== null && mask.advance > room) mask = drawMask(words, (size * room) / mask.advance, weight);
    if (masks.size >= MOST) masks.clear();
    masks.set(key, mask);
  }
  return mask;
}

/** What shows nothing by itself: spaces, joiners, marks that stand on other letters. */
const BY_ITSELF_NOTHING = /^[\s\p{Cf}\p{M}]$/u;

/** Of characters that no font has resvg says nothing: each is tried alone. */
function isKnown(words: string, size: number, weight: number): boolean {
  const characters = Array.from(words);
  return (
    characters.length === 1 ||
    characters.every((one) => BY_ITSELF_NOTHING.test(one) || strangerMask(one, size, weight) !== null)
  );
}

function drawMask(words: string, size: number, weight: number): Mask | null {
  const library = loadResvg();
  if (library === null) return null;
  const high = Math.ceil(2 * size);
  const wide = Math.ceil((1 + 1.2 * Array.from(words).length) * size);
  const left = Math.round(size / 2);
  const baseline = Math.round(1.4 * size);
  const escaped = Array.from(words, (one) => `&#${one.codePointAt(0)!};`).join('');
  try {
    const { width, height, pixels } = new library.Resvg(
      `<svg xmlns="http://www.w3.org/2000/svg" width="${wide}" height="${high}"><text x="${left}" y="${baseline}" ` +
        `font-family="sans-serif" font-size="${size}" font-weight="${weight}">${escaped}</text></svg>`,
      { font: { loadSystemFonts: true, sansSerifFamily: 'DejaVu Sans' } },
    ).render();
    const cells = new Uint8Array(width * height);
    let right = 0;
    cells.forEach((_, i) => {
      cells[i] = pixels[4 * i + 3];
      if (cells[i] > 0) right = Math.max(right, (i % width) + 1);
    });
    return right === 0 ? null : { width, left, baseline, advance: right - left, cells };
  } catch {
    return null;
  }
}
