/**
 * A function as the person wrote it, types and comments included: what runs is JavaScript made from it. It may be asked for in the
 * midst of a cell, so it only reads.
 */
import { scanBrackets } from '../language/brackets.js';
import { LineIndex } from '../language/lines.js';
import { knownSources, originalPosition } from './stacks.js';

/** The hidden global by which the watchdog asks. */
export const SOURCE_KEY = 'nabla.source';

// As it is before a person's code could change it.
// eslint-disable-next-line @typescript-eslint/unbound-method -- it is called with the function as `this`
const { toString } = Function.prototype;

export function provideFunctionSource(): void {
  Object.defineProperty(globalThis, Symbol.for(SOURCE_KEY), { value: functionSource });
}

/**
 * @param line where V8 sees the function in its script, from 0, as `column`
 * @returns undefined for what is neither a cell's nor a local module's
 */
export function functionSource(of: unknown, line: number, column: number): string | undefined {
  if (typeof of !== 'function') return undefined;
  const compiled = toString.call(of);
  for (const [file, { js, source }] of [...knownSources()].reverse()) {
    const place = js === undefined ? -1 : offsetOf(js, line, column);
    if (js === undefined || place < 0) continue;
    // V8 sees it where its parameters begin.
    const start = js.lastIndexOf(compiled, place);
    if (start < 0 || start + compiled.length <= place) continue;
    const from = written(file, js, source, start);
    const last = written(file, js, source, start + compiled.length - 1);
    if (from === undefined || last === undefined || last < from) continue;
    return source.slice(beginning(source, from), ending(source, from, last));
  }
  return undefined;
}

function offsetOf(text: string, line: number, column: number): number {
  let at = 0;
  for (let index = 0; index < line; index++) {
    at = text.indexOf('\n', at) + 1;
    if (at === 0) return -1;
  }
  return at + column <= text.length ? at + column : -1;
}

/** The offset in the person's text of an offset in the compiled one. */
function written(file: string, js: string, source: string, offset: number): number | undefined {
  const { line, column } = new LineIndex(js).position(offset);
  const found = originalPosition(file, line, column + 1);
  return found && new LineIndex(source).offset({ line: found.line, column: found.column - 1 });
}

const DECLARED =
  /^[ \t]*(?:export[ \t]+)?(?:default[ \t]+)?(?:(?:const|let|var)[ \t]+[\p{ID_Start}$_][\p{ID_Continue}$]*[^=\n]*=[ \t]*|async[ \t]+|abstract[ \t]+)?$/u;

/** With the name that it is declared under, on the same line. */
function beginning(source: string, from: number): number {
  const line = source.lastIndexOf('\n', from - 1) + 1;
  if (!DECLARED.test(source.slice(line, from))) return from;
  return line + /^[ \t]*/.exec(source.slice(line, from))![0].length;
}

/** Behind the bracket that closes it, or where the statement of an arrow's expression ends. */
function ending(source: string, from: number, last: number): number {
  const rest = source.slice(last);
  if (rest.startsWith('}')) return last + 1;
  let end = rest.length;
  scanBrackets(source.slice(from), (token, offset, depth) => {
    const at = from + offset;
    if (at <= last || depth > 0 || !/[;,)\]}\n]/.test(token)) return false;
    end = at - last;
    return true;
  });
  return last + end;
}
