/** Layers of Vega-Lite over one table of rows: shapes that look alike, as a mark and its channels. */
import type { ImageShape } from '../raster/image.js';
import type { Box } from '../scene/shapes.js';
import { atlasOf } from './atlas.js';
import { dotsText, pathText, thinned } from './vega-path.js';
import type { Json, JsonObject } from './vega-table.js';
import type { Inks } from './vega-theme.js';

/**
 * Of the shared rows: place, text, size (of a font, an area), fill and stroke, path, stroke width, opacity (of the
 * stroke, where there is one), opacity of the fill, the other corner, what a pointer is told.
 */
const COLUMNS = ['x', 'y', 't', 'z', 'c', 's', 'p', 'w', 'o', 'f', 'X', 'Y', 'tip'] as const;
type Column = (typeof COLUMNS)[number];
export const TYPES = Object.fromEntries(
  ['l', ...COLUMNS].map((name) => [name, /^[lxywofz]$/i.test(name) ? 'number' : 'string'] as const),
);

/** Its colours are those of {@link Inks}. */
export type Row = Partial<Record<Column, string | number>>;

/** A layer before it is written: shapes that look alike and have nothing between them. */
export interface Layer {
  /** Layers with the same key can be joined: sizes, widths and opacities may differ from row to row. */
  key: string;
  boxes: Box[];
  rows: Row[];
  images: ImageShape[];
  spec: LayerSpec;
  /** What all its rows have alike. */
  shared: Row;
}

/** What shapes of one layer have in common. */
export interface LayerSpec {
  mark: { type: 'text' | 'point' | 'rect' | 'image'; [property: string]: Json };
  /** Which paint has colours. */
  color?: 'fill' | 'stroke' | 'both';
  /** What keeps it from joining others of its mark. */
  apart?: string | number;
}

export interface SceneDetail {
  /** How far in pixels a line may leave its place for the sake of fewer points. */
  tolerance: number;
  /** Of images: how many, and pixels for a CSS pixel. */
  colors: number;
  atlas: number;
  /** Whether what lies under the pointer tells its numbers; else dots are drawn as one path a colour. */
  tips: boolean;
  /** Of dots in one square of so many radii one is drawn: the others would lie under it, or nearly so. */
  merge: number;
}

/** What of a row a mark can say for all its rows, and its channel where they differ. */
function channelOf(
  column: Column,
  type: LayerSpec['mark']['type'],
): { property: string; channel: string } | null {
  switch (column) {
    case 'c':
      return { property: 'fill', channel: 'fill' };
    case 's':
      return { property: 'stroke', channel: 'stroke' };
    case 'w':
      return { property: 'strokeWidth', channel: 'strokeWidth' };
    case 'o':
      return type === 'point'
        ? { property: 'strokeOpacity', channel: 'strokeOpacity' }
        : { property: 'opacity', channel: 'opacity' };
    case 'f':
      return { property: 'fillOpacity', channel: 'fillOpacity' };
    case 'z':
      return { property: type === 'text' ? 'fontSize' : 'size', channel: 'size' };
    default:
      return null;
  }
}

/** A row with its places to a tenth of a pixel. */
export function placed(row: Row): Row {
  const places = (['x', 'y', 'X', 'Y'] as const).flatMap((name) => {
    const at = row[name];
    return typeof at === 'number' ? [[name, Math.round(at * 10) / 10] as const] : [];
  });
  return { ...row, ...Object.fromEntries(places) };
}

/** Says once, for the mark, what all rows of a layer have alike. */
export function share(layer: Layer): void {
  if (layer.rows.length === 0) return;
  const [first] = layer.rows;
  const alike = COLUMNS.filter(
    (name) =>
      first[name] !== undefined &&
      channelOf(name, 'point') !== null &&
      layer.rows.every((row) => row[name] === first[name]),
  );
  layer.shared = Object.fromEntries(alike.map((name) => [name, first[name]]));
  layer.rows = layer.rows.map((row): Row => ({
    ...row,
    ...Object.fromEntries(alike.map((name) => [name, undefined])),
  }));
}

