/** Characters that the chart's font lacks, from the fonts of the system: resvg finds and draws them, once each. */
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

/** Null where no font of the system has the character, or there is nothing to draw it with. */
export function strangerMask(character: string, size: number, weight: number): Mask | null {
  const key = `${weight} ${size} ${character}`;
  let mask = masks.get(key);
  if (mask === undefined) {
    mask = drawMask(character, size, weight);
    if (masks.size >= MOST) masks.clear();
    masks.set(key, mask);
  }
  return mask;
}

function drawMask(character: string, size: number, weight: number): Mask | null {
  const library = loadResvg();
  if (library === null) return null;
  const side = Math.ceil(2 * size);
  const left = Math.round(size / 2);
  const baseline = Math.round(1.4 * size);
  const escaped = `&#${character.codePointAt(0)!};`;
  try {
    const { width, height, pixels } = new library.Resvg(
      `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}"><text x="${left}" y="${baseline}" ` +
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
