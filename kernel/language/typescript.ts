/**
 * TypeScript to JavaScript by swc, in process: 0.1 to 0.3 ms a cell. It is loaded when the first cell comes, or
 * earlier by `loadCompiler()`, so that the kernel answers kernel_info before that.
 */
import { createRequire } from 'node:module';
import type * as Swc from '@swc/core';
import { parse, type Program } from 'acorn';
import { TraceMap, decodedMappings, type SourceMapSegment } from '@jridgewell/trace-mapping';
import { readSwcError, type Fault } from './fault.js';
import { LineIndex } from './lines.js';

/** JavaScript of a cell with what leads back to the cell's text. */
export interface Translated {
  readonly js: string;
  readonly program: Program;
  /** Segments of each line of `js`: [column, 0, line, column], all 0-based. */
  readonly mappings: readonly (readonly SourceMapSegment[])[];
  /** The offset in the cell's text that an offset in `js` comes from; -1 when the compiler made it up. */
  sourceOffset(offset: number): number;
}

export type Translation = { readonly ok: Translated } | { readonly fault: Fault };

let swc: typeof Swc | undefined;

/** Loads the compiler (20 ms) and lets it translate once, so that the first cell does not wait for it. */
export function loadCompiler(): typeof Swc {
  if (swc) return swc;
  const loaded = createRequire(import.meta.url)('@swc/core') as typeof Swc;
  loaded.transformSync('export {}', options('ts', true));
  swc = loaded;
  return loaded;
}

type Dialect = 'ts' | 'tsx';

function options(dialect: Dialect, sourceMaps: boolean): Swc.Options {
  return {
    filename: `cell.${dialect}`,
    configFile: false,
    swcrc: false,
    isModule: true,
    sourceMaps,
    jsc: {
      parser: { syntax: 'typescript', tsx: dialect === 'tsx', decorators: true },
      target: 'es2022',
      transform: { verbatimModuleSyntax: true, decoratorVersion: '2022-03' },
      experimental: { keepImportAttributes: true },
    },
  };
}

/** Whether the compiler accepts a text, and if not what its error says. */
export function check(code: string): Fault | null {
  const result = transform(code, false);
  return 'fault' in result ? result.fault : null;
}

/**
 * Translates a cell. `asExpression` puts the whole text into parentheses, which is how `{ a: 1 }` becomes an object;
 * positions still count in the text as it is.
 */
export function translate(code: string, asExpression = false): Translation {
  const result = transform(asExpression ? `(${code}\n)` : code, true);
  if ('fault' in result) return result;
  const js = result.code;
  const mappings = decodedMappings(new TraceMap(result.map)).map((line) =>
    line.map((segment): SourceMapSegment => {
      if (!asExpression || segment.length === 1 || segment[2] !== 0) return segment;
      return [segment[0], segment[1], 0, Math.max(0, segment[3] - 1)];
    }),
  );
  const lines = new LineIndex(js);
  const sourceLines = new LineIndex(code);
  const sourceOffset = (offset: number): number => {
    const { line, column } = lines.position(offset);
    const segment = floor(mappings[line - 1] ?? [], column);
    if (!segment || segment.length === 1) return -1;
    return sourceLines.offset({ line: segment[2] + 1, column: segment[3] });
  };
  try {
    const program = parse(js, { ecmaVersion: 'latest', sourceType: 'module' });
    return { ok: { js, program, mappings, sourceOffset } };
  } catch (error) {
    if (!(error instanceof SyntaxError) || !('pos' in error) || typeof error.pos !== 'number') throw error;
    // swc does not look for names that are declared twice and the like; acorn does.
    const offset = Math.max(0, sourceOffset(error.pos));
    const word = /^[\p{ID_Continue}$]+/u.exec(code.slice(offset));
    const message = error.message.replace(/ \(\d+:\d+\)$/, '');
    return { fault: { message, offset, length: word?.[0].length ?? 1, atEnd: false } };
  }
}

type Transformed = { code: string; map: string } | { fault: Fault };

/**
 * TypeScript first. JSX only where that fails, because the dialect with JSX reads `<T>x` and `<T>(x) => x` otherwise.
 */
function transform(code: string, sourceMaps: boolean): Transformed {
  const plain = transformAs('ts', code, sourceMaps);
  if (!('fault' in plain) || !/<[\p{ID_Start}$_>]/u.test(code)) return plain;
  const jsx = transformAs('tsx', code, sourceMaps);
  // The dialect that gets further is the one that was meant.
  return 'fault' in jsx && jsx.fault.offset <= plain.fault.offset ? plain : jsx;
}

function transformAs(dialect: Dialect, code: string, sourceMaps: boolean): Transformed {
  const { transformSync } = loadCompiler();
  try {
    const { code: js, map } = transformSync(code, options(dialect, sourceMaps));
    return { code: js, map: map ?? '' };
  } catch (error) {
    const messageOf = (text: string): string => {
      try {
        transformSync(text, options(dialect, false));
        return '';
      } catch (again) {
        return String(again);
      }
    };
    return { fault: readSwcError(code, String(error), messageOf) };
  }
}

/** The last segment of a line at or before a column. */
function floor(line: readonly SourceMapSegment[], column: number): SourceMapSegment | undefined {
  let low = 0;
  let high = line.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (line[middle]![0] <= column) low = middle + 1;
    else high = middle;
  }
  return line[low - 1];
}
