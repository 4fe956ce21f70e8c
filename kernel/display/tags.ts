/** Template tags that make rich text: html`<b>${name}</b>`, md`# Title`, svg`<circle/>`, latex`\frac{1}{2}`. */
import type { MimeBundle } from './mime.js';
import { escapeHtml } from './table.js';

const SVG = 'image/svg+xml';

/** Text of one MIME type that shows itself. */
export class RichText {
  constructor(
    readonly mime: string,
    readonly text: string,
  ) {}

  toString(): string {
    return this.text;
  }

  toSVG(): string | undefined {
    return this.mime === SVG ? this.text : undefined;
  }

  /** Nothing for SVG, which is shown as any drawing is, with a PNG beside it and on white where it has no ground. */
  [Symbol.for('Jupyter.display')](): MimeBundle | undefined {
    if (this.mime === SVG) return undefined;
    return { [this.mime]: this.text, 'text/plain': plainText(this.mime, this.text) };
  }
}

type Tag = (parts: TemplateStringsArray | string, ...values: unknown[]) => RichText;

/** HTML. Values are escaped, except other html and svg, and lists of them. */
export const html: Tag = (parts, ...values) => new RichText('text/html', join(parts, values, markup));

/** SVG. Values are escaped as in `html`. */
export const svg: Tag = (parts, ...values) =>
  new RichText(SVG, withNamespace(join(parts, values, markup).trim()));

/** Markdown. Backslashes stay, so that formulas need no doubling. */
export const md: Tag = (parts, ...values) => new RichText('text/markdown', joinRaw(parts, values));

/** A LaTeX formula, shown as display mathematics unless it brings its own delimiters. */
export const latex: Tag = (parts, ...values) => {
  const text = joinRaw(parts, values).trim();
  return new RichText('text/latex', /^(\$|\\\[|\\\(|\\begin)/.test(text) ? text : `$$${text}$$`);
};

function join(
  parts: TemplateStringsArray | string,
  values: readonly unknown[],
  show: (value: unknown) => string,
): string {
  if (typeof parts === 'string') return parts;
  return parts.map((part, index) => (index === 0 ? part : show(values[index - 1]) + part)).join('');
}

function joinRaw(parts: TemplateStringsArray | string, values: readonly unknown[]): string {
  if (typeof parts === 'string') return parts;
  const text = (value: unknown): string =>
    Array.isArray(value) ? value.map(String).join('') : String(value);
  return parts.raw
    .map((part) => part.replace(/\\([`$])/g, '$1'))
    .map((part, index) => (index === 0 ? part : text(values[index - 1]) + part))
    .join('');
}

function markup(value: unknown): string {
  if (Array.isArray(value)) return value.map(markup).join('');
  if (value instanceof RichText && (value.mime === 'text/html' || value.mime === SVG)) return value.text;
  return value === undefined || value === null || value === false ? '' : escapeHtml(stringOf(value));
}

function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : `${value as string | number}`;
}

function withNamespace(text: string): string {
  const whole = /^<svg[\s>]/i.test(text) ? text : `<svg>${text}</svg>`;
  return /\sxmlns=/.test(whole) ? whole : whole.replace(/<svg/i, '<svg xmlns="http://www.w3.org/2000/svg"');
}

/** For a terminal: what a reader would read. */
function plainText(mime: string, text: string): string {
  if (mime !== 'text/html') return text;
  return text
    .replace(/<(style|script)[\s\S]*?<\/\1>/gi, '')
    .replace(/<(br|\/p|\/div|\/tr|\/h\d|\/li)\b[^>]*>/gi, '\n')
    .replace(/<\/t[dh]>\s*(?=<t[dh])/gi, '\t')
    .replace(/<[^>]+>/g, '')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replace(/&(amp|lt|gt|quot|nbsp);/g, (_, name: string) => ENTITIES[name] ?? '')
    .trim();
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', nbsp: ' ' };
