/**
 * Charts that are pictures as Vega-Lite: the shapes of the PNG's own layout, at their places in pixels, so that nothing
 * overlaps that does not overlap there. What stands on the chart's ground takes the colours of the frontend's theme;
 * what lies on painted cells keeps its own.
 */
import type { ChartModel } from '../model/chart.js';
import { bundledFonts } from '../scene/font.js';
import { layout } from '../scene/layout.js';
import { overlaps, textBox, type Box, type Shape, type TextShape } from '../scene/shapes.js';
import { COLOR, TYPE, bothThemes, contrastOnWhite, lineInBothThemes, parseColor } from '../scene/style.js';
import { atlasOf } from './atlas.js';
import type { ImageShape } from '../raster/image.js';
import { boundsOf, clipped, joined, polylines, simplified } from './outline.js';
import { PATH_SIZE, dotsText, pathText, thinned } from './vega-path.js';
import { csv, type Json, type JsonObject } from './vega-table.js';

/** Of the picture's font where a browser has it; the others are no wider. */
const FONT = 'Inter, "Helvetica Neue", Arial, "Liberation Sans", sans-serif';
/** Grids and pale grounds: seen on white and on dark grey. */
const HAIR = { color: '#8a939c', opacity: 0.4 };
const GROUND = { color: '#8a939c', opacity: 0.1 };
const WARNING = { color: '#e5484d', opacity: 0.16 };
const PALE_CONTRAST = 1.35;
/** Most points are paths. */
const POINT = { opacity: 1, size: PATH_SIZE, strokeJoin: 'round' };
const MUTED_OPACITY = 0.75;
type Row = Partial<Record<(typeof COLUMNS)[number], string | number>>;

