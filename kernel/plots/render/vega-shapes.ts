/**
 * Shapes of a picture as rows of Vega-Lite. What stands on the chart's ground takes the colours of the frontend's theme;
 * what lies on painted cells keeps its own.
 */
import type { FontSet } from '../scene/font.js';
import { textBox, type Box, type Shape, type TextShape } from '../scene/shapes.js';
import { COLOR, TYPE, contrastOnWhite, parseColor } from '../scene/style.js';
import type { ImageShape } from '../raster/image.js';
import { boundsOf, clipped, joined, polylines, simplified, type Polyline } from './outline.js';
import type { LayerSpec, Row, SceneDetail } from './vega-layers.js';
import { pathText } from './vega-path.js';
import type { Inks } from './vega-theme.js';

/** Grids and pale grounds: seen on white and on dark grey. */
const HAIR = { color: '#8a939c', opacity: 0.4 };
const GROUND = { color: '#8a939c', opacity: 0.1 };
const WARNING = { color: '#e5484d', opacity: 0.16 };
const PALE_CONTRAST = 1.35;
const MUTED_OPACITY = 0.75;
const WHITE = '#ffffff';

/** A shape as Vega-Lite draws it. */
export interface Drawn {
  spec: LayerSpec;
  rows: Row[];
  box: Box;
  images?: ImageShape[];
}

/** Draws shapes from back to front, and remembers what is painted: what lies on it does not change with the theme. */
export class ShapeWriter {
  private readonly paints: ReadonlyMap<Shape, Box | null>;
  private readonly painted: Box[] = [];
  /** Colours of dots on paint: those beside it that explain them have the same. */
  private readonly fixed: ReadonlySet<string>;
  private number = 0;

  constructor(
    shapes: readonly Shape[],
    private readonly fonts: FontSet,
    private readonly detail: SceneDetail,
    private readonly inks: Inks,
  ) {
    this.paints = new Map(shapes.map((shape) => [shape, paintOf(shape)]));
    const all = [...this.paints.values()].filter((box) => box !== null);
    this.fixed = new Set(
      shapes.flatMap((shape) =>
        shape.kind === 'circle' && isOn(all, { x: shape.x, y: shape.y, width: 0, height: 0 })
          ? [shape.fill]
          : [],
      ),
    );
  }

  /** Null where there is nothing to see. */
  write(shape: Shape): Drawn | null {
    this.number += 1;
    const drawn = this.draw(shape);
    const paint = this.paints.get(shape) ?? null;
    if (paint !== null) this.painted.push(paint);
    return drawn;
  }

  private draw(shape: Shape): Drawn | null {
    switch (shape.kind) {
      case 'text':
        return shape.text === '' ? null : this.text(shape, textBox(shape, this.fonts));
      case 'circle':
        return this.circle(shape);
      case 'rect':
        return this.rect(shape);
      case 'image':
        return {
          // Coarse smooth images stay by themselves, crisp ones share a picture.
          spec: { mark: { type: 'image' }, apart: shape.crisp === true ? 0 : this.number },
          rows: [],
          box: shape.box,
          images: [shape],
        };
      case 'path':
        return this.path(shape);
    }
  }

  private isOnPaint(box: Box): boolean {
    return isOn(this.painted, box);
  }

  private text(shape: TextShape, box: Box): Drawn {
    const { size, weight } = TYPE[shape.role];
    const own = this.isOnPaint(box);
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
    const color: Row = isInk && !own ? {} : { c: own ? shape.fill : this.inks.text(shape.fill) };
    const row = { x: shape.x, y: shape.y, t: shape.text, z: size, o: opacity, ...color };
    return { spec: { mark, color: 'fill' }, rows: [row], box };
  }

