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
import { PATH_SIZE, dotsText, pathText } from './vega-path.js';

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type JsonObject = Record<string, Json>;

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
  /** Layers with the same key can be joined. */
  key: string;
  boxes: Box[];
  rows: Row[];
  images: ImageShape[];
  spec: JsonObject;
}

interface Drawn {
  spec: JsonObject;
  rows: Row[];
  box: Box;
  images?: ImageShape[];
}

export interface SceneDetail {
  /** How far in pixels a line may leave its place for the sake of fewer points. */
  tolerance: number;
  /** Of images. */
  colors: number;
  /** Whether what lies under the pointer tells its numbers; else dots are drawn as one path a colour. */
  tips: boolean;
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
  if (!detail.tips) layers.forEach(forgetTips);
  const lines = layers.flatMap(({ rows }, l) =>
    rows.map((row) => [l, ...COLUMNS.map((name) => cell(row[name]))].join(',').replace(/,+$/, '')),
  );
  const at = (field: string): Json => ({ field, type: 'quantitative', scale: null });
  return {
    width,
    height,
    padding: 0,
    autosize: 'none',
    // All layers share their rows and places: Jupyter stores a line for every word of a specification.
    data: { values: [`l,${COLUMNS.join(',')}`, ...lines].join('\n'), format: { type: 'csv', parse: PARSE } },
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
  function open(all: Layer[], key: string, spec: JsonObject): Layer {
    const layer: Layer = { key, boxes: [], rows: [], images: [], spec };
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
          spec: { mark: { type: 'image', number: shape.crisp === true ? 0 : number } },
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
  const mark: JsonObject = {
    type: 'text',
    align: { start: 'left', middle: 'center', end: 'right' }[shape.anchor],
    fontSize: size,
    ...(weight === 400 ? {} : { fontWeight: weight }),
    // The theme's colour of labels: without a fill of their own texts take that of their style.
    ...(isInk && !own ? { style: 'guide-label', filled: false, stroke: null } : {}),
    ...(opacity < 1 ? { opacity } : {}),
    ...(shape.upwards === true ? { angle: 270 } : {}),
  };
  const color: Row = isInk && !own ? {} : { c: own ? shape.fill : bothThemes(shape.fill) };
  return { spec: { mark, color: 'fill' }, rows: [{ x: shape.x, y: shape.y, t: shape.text, ...color }], box };
}

function circleOf(shape: Extract<Shape, { kind: 'circle' }>, ground: readonly Box[], tips: boolean): Drawn {
  const { x, y, r, stroke, width = 1 } = shape;
  const box = { x: x - r, y: y - r, width: 2 * r, height: 2 * r };
  const own = onPaint(box, ground);
  const paint = (color: string): string => (own || color === '#ffffff' ? color : lineInBothThemes(color));
  if (!tips && (stroke === undefined || stroke === '#ffffff'))
    return {
      spec: {
        mark: { type: 'point', strokeWidth: 2 * r, strokeCap: 'round' },
        color: 'stroke',
      },
      rows: [{ x, y, p: '', s: paint(shape.fill) }],
      box,
    };
  return {
    spec: {
      mark: {
        type: 'point',
        size: Math.round(Math.PI * r * r * 10) / 10,
        ...(stroke === undefined ? { strokeWidth: 0 } : { strokeWidth: width }),
      },
      color: stroke === undefined ? 'fill' : 'both',
    },
    rows: [{ x, y, c: paint(shape.fill), ...(stroke ? { s: paint(stroke) } : {}), ...tipOf(shape.tip) }],
    box,
  };
}

const tipOf = (tip: string | undefined): Row => (tip === undefined ? {} : { tip });

function rectOf(shape: Extract<Shape, { kind: 'rect' }>, ground: Box[]): Drawn {
  const { box } = shape;
  const at = { x: box.x, y: box.y, X: box.x + box.width, Y: box.y + box.height, ...tipOf(shape.tip) };
  const pale = paleOf(shape.fill);
  if (pale !== null && shape.fill !== COLOR.background)
    return {
      spec: { mark: { type: 'rect', opacity: pale.opacity }, color: 'fill' },
      rows: [{ ...at, c: pale.color }],
      box,
    };
  ground.push(box);
  return {
    spec: { mark: { type: 'rect', opacity: shape.opacity ?? 1 }, color: 'fill' },
    rows: [{ ...at, c: shape.fill }],
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
  const mark: JsonObject = {
    type: 'point',
    strokeWidth: stroke === undefined ? 0 : (shape.width ?? 1),
    ...(isHair
      ? { strokeOpacity: HAIR.opacity }
      : opacity < 1
        ? { [stroke ? 'strokeOpacity' : 'fillOpacity']: opacity }
        : {}),
    ...(shade === null || shade.opacity === 1 ? {} : { fillOpacity: shade.opacity }),
    ...(dash === undefined ? {} : { strokeDash: [...dash] }),
  };
  const colors: Row = {
    ...(shade === null ? {} : { c: shade.color }),
    ...(line === null ? {} : { s: isHair ? HAIR.color : line }),
  };
  const p = pathText(
    (fill === undefined ? joined(lines) : lines).map((points) => simplified(points, tolerance)),
  );
  const color = shade === null ? 'stroke' : line === null ? 'fill' : 'both';
  return { spec: { mark, color }, rows: [{ x: 0, y: 0, p, ...colors }], box };
}

const COLUMNS = ['x', 'y', 't', 'c', 's', 'p', 'X', 'Y', 'tip'] as const;
const PARSE: JsonObject = Object.fromEntries(
  ['l', ...COLUMNS].map((name) => [name, /^[lxy]$/i.test(name) ? 'number' : 'string']),
);

function written({ spec, rows, images }: Layer, l: number, { colors, tips }: SceneDetail): JsonObject {
  if (images.length > 0) return imageLayer(images, colors);
  const uses = (name: (typeof COLUMNS)[number]): boolean => rows.some((row) => row[name] !== undefined);
  const paint = (name: 'c' | 's'): Json => {
    // A colour that all share is said once.
    const [first] = rows;
    return rows.every((row) => row[name] === first[name])
      ? { value: String(first[name]) }
      : { field: name, type: 'nominal', scale: null };
  };
  const { color } = spec;
  const encoding: JsonObject = {
    ...(uses('p') ? { shape: { field: 'p', type: 'nominal', scale: null } } : {}),
    ...(uses('X') ? { x2: { field: 'X' }, y2: { field: 'Y' } } : {}),
    ...(uses('c') && color !== 'stroke' ? { fill: paint('c') } : {}),
    ...(uses('s') && color !== 'fill' ? { stroke: paint('s') } : {}),
    ...(uses('t') ? { text: { field: 't', type: 'nominal' } } : {}),
    ...(tips && uses('tip') ? { tooltip: { field: 'tip', type: 'nominal' } } : {}),
  };
  return {
    transform: [{ filter: `datum.l == ${l}` }],
    mark: spec.mark,
    ...(Object.keys(encoding).length > 0 ? { encoding } : {}),
  };
}

/** Rows without what only a pointer asks for; lines and dots of one colour are one path. */
function forgetTips(layer: Layer): void {
  const plain = layer.rows.map((row): Row => ({ ...row, tip: undefined }));
  layer.rows = plain;
  if (layer.spec.color !== 'stroke') return;
  layer.rows = [...new Set(plain.map((row) => row.s))].map((s): Row => {
    const rows = plain.filter((row) => row.s === s);
    const dots = rows.filter((row) => row.p === '');
    const lines = rows.filter((row) => row.p !== '').map((row) => row.p);
    const at = dots.map(({ x, y }): [number, number] => [Number(x), Number(y)]);
    return { x: 0, y: 0, p: lines.join('') + dotsText(at), s };
  });
}

function cell(value: string | number | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return String(Math.round(value * 10) / 10);
  return /[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

function imageLayer(images: readonly ImageShape[], colors: number): JsonObject {
  const { url, box, crisp } = atlasOf(images, colors);
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
