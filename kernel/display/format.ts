/**
 * A value as a MIME bundle. The conventions are tried in this order: `Symbol.for("Jupyter.display")`, a canvas
 * (`toDataURL`), Vega (`toSpec`), bytes of a JPEG or PNG, a DOM element (`outerHTML`), an arquero table (`toHTML`), records
 * as a table, and last what `util.inspect` prints.
 */
import { inspect } from 'node:util';
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
  return inspect(value, { colors, depth: 4, maxStringLength: 100_000 });
}

function hasColors(): boolean {
  return displayHost().kind === 'notebook' || process.stdout.isTTY;
}

function fromConventions(value: unknown): Formatted | undefined {
  if (typeof value === 'function' || typeof value !== 'object' || value === null) return undefined;
  if (value instanceof Uint8Array) return fromBytes(value);
  const canvas = callMethod(value, 'toDataURL');
  if (typeof canvas === 'string') return fromDataUrl(canvas, value);
  const spec = callMethod(value, 'toSpec');
  if (typeof spec === 'object' && spec !== null) return fromVega(spec, value);
  const element = readProperty(value, 'outerHTML');
  if (typeof element === 'string') return fromElement(element, value);
  const table = callMethod(value, 'toHTML');
  if (typeof table === 'string') return bundle({ 'text/html': table }, value);
  const records = recordsAsTable(value);
  return records === undefined ? undefined : bundle({ 'text/html': records }, value);
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
  const json = JSON.stringify(content, (_, item: unknown) =>
    typeof item === 'bigint' ? String(item) : item,
  ) as string | undefined;
  return json === undefined ? undefined : (JSON.parse(json) as unknown);
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

/** Text for a value that shows itself: not its insides, which may be large. */
function nameOf(value: unknown): { [inspect.custom](): string } {
  const maker: unknown =
    typeof value === 'object' && value !== null ? Reflect.get(value, 'constructor') : undefined;
  return { [inspect.custom]: () => `[${typeof maker === 'function' ? maker.name : 'Object'}]` };
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
    metadata: {},
  };
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, index) => bytes[index] === byte);
}

function fromDataUrl(url: string, value: unknown): Formatted | undefined {
  const match = /^data:(image\/[a-z.+-]+);base64,(.*)$/s.exec(url);
  return match ? bundle({ [match[1]]: match[2] }, nameOf(value)) : undefined;
}

function fromVega(spec: object, value: unknown): Formatted | undefined {
  const schema = readProperty(spec, '$schema');
  const match = typeof schema === 'string' ? /\/(vega|vega-lite)\/v(\d+)/.exec(schema) : null;
  if (!match) return undefined;
  const kind = match[1] === 'vega' ? 'vega' : 'vegalite';
  return bundle({ [`application/vnd.${kind}.v${match[2]}+json`]: spec }, nameOf(value));
}

function fromElement(html: string, value: unknown): Formatted {
  if (!/^\s*<svg[\s>]/i.test(html)) return bundle({ 'text/html': html }, nameOf(value));
  // Serialized from a DOM, an svg often lacks the namespace without which it is no image.
  const svg = /\sxmlns=/.test(html) ? html : html.replace(/<svg/i, '<svg xmlns="http://www.w3.org/2000/svg"');
  return bundle({ 'image/svg+xml': svg }, nameOf(value));
}

function callMethod(value: unknown, key: string | symbol): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
  const method = readProperty(value, key);
  return typeof method === 'function' ? Reflect.apply(method, value, []) : undefined;
}

function readProperty(value: object, key: string | symbol): unknown {
  return Reflect.get(value, key);
}

function isBundle(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
