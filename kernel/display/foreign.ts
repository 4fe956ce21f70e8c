/** Values of other packages that carry no display method of their own, known by their shape. */
import { encodePng } from '../../core/data/image/png.js';
import { escapeHtml } from './table.js';
import type { MimeBundle, MimeMetadata } from './mime.js';
import { pngOfSvg } from './svg-image.js';

export interface Foreign {
  data: MimeBundle;
  metadata: MimeMetadata;
}

type Fields = Partial<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

/** A plain object: made by braces or by JSON, not by a class. */
function isPlain(value: object): value is Fields {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** What is transparent in a PNG is drawn for white paper: frontends with a dark page put white behind it. */
export const ON_WHITE: MimeMetadata = { 'image/png': { needs_background: 'light' } };

const VERSION_DRAWN = 5;

/**
 * A Vega or Vega-Lite specification: an object whose `$schema` says so, or one with data, a mark and an encoding.
 * Frontends draw version 5; what is newer is given to them as such, for the two hardly differ.
 */
export function fromVega(spec: object): Foreign | null {
  if (!isFields(spec)) return null;
  const { $schema } = spec;
  const match = typeof $schema === 'string' ? /\/(vega|vega-lite)\/v(\d+)/.exec($schema) : null;
  if (match === null) {
    const { data, mark, encoding } = spec;
    const isSpec =
      $schema === undefined &&
      isFields(data) &&
      isFields(encoding) &&
      (typeof mark === 'string' || (isFields(mark) && typeof mark.type === 'string'));
    if (!isSpec || !isPlain(spec)) return null;
    const shown = { 'application/vnd.vegalite.v5+json': spec, 'text/plain': wordsOf('Vega-Lite', spec) };
    return { data: shown, metadata: {} };
  }
  const [, name] = match;
  const version = Math.min(Number(match[2]), VERSION_DRAWN);
  const given = { ...spec, $schema: `https://vega.github.io/schema/${name}/v${version}.json` };
  const [kind, title] = name === 'vega' ? ['vega', 'Vega'] : ['vegalite', 'Vega-Lite'];
  const mime = `application/vnd.${kind}.v${version}+json`;
  return { data: { [mime]: given, 'text/plain': wordsOf(title, spec) }, metadata: {} };
}

/** For those who see no drawing: `[Vega-Lite chart: bar, x: kind, y: height, 200 rows]`. */
function wordsOf(kind: string, { mark, encoding, data, title }: Fields): string {
  const words: string[] = [];
  if (typeof title === 'string') words.push(title);
  const type = isFields(mark) ? mark.type : mark;
  if (typeof type === 'string') words.push(type);
  if (isFields(encoding)) {
    const channels = Object.entries(encoding).flatMap(([channel, one]) =>
      isFields(one) && typeof one.field === 'string' ? [`${channel}: ${one.field}`] : [],
    );
    words.push(...channels);
  }
  if (isFields(data) && Array.isArray(data.values)) words.push(`${data.values.length} rows`);
  return words.length === 0 ? `[${kind} chart]` : `[${kind} chart: ${words.join(', ')}]`;
}

/** A Plotly figure: `{ data: [traces], layout }`, of which each trace has a type or coordinates. */
export function fromPlotly(value: object): Foreign | null {
  if (!isPlain(value)) return null;
  const { data, layout } = value;
  if (!Array.isArray(data) || data.length === 0 || !isFields(layout) || Array.isArray(layout)) return null;
  const isTrace = (trace: unknown): boolean =>
    isFields(trace) && (typeof trace.type === 'string' || 'x' in trace || 'y' in trace || 'z' in trace);
  if (!data.every(isTrace)) return null;
  const kinds = data.map((trace: Fields) => (typeof trace.type === 'string' ? trace.type : 'scatter'));
  return {
    data: {
      'application/vnd.plotly.v1+json': value,
      'text/plain': `[Plotly figure: ${[...new Set(kinds)].join(', ')}]`,
    },
    metadata: {},
  };
}

/** Characters of HTML that are shown unasked: pages that get more of it stand still, and the notebook keeps it. */
export const MOST_MARKUP = 5_000_000;

/** Stands for markup that is longer. */
export const tooLong = (html: string): string =>
  `[${(html.length / 1e6).toFixed(1)} MB of HTML, more than the ${MOST_MARKUP / 1e6} MB that are shown; display({ 'text/html': … }, { raw: true }) shows all]`;

const NODE = { element: 1, text: 3, document: 9, fragment: 11 } as const;

/** A node of a document, or a list of them: elements, text, fragments, whole documents. */
export function fromNodes(value: object): Foreign | null {
  if (!isFields(value)) return null;
  const html = htmlOf(value) ?? listOf(value);
  if (html === null) return null;
  if (html.length > MOST_MARKUP) return { data: { 'text/plain': tooLong(html) }, metadata: {} };
  return /^\s*<svg[\s>]/i.test(html) && !/<\/svg>\s*\S/i.test(html)
    ? fromSvg(html)
    : { data: { 'text/html': html }, metadata: {} };
}

/** Said where the markup is not drawn. */
const NO_PNG =
  '[SVG, without a PNG beside it: it is too large or broken, or the package @resvg/resvg-js is missing here]';

/** Its markup, and a picture for frontends that do not draw markup. */
export function fromSvg(html: string): Foreign {
  // Serialized from a DOM, an svg often lacks the namespace without which it is no image.
  const whole = /\sxmlns=/.test(html)
    ? html
    : html.replace(/<svg/i, '<svg xmlns="http://www.w3.org/2000/svg"');
  const png = pngOfSvg(whole);
  const svg = onPaper(whole);
  return {
    data: {
      'image/svg+xml': svg,
      ...(png === null ? { 'text/plain': NO_PNG } : { 'image/png': png.base64 }),
    },
    metadata: png === null ? {} : { 'image/png': { width: png.width, height: png.height } },
  };
}

/**
 * JupyterLab shows an SVG as it is: what has no ground of its own would stand on the page's, black on black where that is
 * dark. Like the PNG beside it, it stands on white then.
 */
function onPaper(svg: string): string {
  if (/<style\b[^>]*>[^<]*\bbackground(-color)?\s*:/i.test(svg)) return svg;
  return svg.replace(/<svg\b[^>]*>/i, (tag) => {
    if (/[\s;"']background(-color)?\s*:/i.test(tag)) return tag;
    const style = /\sstyle\s*=\s*(["'])/i.exec(tag);
    if (style === null) return tag.replace(/<svg/i, '<svg style="background: white"');
    const at = style.index + style[0].length;
    return `${tag.slice(0, at)}background: white; ${tag.slice(at)}`;
  });
}

function htmlOf(node: Fields): string | null {
  if (typeof node.outerHTML === 'string') return node.outerHTML;
  switch (node.nodeType) {
    case NODE.text:
      return typeof node.textContent === 'string' ? escapeHtml(node.textContent) : null;
    case NODE.document:
      return isFields(node.documentElement) ? htmlOf(node.documentElement) : null;
    case NODE.fragment:
      return isFields(node.childNodes) ? listOf(node.childNodes) : null;
    default:
      return null;
  }
}

/** What `querySelectorAll`, `children` and `childNodes` give. */
function listOf(list: object): string | null {
  if (!(Symbol.iterator in list) || !('item' in list) || typeof list.item !== 'function') return null;
  const nodes: unknown[] = Array.from(list as Iterable<unknown>);
  const parts = nodes.map((node) => (isFields(node) ? htmlOf(node) : null));
  return parts.length > 0 && parts.every((part) => part !== null) ? parts.join('\n') : null;
}

/** Pixels as canvases give them: `{ width, height, data }`, four bytes each. */
export function fromPixels(value: object): Foreign | null {
  if (!isFields(value)) return null;
  const { width, height, data } = value;
  if (!(data instanceof Uint8ClampedArray) || typeof width !== 'number' || typeof height !== 'number')
    return null;
  if (width * height === 0 || data.length !== 4 * width * height) return null;
  const png = encodePng({ width, height, channels: 4, data: Uint8Array.from(data) });
  return {
    data: {
      'image/png': Buffer.from(png).toString('base64'),
      'text/plain': `[${width} x ${height} pixels]`,
    },
    metadata: ON_WHITE,
  };
}
