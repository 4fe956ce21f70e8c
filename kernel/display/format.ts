/**
 * A value as a MIME bundle. The conventions are tried in this order: `Symbol.for("Jupyter.display")`, bytes of a JPEG or
 * PNG, a canvas (`toDataURL`), Vega (`toSpec`, a view's `toSVG`), nodes of a document, specifications of Vega and figures of Plotly as plain
 * objects, pixels of a canvas, an arquero table (`toHTML`), records as a table, and last what `util.inspect` prints.
 */
import { inspect } from 'node:util';
import {
  fromNodes,
  fromPixels,
  fromPlotly,
  fromSvg,
  fromVega,
  MOST_MARKUP,
  ON_WHITE,
  tooLong,
  type Foreign,
} from './foreign.js';
import { displayHost } from './host.js';
import type { MimeBundle, MimeMetadata } from './mime.js';
import { recordsAsTable } from './table.js';

export interface Formatted {
  data: MimeBundle;
  metadata: MimeMetadata;
}

/** A method with this key returns a MIME bundle, or a promise of one. Deno and nodejs-polars use it too. */
const DISPLAY = Symbol.for('Jupyter.display');

/**
 * The representations of a value; none at all for one that says it shows nothing (an empty bundle).
 * May run user code (display methods, getters, inspect hooks).
 */
export function formatValue(value: unknown): Formatted | Promise<Formatted> {
  const custom = callMethod(value, DISPLAY);
  if (custom instanceof Promise)
    return custom.then((bundle: unknown) => (isBundle(bundle) ? fromBundle(bundle, value) : plain(value)));
  if (isBundle(custom)) return fromBundle(custom, value);
  return fromConventions(value) ?? plain(value);
}

/** What `console.log` would print, with colours where they are seen. */
export function textOf(value: unknown, colors = hasColors()): string {
  let text = '';
  for (const [depth, maxStringLength] of DETAIL) {
    text = inspect(value, { colors, depth, maxStringLength });
    if (text.length <= MOST_TEXT) break;
  }
  return text;
}

/** Levels and characters of a string that are shown: of an object whose text would be longer than {@link MOST_TEXT}, fewer. */
const DETAIL = [
  [4, 100_000],
  [2, 10_000],
  [1, 1000],
  [0, 200],
] as const;
const MOST_TEXT = 40_000;

function hasColors(): boolean {
  return displayHost().kind === 'notebook' || process.stdout.isTTY;
}

function fromConventions(value: unknown): Formatted | Promise<Formatted> | undefined {
  if (typeof value === 'function' || typeof value !== 'object' || value === null) return undefined;
  if (value instanceof Uint8Array) return fromBytes(value);
  const canvas = callMethod(value, 'toDataURL');
  if (typeof canvas === 'string') return fromDataUrl(canvas, value);
  if (canvas instanceof Promise)
    return canvas.then((url: unknown) => {
      const image = typeof url === 'string' ? fromDataUrl(url, value) : undefined;
      return image ?? plain(value);
    });
  const spec = callMethod(value, 'toSpec');
  if (typeof spec === 'object' && spec !== null) return named(fromVega(spec), nameOf(value));
  const drawing = callMethod(value, 'toSVG');
  if (drawing instanceof Promise)
    return drawing.then((svg: unknown) => drawn(svg, value) ?? fromRest(value) ?? plain(value));
  return drawn(drawing, value) ?? fromRest(value);
}

/** Of a value that draws itself as SVG. */
function drawn(svg: unknown, value: unknown): Formatted | undefined {
  return typeof svg === 'string' && /^\s*<svg[\s>]/i.test(svg)
    ? named(fromSvg(svg), nameOf(value))
    : undefined;
}

function fromRest(value: object): Formatted | undefined {
  const foreign =
    named(fromNodes(value), nameOf(value)) ?? named(fromVega(value) ?? fromPlotly(value), value);
  if (foreign !== undefined) return foreign;
  const pixels = fromPixels(value);
  if (pixels !== null) return pixels;
  const table = tableOf(value);
  if (table !== undefined)
    return table.length > MOST_MARKUP
      ? { data: { 'text/plain': tooLong(table) }, metadata: {} }
      : bundle({ 'text/html': table }, nameOf(value));
  const records = recordsAsTable(value);
  return records === undefined ? undefined : bundle({ 'text/html': records }, value);
}

/** Rows of a table that are shown. */
const MOST_ROWS = 50;

