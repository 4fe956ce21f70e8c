/** What attends to what. */
import { flatNumbers, type NumberSource } from '../../../core/diagnostics/index.js';
import type { LiveEnvironment } from '../live/live-display.js';
import type { ColorKey, Tile } from '../model/pictures.js';
import { describeValue } from '../../../core/shapes.js';
import { formatCount, formatNumber } from '../model/format.js';
import { wordsFor } from '../model/sound.js';
import { MOST_TILES, pictureGrid, pixelsOfTile } from './picture-grid.js';
import type { Still } from './still.js';
import { numbersOf, paint, rampKey, rangeOf } from './tiles.js';

export interface AttentionMapOptions {
  title?: string;
  /** What the queries are, and the keys where `keys` does not say otherwise. */
  tokens?: readonly string[];
  keys?: readonly string[];
  /** Which heads are shown, by number; default all. */
  heads?: readonly number[];
  /** Which sample of a batch; default the first. */
  sample?: number;
  /** Heads in a row. */
  columns?: number;
  /** CSS pixels; default 720. */
  width?: number;
}

/** Names of more tokens than these are not written. */
const MOST_NAMES = 80;

/**
 * Attention weights `[q, k]`, `[heads, q, k]` or `[n, heads, q, k]`: a tile for each head, a row for each query, a column
 * for each key, on one scale from 0. It never throws.
 */
export function attentionMap(
  weights: NumberSource,
  options: AttentionMapOptions = {},
  environment?: LiveEnvironment,
): Still {
  const notes: string[] = [];
  let tiles: Tile[];
  let [queries, keys] = [1, 1];
  let key: ColorKey = rampKey('attention', 0, 1);
  const lines: string[] = [];
  const names = { x: [] as string[], y: [] as string[] };
  try {
    const { values, shape } = numbersOf(weights);
    if (values.length > 0 && (shape.length < 2 || shape.length > 4))
      throw new RangeError(
        `attentionMap: weights are [q, k], [heads, q, k] or [n, heads, q, k]; got [${shape.join(', ')}]`,
      );
    [queries, keys] = [shape.at(-2) ?? 0, shape.at(-1) ?? 0];
    const heads = shape.length > 2 ? shape[shape.length - 3] : 1;
    const size = queries * keys;
    const from = (options.sample ?? 0) * heads * size;
    if (size * heads > 0 && !(from >= 0 && from + heads * size <= values.length))
      throw new RangeError(`attentionMap: there is no sample ${options.sample} in [${shape.join(', ')}]`);
    const wanted = options.heads ?? Array.from({ length: heads }, (_, i) => i);
    for (const head of wanted)
      if (!(Number.isInteger(head) && head >= 0 && head < heads))
        throw new RangeError(`attentionMap: there are heads 0 to ${heads - 1}; got ${head}`);
    names.y = labels(options.tokens, queries, 'queries');
    names.x = labels(options.keys ?? options.tokens, keys, 'keys');
    const chosen = size === 0 ? [] : wanted.slice(0, MOST_TILES);
    if (chosen.length < wanted.length && size > 0)
      notes.push(`${chosen.length} of ${formatCount(wanted.length)} heads are shown.`);
    const flat = flatNumbers(values);
    const own = (head: number) => flat.subarray(from + head * size, from + (head + 1) * size);
    const high = Math.max(0, ...chosen.map((head) => rangeOf(own(head))[1]));
    key = rampKey('attention', 0, high || 1);
    const side = pixelsOfTile(chosen.length, options.columns);
    tiles = chosen.map((head): Tile => {
      const part = own(head);
      const planes = {
        channels: 1 as const,
        rows: queries,
        columns: keys,
        at: (_: number, r: number, c: number) => part[r * keys + c],
      };
      lines.push(`${heads > 1 ? `head ${head}: ` : ''}${strongest(part, keys, names)}`);
      return { ...paint(planes, key, side), label: heads > 1 ? `head ${head}` : '', wrong: false };
    });
  } catch (error) {
    tiles = [];
    notes.push(error instanceof Error ? error.message : String(error));
  }
  return pictureGrid(
    {
      title: options.title ?? 'Attention',
      width: options.width ?? 720,
      columns: options.columns ?? (tiles.length > 4 ? 4 : undefined),
      tiles,
      rows: queries,
      cells: keys,
      key,
      xName: 'key',
      yName: 'query',
      xLabels: tiles.length === 0 ? [] : names.x,
      yLabels: tiles.length === 0 ? [] : names.y,
      notes,
      lines,
      empty: 'No attention weights',
    },
    environment,
  );
}

/** @throws RangeError when there are not as many names as rows or columns */
function labels(names: readonly string[] | undefined, count: number, what: string): string[] {
  if (names === undefined || count === 0) return [];
  const given: unknown = names;
  if (!Array.isArray(given))
    throw new TypeError(`attentionMap: tokens are an array of strings, got ${describeValue(given)}`);
  if (given.length !== count)
    throw new RangeError(`attentionMap: there are ${count} ${what} and ${given.length} tokens`);
  return count > MOST_NAMES ? [] : given.map((name) => wordsFor(name).replace(/\s/g, '␣').slice(0, 20));
}

function strongest(weights: ArrayLike<number>, keys: number, names: { x: string[]; y: string[] }): string {
  let best = 0;
  for (let i = 1; i < weights.length; i++) if (weights[i] > weights[best]) best = i;
  const [q, k] = [Math.floor(best / keys), best % keys];
  return `query ${names.y[q] ?? q} attends most to key ${names.x[k] ?? k} (${formatNumber(weights[best])})`;
}
