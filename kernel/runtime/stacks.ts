/**
 * Stack traces in the terms of the person who wrote the cells: `fn (Cell [10]:4:62)` instead of a line of the compiled script,
 * without the frames of the kernel and of Node.
 */
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TraceMap } from '@jridgewell/trace-mapping';
import { packageRoot } from '../install/paths.js';
import { LOCALS_FUNCTION, type CompiledCell } from '../language/cell.js';

/** A text that positions can be mapped back to: a cell, or a local module that was compiled on loading. */
export interface MappedSource {
  /** `Cell [3]`, or the path of the module. */
  readonly title: string;
  readonly source: string;
  readonly map: string | (() => string);
  /** What it was compiled to. */
  readonly js?: string;
  /** Of a cell: the names that it declares, and how it brings its locals back (`CompiledCell`). */
  readonly declares?: readonly string[];
  readonly keep?: string;
}

export interface MappedFrame {
  readonly title: string;
  /** 1-based, as editors count. */
  readonly line: number;
  readonly column: number;
  readonly source: string;
}

const DEEPEST = 50;

/** Of how many cells, at least, the text is known when code of theirs fails. */
const REMEMBERED_CELLS = 2000;
const cells: string[] = [];

type Mapping = typeof import('@jridgewell/trace-mapping');

const sources = new Map<string, MappedSource>();
const traceMaps = new Map<string, TraceMap>();
const framesOf = new WeakMap<object, MappedFrame[]>();
const ownFiles = path.join(packageRoot(), 'dist') + path.sep;
let mapping: Mapping | undefined;

/** Makes positions in a compiled text known. */
export function registerSource(filename: string, source: MappedSource): void {
  sources.set(filename, source);
  traceMaps.delete(filename);
}

export function registerCell({ filename, title, source, map, js, declares, keep }: CompiledCell): void {
  registerSource(filename, { title, source, map, js, declares, keep });
  cells.push(filename);
  if (cells.length < 2 * REMEMBERED_CELLS) return;
  for (const old of cells.splice(0, REMEMBERED_CELLS)) {
    sources.delete(old);
    traceMaps.delete(old);
  }
}

/** All texts that are known, by the file names of their scripts. */
export function knownSources(): ReadonlyMap<string, MappedSource> {
  return sources;
}

/**
 * The places in a person's own text that led to the error, innermost first: known once its stack has been formatted.
 */
export function framesInText(error: object): readonly MappedFrame[] {
  return framesOf.get(error) ?? [];
}

/** The position in the original text of a position in a compiled one (both 1-based). */
export function originalPosition(filename: string, line: number, column: number): MappedFrame | undefined {
  const source = sources.get(filename);
  if (!source) return undefined;
  mapping ??= createRequire(import.meta.url)('@jridgewell/trace-mapping') as Mapping;
  let map = traceMaps.get(filename);
  if (!map) {
    const text = typeof source.map === 'string' ? source.map : source.map();
    traceMaps.set(filename, (map = new mapping.TraceMap(text)));
  }
  const found = mapping.originalPositionFor(map, { line, column: column - 1 });
  if (found.line === null) return undefined;
  return { title: source.title, line: found.line, column: found.column + 1, source: source.source };
}

/** Replaces how `error.stack` reads, for all errors of this thread. */
export function installStackFormat(): void {
  Error.stackTraceLimit = DEEPEST;
  Error.prepareStackTrace = formatStack;
}

/** Whether anything but Node's and the kernel's own code is on the stack below the caller. */
export function userCodeOnStack(): boolean {
  // A person may have set both.
  const format: unknown = Reflect.get(Error, 'prepareStackTrace');
  const limit = Error.stackTraceLimit;
  let found = false;
  Error.stackTraceLimit = DEEPEST;
  Error.prepareStackTrace = (_, sites) => {
    // The first frame is the watchdog's own question.
    found = sites.slice(1).some((site) => isUserSite(site));
    return '';
  };
  const holder = {};
  Error.captureStackTrace(holder, userCodeOnStack);
  Reflect.get(holder, 'stack');
  Error.stackTraceLimit = limit;
  Reflect.set(Error, 'prepareStackTrace', format);
  return found;
}

