/**
 * TypeScript to JavaScript by swc, in process: 0.1 to 0.3 ms a cell. It is loaded when the first cell comes, or
 * earlier by `loadCompiler()`, so that the kernel answers kernel_info before that.
 */
import { createRequire } from 'node:module';
import type * as Swc from '@swc/core';
import { parse, type Program } from 'acorn';
import { simple } from 'acorn-walk';
import { TraceMap, decodedMappings, type SourceMapSegment } from '@jridgewell/trace-mapping';
import { parenthesesAt } from './brackets.js';
import { tooDeep, tooDeepAt } from './depth.js';
import { readSwcError, type Fault } from './fault.js';
import { endsProcess, longLineAt } from './long-lines.js';
import { LineIndex } from './lines.js';
import { DEFAULT_SETTINGS, type CompilerSettings } from './tsconfig.js';

/** JavaScript of a cell with what leads back to the cell's text. */
export interface Translated {
  readonly js: string;
  readonly program: Program;
  /** The whole text was read as one expression. */
  readonly isExpression: boolean;
  /** Segments of each line of `js`: [column, 0, line, column], all 0-based. */
  readonly mappings: SourceMapSegment[][];
  /** The offset in the cell's text that an offset in `js` comes from; -1 when the compiler made it up. */
  readonly sourceOffset: (offset: number) => number;
}

export type Translation = { readonly ok: Translated } | { readonly fault: Fault };

let swc: typeof Swc | undefined;

/** Loads the compiler (20 ms) and lets it translate once, so that the first cell does not wait for it. */
export function loadCompiler(): typeof Swc {
  if (swc) return swc;
  const loaded = createRequire(import.meta.url)('@swc/core') as typeof Swc;
  loaded.transformSync('export {}', options('ts', true, CELL));
  swc = loaded;
  return loaded;
}

/** Whether a text can be given to the compiler at all: it does not return from every one. */
export function isReadable(code: string): boolean {
  return tooDeepAt(code) < 0 && !endsProcess(code, options('ts', false, CELL));
}

/** Its place is not known. */
function inLongLine(code: string): Fault {
  const message = 'There is a mistake far behind in a line of more than 65,535 columns';
  return { message, offset: Math.max(0, longLineAt(code)), length: 1, atEnd: false };
}

/** What a text is read as; `js` may hold JSX. */
export type Dialect = 'ts' | 'tsx' | 'js';

/** Cells keep their imports: a later cell may use what this one does not. */
const CELL: CompilerSettings = { ...DEFAULT_SETTINGS, keepImports: true };

function options(dialect: Dialect, sourceMaps: boolean, settings: CompilerSettings): Swc.Options {
  const { jsx, jsxImportSource, jsxFactory, jsxFragmentFactory } = settings;
  return {
    filename: `cell.${dialect}`,
    configFile: false,
    swcrc: false,
    isModule: true,
    sourceMaps,
    jsc: {
      parser:
        dialect === 'js'
          ? { syntax: 'ecmascript', jsx: true, decorators: true, importAttributes: true }
          : { syntax: 'typescript', tsx: dialect === 'tsx', decorators: true },
      target: 'es2022',
      transform: {
        verbatimModuleSyntax: settings.keepImports,
        useDefineForClassFields: settings.defineFields,
        ...(settings.legacyDecorators
          ? { legacyDecorator: true, decoratorMetadata: settings.decoratorMetadata }
          : { decoratorVersion: '2022-03' }),
        react: {
          runtime: jsx === 'classic' ? 'classic' : 'automatic',
          development: jsx === 'development',
          ...(jsxImportSource !== null && jsx !== 'classic' && { importSource: jsxImportSource }),
          ...(jsxFactory !== null && { pragma: jsxFactory }),
          ...(jsxFragmentFactory !== null && { pragmaFrag: jsxFragmentFactory }),
        },
      },
      experimental: { keepImportAttributes: true },
    },
  };
}

/** What the compiler says against a text that is read with JSX. */
export function checkJsx(code: string, settings = CELL): Fault | null {
  const result = transformAs('tsx', code, false, settings);
  return 'fault' in result ? result.fault : null;
}

/** Whether the compiler accepts a text, and if not what its error says. */
export function check(code: string, settings = CELL): Fault | null {
  const result = transform(code, false, settings);
  return 'fault' in result ? result.fault : null;
}

/**
 * Translates a cell. `asExpression` puts the whole text into parentheses, which is how `{ a: 1 }` becomes an object;
 * positions still count in the text as it is.
 */
export function translate(code: string, settings = CELL, asExpression = false): Translation {
  const result = transform(asExpression ? `(${code}\n)` : code, true, settings);
  return 'fault' in result ? result : readBack(code, result, asExpression);
}

/** Translates the text of a file. */
export function translateFile(code: string, dialect: Dialect, settings: CompilerSettings): Translation {
  const result = transformAs(dialect, code, true, settings);
  return 'fault' in result ? result : readBack(code, result, false);
}

function readBack(
  code: string,
  result: { readonly code: string; readonly map: string },
  asExpression: boolean,
): Translation {
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
    const program = parseModule(js);
    const bad = forWithOneSemicolon(code, js, program, sourceOffset);
    return bad ? { fault: bad } : { ok: { js, program, isExpression: asExpression, mappings, sourceOffset } };
  } catch (error) {
    if (error instanceof RangeError) return { fault: tooDeep(0) };
    if (!(error instanceof SyntaxError) || !('pos' in error) || typeof error.pos !== 'number') throw error;
    // swc does not look for names that are declared twice and the like; acorn does.
    const offset = Math.max(0, sourceOffset(error.pos));
    const word = /^[#\p{ID_Continue}$]+/u.exec(code.slice(offset));
    const message = error.message.replace(/ \(\d+:\d+\)$/, '');
    return { fault: { message, offset, length: word?.[0].length ?? 1, atEnd: false } };
  }
}

