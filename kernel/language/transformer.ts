import remapping from '@jridgewell/remapping';
import type { Identifier } from 'acorn';
import type { CellSyntaxError, CompileOptions, CompiledCell } from './cell.js';
import { excerpt } from './excerpt.js';
import type { Fault } from './fault.js';
import { LineIndex } from './lines.js';
import { scriptName } from './names.js';
import { resultOf } from './result.js';
import { extended, rewrite } from './rewrite.js';
import { analyse, type NameKind } from './scope.js';
import { loadCompiler, translate, type Translated } from './typescript.js';
import path from 'node:path';

/**
 * Compiles the cells of one session. It holds what cells share: which names exist and whether they are constants.
 * Make a new one (or `reset()`) when the user process starts anew.
 */
export class CellTransformer {
  private readonly names = new Map<string, NameKind>();

  /** Loads the compiler now instead of at the first cell. */
  warmUp(): void {
    loadCompiler();
  }

  reset(): void {
    this.names.clear();
  }

  /** The name in the script scope of a top-level name of the cells so far. */
  scriptName(name: string): string {
    return this.names.has(name) ? scriptName(name) : name;
  }

  compile(code: string, { count, cwd }: CompileOptions): CompiledCell | CellSyntaxError {
    const title = `Cell [${count}]`;
    const filename = path.join(cwd, `cell-${count}.ts`);
    // A byte order mark takes a column in the text, but none in what the compiler reads.
    const text = code.replace(/^\ufeff/, ' ');
    const translation = translateCell(text);
    if ('fault' in translation) return syntaxError(code, title, translation.fault);
    const cell = translation.ok;

    // The variable of a namespace has no place of its own in the text.
    const namespaces = extended(cell.program);
    const scope = analyse(cell.program, (name) =>
      namespaces.has(name.name) ? name.name : originalName(name, text, cell),
    );
    const declared = (name: string): boolean => scope.names.has(name) || this.names.has(name);
    const { text: js, ...rewritten } = rewrite(cell.js, cell.program, scope, {
      nameOf: (name) => (declared(name) ? scriptName(name) : name),
      isConstant: (name) => this.names.get(name) === 'const' || this.names.get(name) === 'import',
      result: resultOf(text, cell),
    });
    for (const [name, kind] of scope.names) this.names.set(name, kind);

    const lines = new LineIndex(text);
    const rewriting = js.generateDecodedMap({ hires: 'boundary', source: 'cell.js' });
    const map = remapping(
      { ...rewriting, version: 3, file: undefined, mappings: rewriting.mappings },
      (file) =>
        file === 'cell.js'
          ? {
              version: 3,
              names: [],
              sources: [filename],
              mappings: cell.mappings.map((line) => [...line]),
            }
          : null,
    );
    return {
      kind: 'compiled',
      js: js.toString(),
      map: map.toString(),
      source: code,
      filename,
      title,
      declares: rewritten.declares,
      suspends: rewritten.suspends,
      awaits: rewritten.awaits.map((offset) => lines.position(Math.max(0, cell.sourceOffset(offset)))),
    };
  }
}

/** A cell that begins with a brace and ends without a semicolon is an object if it can be one, as in Node's REPL. */
function translateCell(text: string): ReturnType<typeof translate> {
  if (/^(?:\s|\/\/.*|\/\*[^]*?\*\/)*\{/.test(text) && !/;\s*$/.test(text)) {
    const object = translate(text, true);
    if ('ok' in object) return object;
  }
  return translate(text);
}

const NAME = /[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/uy;

/** What the person called a name of the JavaScript; null when there is no such name where it comes from. */
function originalName(
  { name, start }: Identifier,
  text: string,
  { sourceOffset }: Translated,
): string | null {
  const offset = sourceOffset(start);
  if (offset < 0) return null;
  if (text.startsWith('\\u', offset)) return name;
  NAME.lastIndex = offset;
  const word = NAME.exec(text)?.[0];
  if (word === undefined) return null;
  // swc numbers the names that would clash with its own.
  const isNumbered = name.startsWith(word) && /^\d+$/.test(name.slice(word.length));
  return name === word || isNumbered ? word : null;
}

function syntaxError(source: string, title: string, fault: Fault): CellSyntaxError {
  const position = new LineIndex(source).position(fault.offset);
  const { message, length } = fault;
  return {
    kind: 'syntax-error',
    message,
    position,
    source,
    title,
    excerpt: excerpt(source, position, { length }),
  };
}