export function written(
  { spec, rows, shared, images }: Layer,
  l: number,
  detail: SceneDetail,
  inks: Inks,
): JsonObject {
  if (images.length > 0) return imageLayer(images, detail);
  const uses = (name: Column): boolean => rows.some((row) => row[name] !== undefined);
  const { mark } = spec;
  const properties: JsonObject = {};
  const encoding: JsonObject = {
    ...(uses('p') ? { shape: { field: 'p', type: 'nominal', scale: null } } : {}),
    ...(uses('X') ? { x2: { field: 'X' }, y2: { field: 'Y' } } : {}),
  };
  for (const name of COLUMNS) {
    const target = channelOf(name, mark.type);
    if (target === null) continue;
    const value = shared[name];
    if (value !== undefined) {
      const isColor = name === 'c' || name === 's';
      if (!isDefault(target.property, value))
        properties[target.property] = isColor ? inks.property(String(value)) : value;
    } else if (uses(name))
      encoding[target.channel] = {
        field: name,
        type: name === 'c' || name === 's' ? 'nominal' : 'quantitative',
        scale: null,
      };
  }
  if (uses('t')) encoding.text = { field: 't', type: 'nominal' };
  if (detail.tips && uses('tip')) encoding.tooltip = { field: 'tip', type: 'nominal' };
  return {
    transform: [{ filter: `datum.l == ${l}` }],
    mark: { ...mark, ...properties },
    ...(Object.keys(encoding).length > 0 ? { encoding } : {}),
  };
}

const isDefault = (property: string, value: string | number): boolean =>
  /opacity$/i.test(property) && value === 1;

/** Rows without what only a pointer asks for; lines and dots of one colour are one path. */
export function forgetTips(layer: Layer, merge: number): void {
  const plain = layer.rows.map((row): Row => ({ ...row, tip: undefined }));
  layer.rows = plain;
  const { mark, color } = layer.spec;
  if (mark.type === 'rect') {
    layer.spec = { mark: { type: 'point' }, color: 'fill' };
    layer.rows = cellPaths(plain);
    return;
  }
  const isPaths = mark.type === 'point' && plain.every((row) => row.p !== undefined);
  if (!isPaths || (color !== 'stroke' && color !== 'fill')) return;
  const lookOf = ({ c, s, w, o, f }: Row): string => [c, s, w, o, f].join();
  layer.rows = [...new Set(plain.map(lookOf))].map((look): Row => {
    const rows = plain.filter((row) => lookOf(row) === look);
    const { c, s, w, o, f } = rows[0];
    const dots = rows.filter((row) => row.p === '');
    const lines = rows.filter((row) => row.p !== '').map((row) => row.p);
    const at = dots.map(({ x, y }): [number, number] => [Number(x), Number(y)]);
    const seen = thinned(at, (merge * Number(w)) / 2);
    return { x: 0, y: 0, p: lines.join('') + dotsText(seen), c, s, w, o, f };
  });
}

/** Rectangles of one colour as one path: a quarter of the bytes of a row for each. */
function cellPaths(rows: readonly Row[]): Row[] {
  const colors = new Map<string, Row[]>();
  for (const row of rows) {
    const look = [row.c, row.o].join();
    colors.set(look, [...(colors.get(look) ?? []), row]);
  }
  return [...colors.values()].map((alike): Row => {
    const corners = alike.map(({ x, y, X, Y }): [number, number][] => {
      const [left, top, right, bottom] = [x, y, X, Y].map(Number);
      return [
        [left, top],
        [right, top],
        [right, bottom],
        [left, bottom],
      ];
    });
    return { x: 0, y: 0, p: pathText(corners), w: 0, c: alike[0].c, f: alike[0].o };
  });
}

function imageLayer(images: readonly ImageShape[], { colors, atlas }: SceneDetail): JsonObject {
  const { url, box, crisp } = atlasOf(images, colors, atlas);
  return {
    data: { values: [{ url }] },
    mark: {
      type: 'image',
      width: box.width,
      height: box.height,
      align: 'left',
      baseline: 'top',
      aspect: false,
      smooth: !crisp,
    },
    encoding: {
      x: { value: box.x },
      y: { value: box.y },
      url: { field: 'url', type: 'nominal' },
    },
  };
}