function parseModule(js: string): Program {
  try {
    return parse(js, { ecmaVersion: 'latest', sourceType: 'module' });
  } catch (error) {
    if (!(error instanceof SyntaxError) || !error.message.startsWith("Export '")) throw error;
    // A cell may export what another cell declared. Scripts are not asked for it.
    return parse(js, {
      ecmaVersion: 'latest',
      sourceType: 'script',
      allowImportExportEverywhere: true,
      allowAwaitOutsideFunction: true,
    });
  }
}

/** swc takes `for (let i = 0; i < 5, i++)`, which then never ends. */
function forWithOneSemicolon(
  code: string,
  js: string,
  program: Program,
  sourceOffset: (offset: number) => number,
): Fault | null {
  if (!js.includes(';)')) return null;
  let fault: Fault | null = null;
  simple(program, {
    ForStatement: (node) => {
      const start = sourceOffset(node.start);
      if (node.update || start < 0 || !code.startsWith('for', start)) return;
      const { semicolons, end } = parenthesesAt(code, code.indexOf('(', start));
      if (semicolons < 2)
        fault ??= { message: "Unexpected ')': expected ';'", offset: end, length: 1, atEnd: false };
    },
  });
  return fault;
}

/** A brace after nothing but space and comments. No two ways to read the same text, or it could take forever. */
const OPENING_BRACE = /^(?:\s|\/\/[^\n]*\n|\/\*(?:[^*]|\*(?!\/))*\*\/)*\{/;

/** A cell that begins with a brace and ends without a semicolon is an object if it can be one, as in Node's REPL. */
export function translateCell(text: string, compiler: CompilerSettings = CELL): Translation {
  const settings = { ...compiler, keepImports: true };
  if (OPENING_BRACE.test(text) && !text.trimEnd().endsWith(';')) {
    const object = translate(text, settings, true);
    if ('ok' in object) return object;
  }
  const translated = translate(text, settings);
  // The compiler expects the name of a module behind this word, which Node's modules have for a variable.
  return 'fault' in translated && text.trim() === 'module' ? translate(text, settings, true) : translated;
}

type Transformed = { code: string; map: string } | { fault: Fault };

/**
 * TypeScript first. JSX only where that fails, because the dialect with JSX reads `<T>x` and `<T>(x) => x` otherwise.
 */
function transform(code: string, sourceMaps: boolean, settings: CompilerSettings): Transformed {
  const plain = transformAs('ts', code, sourceMaps, settings);
  if (!('fault' in plain) || !code.includes('<')) return plain;
  const jsx = transformAs('tsx', code, sourceMaps, settings);
  // Another process reads each text with a long line first.
  if (!('fault' in jsx) || longLineAt(code) >= 0) return 'fault' in jsx ? plain : jsx;
  // What gets further tells more of the error; but a type assertion reads as the beginning of an element.
  const withoutGenerics = transformAs('ts', withoutArrowGenerics(code), false, settings);
  const others = [/<\/|\/>/.test(code) ? jsx : plain, withoutGenerics];
  const faults = others.flatMap((other) => ('fault' in other ? [other.fault] : []));
  return { fault: faults.reduce((a, b) => (b.offset > a.offset ? b : a), plain.fault) };
}

/**
 * Blanks out the type parameters of arrow functions: an error anywhere in such a function makes the compiler take its
 * head for something else and complain about that.
 */
function withoutArrowGenerics(code: string): string {
  const generics = /(?<=(?:[=(,:?]|\basync|\breturn)\s*)<[^<>()]*(?:<[^<>()]*>[^<>()]*)*>(?=\s*\()/g;
  return code.replace(generics, (text) => text.replace(/\S/g, ' '));
}

function transformAs(
  dialect: Dialect,
  code: string,
  sourceMaps: boolean,
  settings: CompilerSettings,
): Transformed {
  const deep = tooDeepAt(code);
  if (deep >= 0) return { fault: tooDeep(deep) };
  if (endsProcess(code, options(dialect, false, settings))) return { fault: inLongLine(code) };
  const { transformSync } = loadCompiler();
  try {
    const { code: js, map } = transformSync(code, options(dialect, sourceMaps, settings));
    return { code: js, map: map ?? '' };
  } catch (error) {
    const messageOf = (text: string): string => {
      try {
        transformSync(text, options(dialect, false, settings));
        return '';
      } catch (again) {
        return String(again);
      }
    };
    const fault = readSwcError(code, String(error), messageOf);
    const plain = withoutStrayOverride(code, fault);
    return plain === null ? { fault } : transformAs(dialect, plain, sourceMaps, settings);
  }
}

/** What swc says of a type error, as TypeScript has it (4112): the code runs all the same. */
const STRAY_OVERRIDE = "This member cannot have an 'override' modifier";

/** With blanks in the place of an `override` in a class that extends no other; null: the mistake is another one. */
function withoutStrayOverride(code: string, { message, offset }: Fault): string | null {
  const word = 'override';
  if (!message.startsWith(STRAY_OVERRIDE) || !code.startsWith(word, offset)) return null;
  return code.slice(0, offset) + ' '.repeat(word.length) + code.slice(offset + word.length);
}

/** The last segment of a line at or before a column. */
function floor(line: readonly SourceMapSegment[], column: number): SourceMapSegment | undefined {
  let low = 0;
  let high = line.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (line[middle][0] <= column) low = middle + 1;
    else high = middle;
  }
  return line[low - 1];
}