/**
 * Appends the await at which the cell was waiting (a position in its script), which V8 cannot know. The error may be frozen
 * or worse; then its stack stays as it is. Reads a property of the error, so call it in a slice.
 */
export function appendAwait(error: Error, cell: CompiledCell, at: { line: number; column: number }): void {
  const frame = originalPosition(cell.filename, at.line, at.column);
  if (!frame) return;
  try {
    const stack: unknown = error.stack;
    // A promise that was rejected by the cell's own line has that line already.
    if (typeof stack !== 'string' || stack.includes(`\n    at ${cell.title}:`)) return;
    addFrame(error, frame);
    Reflect.set(error, 'stack', `${stack}\n    at async ${frame.title}:${frame.line}:${frame.column}`);
  } catch {
    // A getter of the person's failed.
  }
}

/** Makes an error point to a place in a text, instead of to the code that found it. */
export function placeError(error: Error, frame: MappedFrame): void {
  // Formatting the stack would add frames of its own.
  Reflect.get(error, 'stack');
  framesOf.set(error, [frame]);
  const stack = `${headline(error)}\n    at ${frame.title}:${frame.line}:${frame.column}`;
  Object.defineProperty(error, 'stack', { value: stack, configurable: true, writable: true });
}

function formatStack(error: Error, sites: NodeJS.CallSite[]): string {
  const lines = [headline(error)];
  for (const site of sites) {
    const line = formatSite(error, site);
    if (line !== undefined) lines.push(`    at ${line}`);
  }
  return lines.join('\n');
}

function headline(error: Error): string {
  try {
    // As V8 does: what has a stack need not be an error (`console.trace`), and one may have a `toString` of its own.
    return Error.prototype.toString.call(error);
  } catch {
    return 'Error';
  }
}

function formatSite(error: Error, site: NodeJS.CallSite): string | undefined {
  const file = fileOf(site);
  const line = site.getLineNumber();
  const column = site.getColumnNumber();
  if (file === undefined || line === null || column === null || isHidden(file)) return undefined;
  const mapped = originalPosition(file, line, column);
  if (sources.has(file) && !mapped) return undefined;
  if (mapped) addFrame(error, mapped);
  const place = mapped
    ? `${mapped.title}:${mapped.line}:${mapped.column}`
    : `${relative(file)}:${line}:${column}`;
  const name = nameOf(site);
  return name === '' ? place : `${name} (${place})`;
}

function addFrame(error: object, frame: MappedFrame): void {
  const frames = framesOf.get(error);
  if (frames) frames.push(frame);
  else framesOf.set(error, [frame]);
}

function nameOf(site: NodeJS.CallSite): string {
  const fn = site.getFunctionName();
  const prefix = isAsync(site) ? 'async ' : '';
  if (fn === null || fn === '' || fn.startsWith(LOCALS_FUNCTION)) return prefix.trim();
  if (site.isConstructor()) return `${prefix}new ${fn}`;
  const type = site.isToplevel() ? null : site.getTypeName();
  const qualified =
    type === null || type === '' || type === 'Object' || fn.startsWith(type) ? fn : `${type}.${fn}`;
  return prefix + qualified;
}

function isAsync(site: NodeJS.CallSite): boolean {
  return 'isAsync' in site && typeof site.isAsync === 'function' && site.isAsync();
}

function fileOf(site: NodeJS.CallSite): string | undefined {
  const name = site.getFileName() ?? undefined;
  return name?.startsWith('file:') ? fileURLToPath(name.replace(/[?#].*$/, '')) : name;
}

function isHidden(file: string): boolean {
  return file === '' || file.startsWith('node:') || file.startsWith(ownFiles) || !path.isAbsolute(file);
}

function isUserSite(site: NodeJS.CallSite): boolean {
  const file = fileOf(site);
  // Loops of the core are written as text, too.
  if (file === undefined) return site.isEval() && !(site.getEvalOrigin() ?? '').includes(ownFiles);
  return !isHidden(file);
}

function relative(file: string): string {
  const short = path.relative(process.cwd(), file);
  return short.startsWith('..') ? file : short;
}
