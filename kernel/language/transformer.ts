import path from 'node:path';
import type { Identifier } from 'acorn';
import type { CellSyntaxError, CompileOptions, CompiledCell } from './cell.js';
import { decoratedClasses } from './decorated.js';
import { tooDeep } from './depth.js';
import { excerpt } from './excerpt.js';
import type { Fault } from './fault.js';
import { LineIndex } from './lines.js';
import { Locals } from './locals.js';
import { expandMagics, type Expansion } from './magics/index.js';
import { scriptName } from './names.js';
import { resultOf } from './result.js';
import { extended, rewrite } from './rewrite.js';
import { analyse, type NameKind } from './scope.js';
import { sourceMap } from './source-map.js';
import { Projects } from './tsconfig.js';
import { loadCompiler, translateCell, type Translated } from './typescript.js';

/**
 * Compiles the cells of one session. It holds what cells share: which names exist and whether they are constants.
 * Make a new one (or `reset()`) when the user process starts anew.
 */
export class CellTransformer {
  private readonly names = new Map<string, NameKind>();
  private readonly projects = new Projects();
  /** What the person was told of the `tsconfig.json`. */
  private told: readonly string[] = [];
  private readonly locals = new Locals();

  /** Loads the compiler now instead of at the first cell. */
  warmUp(): void {
    loadCompiler();
  }

  reset(): void {
    this.names.clear();
    this.locals.reset();
  }

  /** The name in the script scope of a top-level name of the cells so far. */
  scriptName(name: string): string {
    return this.names.has(name) ? scriptName(name) : name;
  }

  compile(code: string, options: CompileOptions): CompiledCell | CellSyntaxError {
    try {
      return this.compiled(code, options);
    } catch (error) {
      // What is too deep for our own walks through the program, too.
      if (error instanceof RangeError) return syntaxError(code, titleOf(options), tooDeep(0));
      throw error;
    }
  }

  private compiled(code: string, options: CompileOptions): CompiledCell | CellSyntaxError {
    const { count, cwd, locals = true } = options;
    const title = titleOf(options);
    const filename = path.join(cwd, `cell-${count}.ts`);
    // A byte order mark takes a column in the text, but none in what the compiler reads.
    const written = code.replace(/^\ufeff/, ' ');
    const expansion = expandMagics(written, (name) => this.names.has(name));
    if (expansion && 'problem' in expansion)
      return syntaxError(code, title, { ...expansion.problem, atEnd: false });
    const text = expansion?.text ?? written;
    const { compiler, problems } = this.projects.of(cwd);
    const translation = translateCell(text, compiler);
    if ('fault' in translation) {
      const { fault } = translation;
      return syntaxError(code, title, expansion ? faultInWritten(fault, expansion) : fault);
    }
    const cell = translation.ok;

    // The variable of a namespace has no place of its own in the text.
    const namespaces = extended(cell.program);
    const decorated = decoratedClasses(cell.js, cell.program);
    const scope = analyse(
      cell.program,
      (name) => (namespaces.has(name.name) ? name.name : originalName(name, text, cell)),
      decorated.map(({ name }) => name),
    );
    const declared = (name: string): boolean => scope.names.has(name) || this.names.has(name);
    const nameOf = (name: string): string => (declared(name) ? scriptName(name) : name);
    this.locals.add(scope, cell.js);
    const { text: js, ...rewritten } = rewrite(cell.js, cell.program, scope, {
      nameOf,
      locals: locals ? this.locals.of(scope, namespaces).map(nameOf) : [],
      isConstant: (name) => this.names.get(name) === 'const' || this.names.get(name) === 'import',
      decorated,
      result: resultOf(text, cell, compiler),
    });
    for (const [name, kind] of scope.names) this.names.set(name, kind);

    return {
      kind: 'compiled',
      js: js.toString(),
      map: sourceMap(js, expansion ? inWritten(cell, expansion, written) : cell, filename, rewritten.places),
      source: code,
      filename,
      title,
      declares: rewritten.declares,
      suspends: rewritten.suspends,
      warnings: this.news(problems),
      ...(rewritten.keep === null ? {} : { keep: rewritten.keep }),
    };
  }

  /** Each problem is told once. */
  private news(problems: readonly string[]): readonly string[] {
    const news = problems.filter((problem) => !this.told.includes(problem));
    this.told = problems;
    return news;
  }
}

/** The place in the person's own text; a bracket that a magic has put there is the end of what it was given. */
function faultInWritten(fault: Fault, expansion: Expansion): Fault {
  const magic = fault.message.startsWith('Unexpected') ? expansion.magicAt(fault.offset) : null;
  const message = magic === null ? fault.message : `Unexpected end of what ${magic} is given`;
  return { ...fault, message, offset: expansion.original(fault.offset) };
}

/** The places in the person's own text, in which magics are as they were written. */
function inWritten(
  { mappings }: Pick<Translated, 'mappings'>,
  expansion: Expansion,
  written: string,
): Pick<Translated, 'mappings'> {
  const [expanded, lines] = [new LineIndex(expansion.text), new LineIndex(written)];
  return {
    mappings: mappings.map((line) =>
      line.map((segment) => {
        if (segment.length === 1) return segment;
        const offset = expansion.original(expanded.offset({ line: segment[2] + 1, column: segment[3] }));
        const place = lines.position(offset);
        return [segment[0], segment[1], place.line - 1, place.column];
      }),
    ),
  };
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

function titleOf({ count }: CompileOptions): string {
  return `Cell [${count}]`;
}
