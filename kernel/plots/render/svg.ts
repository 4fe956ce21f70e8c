/** Writes a scene as SVG. Text becomes outlines of the bundled font; what the font lacks stays a `<text>`. */
import type { FontSet } from '../scene/font.js';
import { px, type Box, type Scene, type Shape, type TextShape } from '../scene/shapes.js';
import { TYPE } from '../scene/style.js';
import type { ImageShape } from './composite.js';

export interface Svg {
  source: string;
  /** Some text could not be drawn from the bundled font: the rasterizer must look for fonts of the system. */
  needsSystemFonts: boolean;
  /** What lies behind all that is drawn; the drawing's background is then transparent. */
  images: ImageShape[];
}

export function toSvg(scene: Scene, fonts: FontSet): Svg {
  const writer = new SvgWriter(fonts);
  const body = scene.shapes.map((shape) => writer.shape(shape)).join('');
  const size = `width="${px(scene.width)}" height="${px(scene.height)}"`;
  const defs = writer.defs.size === 0 ? '' : `<defs>${[...writer.defs.values()].join('')}</defs>`;
  return {
    source: `<svg xmlns="http://www.w3.org/2000/svg" ${size} viewBox="0 0 ${px(scene.width)} ${px(scene.height)}">${defs}${body}</svg>`,
    needsSystemFonts: writer.needsSystemFonts,
    images: writer.images,
  };
}

class SvgWriter {
  readonly defs = new Map<string, string>();
  needsSystemFonts = false;
  readonly images: ImageShape[] = [];

  constructor(private readonly fonts: FontSet) {}

  shape(shape: Shape): string {
    switch (shape.kind) {
      case 'rect':
        return `<rect ${boxAttributes(shape.box)} fill="${shape.fill}"${opacity('fill', shape.opacity)}/>`;
      case 'circle': {
        const stroke = shape.stroke ? ` stroke="${shape.stroke}" stroke-width="${shape.width ?? 1}"` : '';
        return `<circle cx="${px(shape.x)}" cy="${px(shape.y)}" r="${shape.r}" fill="${shape.fill}"${stroke}/>`;
      }
      case 'path': {
        const stroke = shape.stroke
          ? ` stroke="${shape.stroke}" stroke-width="${shape.width ?? 1}" stroke-linejoin="round"`
          : '';
        const dash = shape.dash ? ` stroke-dasharray="${shape.dash.join(' ')}"` : '';
        return `<path d="${shape.d}" fill="${shape.fill ?? 'none'}"${stroke}${dash}${opacity(shape.stroke ? 'stroke' : 'fill', shape.opacity)}${this.clip(shape.clip)}/>`;
      }
      case 'image':
        // Put behind the drawing when that is rasterized.
        this.images.push(shape);
        return '';
      case 'text':
        return this.text(shape);
    }
  }

  private clip(box: Box | undefined): string {
    if (box === undefined) return '';
    const id = `c${[box.x, box.y, box.width, box.height].map(Math.round).join('-')}`;
    this.defs.set(id, `<clipPath id="${id}"><rect ${boxAttributes(box)}/></clipPath>`);
    return ` clip-path="url(#${id})"`;
  }

  private text(shape: TextShape): string {
    if (shape.text === '') return '';
    const { size, weight } = TYPE[shape.role];
    const font = this.fonts.font(weight);
    const scale = font === undefined ? 1 : size / font.unitsPerEm;
    const width = this.fonts.width(shape.text, size, weight);
    const left = shape.x - (shape.anchor === 'start' ? 0 : shape.anchor === 'end' ? width : width / 2);
    let advance = 0;
    let glyphs = '';
    let strangers = '';
    for (const character of shape.text) {
      const found = font?.glyph(character.codePointAt(0)!) ?? null;
      if (found === null) strangers += this.stranger(character, left + advance, shape);
      else if (found.glyph.path !== '') {
        const key = `g${weight}-${found.id}`;
        if (!this.defs.has(key)) this.defs.set(key, `<path id="${key}" d="${found.glyph.path}"/>`);
        glyphs += `<use href="#${key}" x="${Math.round(advance / scale)}"/>`;
      }
      advance += this.fonts.width(character, size, weight);
    }
    const turn = turned(shape);
    const place = `transform="${turn}translate(${px(left)} ${px(shape.y)}) scale(${Number(scale.toPrecision(6))})"`;
    const label = `aria-label="${escapeXml(shape.text)}"`;
    const halo = shape.halo
      ? `<g ${place} fill="#fff" stroke="#fff" stroke-width="${Math.round(3.5 / scale)}" stroke-linejoin="round">${glyphs}</g>`
      : '';
    return `${halo}<g ${place} ${label} fill="${shape.fill}">${glyphs}</g>${strangers}`;
  }

  /** A character that the bundled font lacks. */
  private stranger(character: string, x: number, shape: TextShape): string {
    this.needsSystemFonts = true;
    const { size, weight } = TYPE[shape.role];
    const turn = shape.upwards ? ` transform="${turned(shape).trim()}"` : '';
    return `<text${turn} x="${px(x)}" y="${px(shape.y)}" font-family="sans-serif" font-size="${size}" font-weight="${weight}" fill="${shape.fill}">${escapeXml(character)}</text>`;
  }
}

function turned({ upwards, x, y }: TextShape): string {
  return upwards ? `rotate(-90 ${px(x)} ${px(y)}) ` : '';
}

function boxAttributes({ x, y, width, height }: Box): string {
  return `x="${px(x)}" y="${px(y)}" width="${px(width)}" height="${px(height)}"`;
}

/** Of the paint, not of the element: the latter would be drawn on a layer of its own, which costs far more. */
function opacity(paint: 'fill' | 'stroke', value: number | undefined): string {
  return value === undefined || value === 1 ? '' : ` ${paint}-opacity="${value}"`;
}

/** Control characters have no place in XML, not even escaped. */
function escapeXml(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ').replace(/[<>&"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