/** A layer before it is written: shapes that look alike and have nothing between them. */
interface Layer {
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
interface LayerSpec {
  mark: { type: 'text' | 'point' | 'rect' | 'image'; [property: string]: Json };
  /** Which paint has colours. */
  color?: 'fill' | 'stroke' | 'both';
  /** What keeps it from joining others of its mark. */
  apart?: string | number;
}

interface Drawn {
  spec: LayerSpec;
  rows: Row[];
  box: Box;
  images?: ImageShape[];
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

/**
 * The whole chart, in CSS pixels; null where it is nothing but words.
 */
export function sceneSpec(chart: ChartModel, detail: SceneDetail): JsonObject | null {
  const fonts = bundledFonts();
  const { width, height, shapes } = layout(chart, fonts);
  if (shapes.every(({ kind }) => kind === 'text')) return null;
  const layers: Layer[] = [];
  const painted: Box[] = [];
  const all = shapes.map((shape, i) => drawn(shape, painted, i)).filter((one) => one !== null);
  for (const { spec, rows, box, images = [] } of imagesFirst(all)) {
    const key = JSON.stringify(spec);
    const layer: Layer = place(layers, key, box) ?? open(layers, key, spec);
    layer.boxes.push(box);
    layer.rows.push(...rows);
    layer.images.push(...images);
  }
  if (!detail.tips) for (const layer of layers) forgetTips(layer, detail.merge);
  layers.forEach(share);
  const rows = layers.flatMap((layer, l) => layer.rows.map((row) => ({ l, ...placed(row) })));
  const at = (field: string): Json => ({ field, type: 'quantitative', scale: null });
  return {
    width,
    height,
    padding: 0,
    autosize: 'none',
    // All layers share their rows and places: Jupyter stores a line for every word of a specification.
    data: csv(TYPES, rows),
    encoding: { x: at('x'), y: at('y') },
    layer: layers.map((layer, l) => written(layer, l, detail)),
    config: { view: { stroke: null }, font: FONT, text: { baseline: 'alphabetic' }, point: POINT },
  };

  function place(all: readonly Layer[], key: string, box: Box): Layer | null {
    for (const layer of all.toReversed()) {
      if (layer.key === key) return layer;
      if (layer.boxes.some((other) => overlaps(other, box))) return null;
    }
    return null;
  }
  function open(all: Layer[], key: string, spec: LayerSpec): Layer {
    const layer: Layer = { key, boxes: [], rows: [], images: [], spec, shared: {} };
    all.push(layer);
    return layer;
  }
  function drawn(shape: Shape, ground: Box[], number: number): Drawn | null {
    switch (shape.kind) {
      case 'text':
        return shape.text === '' ? null : textOf(shape, textBox(shape, fonts), ground);
      case 'circle':
        return circleOf(shape, ground, detail.tips);
      case 'rect':
        return rectOf(shape, ground);
      case 'image':
        ground.push(shape.box);
        return {
          // Coarse smooth images stay by themselves, crisp ones share a picture.
          spec: { mark: { type: 'image' }, apart: shape.crisp === true ? 0 : number },
          rows: [],
          box: shape.box,
          images: [shape],
        };
      case 'path':
        return pathOf(shape, ground, detail.tolerance);
    }
  }
}

/** Images that lie on nothing come first: what lies on several of them alike can then be one layer. */
function imagesFirst(all: readonly Drawn[]): Drawn[] {
  const first = all.filter(
    ({ images, box }, i) =>
      images !== undefined &&
      all.slice(0, i).every((other) => other.images !== undefined || !overlaps(other.box, box)),
  );
  return [...first, ...all.filter((one) => !first.includes(one))];
}

/** Whether a place lies on something painted, which is the same in every theme. */
function onPaint({ x, y, width, height }: Box, ground: readonly Box[]): boolean {
  const [cx, cy] = [x + width / 2, y + height / 2];
  return ground.some(
    (area) => cx >= area.x && cx <= area.x + area.width && cy >= area.y && cy <= area.y + area.height,
  );
}

function textOf(shape: TextShape, box: Box, ground: readonly Box[]): Drawn {
  const { size, weight } = TYPE[shape.role];
  const own = onPaint(box, ground);
  const isInk = shape.fill === COLOR.ink || shape.fill === COLOR.muted;
  const opacity = !own && shape.fill === COLOR.muted ? MUTED_OPACITY : 1;
  const mark: LayerSpec['mark'] = {
    type: 'text',
    align: { start: 'left', middle: 'center', end: 'right' }[shape.anchor],
    ...(weight === 400 ? {} : { fontWeight: weight }),
    // The theme's colour of labels: without a fill of their own texts take that of their style.
    ...(isInk && !own ? { style: 'guide-label', filled: false, stroke: null } : {}),
    ...(shape.upwards === true ? { angle: 270 } : {}),
  };
  const color: Row = isInk && !own ? {} : { c: own ? shape.fill : bothThemes(shape.fill) };
  const row = { x: shape.x, y: shape.y, t: shape.text, z: size, o: opacity, ...color };
  return { spec: { mark, color: 'fill' }, rows: [row], box };
}

function circleOf(shape: Extract<Shape, { kind: 'circle' }>, ground: readonly Box[], tips: boolean): Drawn {
  const { x, y, r, stroke, width = 1 } = shape;
  const box = { x: x - r, y: y - r, width: 2 * r, height: 2 * r };
  const own = onPaint(box, ground);
  const paint = (color: string): string => (own || color === '#ffffff' ? color : lineInBothThemes(color));
  if (!tips && (stroke === undefined || stroke === '#ffffff'))
    return {
      spec: { mark: { type: 'point', strokeCap: 'round' }, color: 'stroke' },
      rows: [{ x, y, p: '', w: 2 * r, o: 1, s: paint(shape.fill) }],
      box,
    };
  return {
    spec: { mark: { type: 'point' }, apart: 'circle', color: stroke === undefined ? 'fill' : 'both' },
    rows: [
      {
        x,
        y,
        z: Math.round(Math.PI * r * r * 10) / 10,
        w: stroke === undefined ? 0 : width,
        c: paint(shape.fill),
        ...(stroke ? { s: paint(stroke) } : {}),
        ...tipOf(shape.tip),
      },
    ],
    box,
  };
}

const tipOf = (tip: string | undefined): Row => (tip === undefined ? {} : { tip });

/** Null for a plate of paper under a word: on a dark theme it would be a white spot. */
function rectOf(shape: Extract<Shape, { kind: 'rect' }>, ground: Box[]): Drawn | null {
  const { box } = shape;
  if (shape.fill === COLOR.background) return null;
  const at = { x: box.x, y: box.y, X: box.x + box.width, Y: box.y + box.height, ...tipOf(shape.tip) };
  const pale = paleOf(shape.fill);
  if (pale !== null)
    return {
      spec: { mark: { type: 'rect' }, color: 'fill' },
      rows: [{ ...at, o: pale.opacity, c: pale.color }],
      box,
    };
  ground.push(box);
  return {
    spec: { mark: { type: 'rect' }, color: 'fill' },
    rows: [{ ...at, o: shape.opacity ?? 1, c: shape.fill }],
    box,
  };
}

/** Grounds that are hardly darker than white: on dark ones they must be hardly lighter. */
function paleOf(fill: string): typeof GROUND | null {
  if (contrastOnWhite(parseColor(fill)) > PALE_CONTRAST) return null;
  const [r, g, b] = parseColor(fill);
  if (Math.max(r, g, b) - Math.min(r, g, b) < 8) return GROUND;
  return fill === '#fbeaea' ? WARNING : null;
}

function pathOf(shape: Extract<Shape, { kind: 'path' }>, ground: Box[], tolerance: number): Drawn | null {
  const whole = polylines(shape.d);
  const lines = shape.clip === undefined ? whole : whole.flatMap((line) => clipped(line, shape.clip!));
  if (lines.length === 0) return null;
  const box = boundsOf(lines);
  const own = onPaint(box, ground);
  const { fill, stroke, dash, opacity = 1 } = shape;
  const pale = fill === undefined ? null : paleOf(fill);
  if (fill !== undefined && pale === null && shape.role === 'frame') ground.push(box);
  const isHair = !own && (stroke === COLOR.grid || stroke === COLOR.empty);
  const line = stroke === undefined ? null : own || fill !== undefined ? stroke : lineInBothThemes(stroke);
  const shade = pale ?? (fill === undefined ? null : { color: fill, opacity: 1 });
  const mark: LayerSpec['mark'] = { type: 'point', ...(dash === undefined ? {} : { strokeDash: [...dash] }) };
  const colors: Row = {
    ...(shade === null ? {} : { c: shade.color }),
    ...(line === null ? {} : { s: isHair ? HAIR.color : line }),
  };
  const p = pathText(
    (fill === undefined ? joined(lines) : lines).map((points) => simplified(points, tolerance)),
  );
  const color = shade === null ? 'stroke' : line === null ? 'fill' : 'both';
  const look: Row = {
    w: stroke === undefined ? 0 : (shape.width ?? 1),
    ...(line === null ? {} : { o: isHair ? HAIR.opacity : opacity }),
    ...(shade === null ? {} : { f: shade.opacity * (line === null ? opacity : 1) }),
  };
  return { spec: { mark, color }, rows: [{ x: 0, y: 0, p, ...look, ...colors }], box };
}

/**
 * Of the shared rows: place, text, size (of a font, an area), fill and stroke, path, stroke width, opacity (of the
 * stroke, where there is one), opacity of the fill, the other corner, what a pointer is told.
 */
const COLUMNS = ['x', 'y', 't', 'z', 'c', 's', 'p', 'w', 'o', 'f', 'X', 'Y', 'tip'] as const;
type Column = (typeof COLUMNS)[number];
const TYPES = Object.fromEntries(
  ['l', ...COLUMNS].map((name) => [name, /^[lxywofz]$/i.test(name) ? 'number' : 'string'] as const),
);

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
function placed(row: Row): Row {
  const places = (['x', 'y', 'X', 'Y'] as const).flatMap((name) => {
    const at = row[name];
    return typeof at === 'number' ? [[name, Math.round(at * 10) / 10] as const] : [];
  });
  return { ...row, ...Object.fromEntries(places) };
}

/** Says once, for the mark, what all rows of a layer have alike. */
function share(layer: Layer): void {
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

function written({ spec, rows, shared, images }: Layer, l: number, detail: SceneDetail): JsonObject {
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
      if (!isDefault(target.property, value)) properties[target.property] = value;
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
function forgetTips(layer: Layer, merge: number): void {
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