/** What `toHTML` writes. An arquero table says how many rows it has and takes how many to show, but does not tell a reader. */
function tableOf(value: object): string | undefined {
  const rows = callMethod(value, 'numRows');
  const isLong = typeof rows === 'number' && rows > MOST_ROWS;
  const html = callMethod(value, 'toHTML', ...(isLong ? [{ limit: MOST_ROWS }] : []));
  if (typeof html !== 'string') return undefined;
  return isLong ? `${html}<p>${MOST_ROWS} of ${rows.toLocaleString('en-US')} rows</p>` : html;
}

/** With text for frontends that show nothing else. */
function named(foreign: Foreign | null, value: unknown): Formatted | undefined {
  return foreign === null ? undefined : bundle(foreign.data, value, foreign.metadata);
}

function plain(value: unknown): Formatted {
  // A bare number or string stays free of colour codes: scripts and tests compare it, a person reads it as well.
  const structured = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return { data: { 'text/plain': textOf(value, structured && hasColors()) }, metadata: {} };
}

function bundle(given: Record<string, unknown>, value: unknown, metadata: MimeMetadata = {}): Formatted {
  const data: MimeBundle = {};
  for (const [mime, content] of Object.entries(given)) {
    const plainContent = toPlainData(content);
    if (plainContent !== undefined) data[mime] = plainContent;
  }
  if (Object.keys(data).length > 0) data['text/plain'] ??= textOf(value);
  return { data, metadata };
}

/** What JSON can carry: bytes as base64, anything else as `JSON.stringify` has it. */
function toPlainData(content: unknown): unknown {
  if (typeof content === 'string') return content;
  if (content instanceof Uint8Array) return base64Of(content);
  const json = JSON.stringify(content, (_, item: unknown) => toJson(item)) as string | undefined;
  return json === undefined ? undefined : (JSON.parse(json) as unknown);
}

/** Numbers in typed arrays and tensors are lists to those who draw them; JSON would make objects of them. */
function toJson(item: unknown): unknown {
  if (typeof item === 'bigint') return String(item);
  if (typeof item !== 'object' || item === null) return item;
  if (ArrayBuffer.isView(item) && Symbol.iterator in item)
    return Array.from(item as Iterable<unknown>, (each) => (typeof each === 'bigint' ? Number(each) : each));
  if ('toTypedArray' in item && 'tolist' in item) return callMethod(item, 'tolist') ?? item;
  return item;
}

function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** A display method may give a bundle, or `{ data, metadata }` as Jupyter's messages have it. */
function fromBundle(given: Record<string, unknown>, value: unknown): Formatted {
  if (isBundle(given.data) && !Object.keys(given).some((key) => key.includes('/')))
    return bundle(given.data, nameOf(value), isBundle(given.metadata) ? given.metadata : {});
  return bundle(given, nameOf(value));
}

/** Text for a value that shows itself: what it says of itself, else its name and not its insides, which may be large. */
function nameOf(value: unknown): unknown {
  if (isBundle(value) && typeof Reflect.get(value, inspect.custom) === 'function') return value;
  const maker: unknown =
    typeof value === 'object' && value !== null ? Reflect.get(value, 'constructor') : undefined;
  const name = typeof maker === 'function' ? maker.name : 'Object';
  const tag: unknown = isBundle(value) ? Reflect.get(value, Symbol.toStringTag) : undefined;
  const words = typeof tag === 'string' && tag !== name && tag.includes(' ') ? tag : name;
  return { [inspect.custom]: () => `[${words}]` };
}

function fromBytes(bytes: Uint8Array): Formatted | undefined {
  const mime = startsWith(bytes, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
    ? 'image/png'
    : startsWith(bytes, [0xff, 0xd8, 0xff])
      ? 'image/jpeg'
      : undefined;
  if (mime === undefined) return undefined;
  return {
    data: { [mime]: base64Of(bytes), 'text/plain': `[${mime}, ${bytes.length} bytes]` },
    metadata: mime === 'image/png' ? ON_WHITE : {},
  };
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, index) => bytes[index] === byte);
}

function fromDataUrl(url: string, value: unknown): Formatted | undefined {
  const match = /^data:(image\/[a-z.+-]+);base64,(.*)$/s.exec(url);
  return match
    ? bundle({ [match[1]]: match[2] }, nameOf(value), match[1] === 'image/png' ? ON_WHITE : {})
    : undefined;
}

function callMethod(value: unknown, key: string | symbol, ...args: unknown[]): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
  const method = readProperty(value, key);
  return typeof method === 'function' ? Reflect.apply(method, value, args) : undefined;
}

function readProperty(value: object, key: string | symbol): unknown {
  return Reflect.get(value, key);
}

function isBundle(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