  private circle(shape: Extract<Shape, { kind: 'circle' }>): Drawn {
    const { x, y, r, stroke, width = 1 } = shape;
    const box = { x: x - r, y: y - r, width: 2 * r, height: 2 * r };
    const own = this.isOnPaint(box);
    const paint = (color: string): string => (own || this.fixed.has(color) ? color : this.inks.line(color));
    if (!this.detail.tips && (stroke === undefined || stroke === WHITE))
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

  private rect(shape: Extract<Shape, { kind: 'rect' }>): Drawn {
    const { box, fill, opacity = 1 } = shape;
    const at = { x: box.x, y: box.y, X: box.x + box.width, Y: box.y + box.height, ...tipOf(shape.tip) };
    const drawn = (c: string, o: number): Drawn => ({
      spec: { mark: { type: 'rect' }, color: 'fill' },
      rows: [{ ...at, o, c }],
      box,
    });
    // A plate of paper under a word.
    if (fill === COLOR.background) return drawn(this.isOnPaint(box) ? fill : this.inks.line(fill), opacity);
    const pale = paleOf(fill);
    if (pale !== null) return drawn(pale.color, pale.opacity);
    return drawn(fill, opacity);
  }

  private path(shape: Extract<Shape, { kind: 'path' }>): Drawn | null {
    const { tolerance } = this.detail;
    const lines = outlineOf(shape);
    if (lines.length === 0) return null;
    const box = boundsOf(lines);
    const own = this.isOnPaint(box);
    const { fill, stroke, dash, opacity = 1 } = shape;
    const pale = fill === undefined ? null : paleOf(fill);
    const isHair = !own && (stroke === COLOR.grid || stroke === COLOR.empty);
    // The edge of something painted goes with it; a white one is the ground that is seen between two.
    const keeps = own || (fill !== undefined && stroke !== WHITE);
    const line = stroke === undefined ? null : keeps ? stroke : this.inks.line(stroke);
    // Distributions are told from the ground by their colour alone.
    const tint = fill === undefined || shape.role !== 'ridge' ? fill : this.inks.line(fill);
    const shade = pale ?? (tint === undefined ? null : { color: tint, opacity: 1 });
    const mark: LayerSpec['mark'] = {
      type: 'point',
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
    const look: Row = {
      w: stroke === undefined ? 0 : (shape.width ?? 1),
      ...(line === null ? {} : { o: isHair ? HAIR.opacity : opacity }),
      ...(shade === null ? {} : { f: shade.opacity * (line === null ? opacity : 1) }),
    };
    return { spec: { mark, color }, rows: [{ x: 0, y: 0, p, ...look, ...colors }], box };
  }
}

/** What a shape paints over, so that what lies there is the same in every theme. */
function paintOf(shape: Shape): Box | null {
  if (shape.kind === 'image') return shape.box;
  if (shape.kind !== 'rect' && shape.kind !== 'path') return null;
  const { fill } = shape;
  if (fill === undefined || fill === COLOR.background || paleOf(fill) !== null) return null;
  if (shape.kind === 'rect') return shape.box;
  if (shape.role !== 'frame') return null;
  const lines = outlineOf(shape);
  return lines.length === 0 ? null : boundsOf(lines);
}

/** What of a path is seen. */
function outlineOf({ d, clip }: Extract<Shape, { kind: 'path' }>): Polyline[] {
  const whole = polylines(d);
  return clip === undefined ? whole : whole.flatMap((line) => clipped(line, clip));
}

function isOn(painted: readonly Box[], { x, y, width, height }: Box): boolean {
  const [cx, cy] = [x + width / 2, y + height / 2];
  return painted.some(
    (area) => cx >= area.x && cx <= area.x + area.width && cy >= area.y && cy <= area.y + area.height,
  );
}

const tipOf = (tip: string | undefined): Row => (tip === undefined ? {} : { tip });

/** Grounds that are hardly darker than white: on dark ones they must be hardly lighter. */
function paleOf(fill: string): typeof GROUND | null {
  if (contrastOnWhite(parseColor(fill)) > PALE_CONTRAST) return null;
  const [r, g, b] = parseColor(fill);
  if (Math.max(r, g, b) - Math.min(r, g, b) < 8) return GROUND;
  return fill === '#fbeaea' ? WARNING : null;
}
