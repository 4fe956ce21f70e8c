/**
 * Compiles local modules. It is built as a CommonJS file of its own, which the user process loads when the first local
 * module is imported: `require` of one must not wait for anything.
 */
import path from 'node:path';
import { parse } from 'acorn';
import MagicString from 'magic-string';
import type { CompiledModule, ModuleFault } from './compiled-module.js';
import type { Fault } from './fault.js';
import { LineIndex } from './lines.js';
import { isModule, rewriteModule, rewriteScript, scopeOf } from './module-rewrite.js';
import { sourceMap } from './source-map.js';
import { translateFile, type Dialect, type Translated } from './typescript.js';
import type { CompilerSettings } from './tsconfig.js';

export { Projects } from './tsconfig.js';

export interface ModuleText {
  readonly file: string;
  readonly text: string;
  /** Whether the folder's `package.json` says `"type": "module"`. */
  readonly isModulePackage: boolean;
}

export function compileModule(
  { file, text, isModulePackage }: ModuleText,
  settings: CompilerSettings,
): CompiledModule | ModuleFault {
  const extension = path.extname(file).toLowerCase();
  const source = text.replace(/^\ufeff/, ' ').replace(/^#!/, '//');
  const mayBeModule = extension !== '.cjs';
  const isScript =
    extension === '.cjs' || extension === '.cts' || (!isModulePackage && !extension.startsWith('.m'));
  if (/^\.c?js$/.test(extension) && isScript) {
    const plain = compileScript(source, file);
    if (plain || !mayBeModule) return plain ?? faultOf(source, settings);
  }
  const translation = translateFile(source, dialectOf(extension), settings);
  if ('fault' in translation) return located(source, translation.fault);
  const translated = translation.ok;
  const scope = scopeOf(translated.program);
  if (isScript && !isModule(translated.program, scope))
    return commonJs(rewriteScript(translated.js, scope), () => translated, file);
  const { text: js, ...rest } = rewriteModule(translated.js, translated.program, scope);
  const requests = rest.requests.map(({ names, offset, ...request }) => ({
    ...request,
    offset: translated.sourceOffset(offset),
    names: names.map((name) => ({ ...name, offset: translated.sourceOffset(name.offset) })),
  }));
  return { kind: 'esm', js: js.toString(), map: mapOf(js, () => translated, file), ...rest, requests };
}

/** CommonJS that is JavaScript already runs as it is written. Undefined when the text is something else. */
function compileScript(source: string, file: string): CompiledModule | undefined {
  try {
    const program = parse(source, {
      ecmaVersion: 'latest',
      sourceType: 'script',
      allowReturnOutsideFunction: true,
    });
    const importsLater = /\bimport\s*\(/.test(source);
    const js = importsLater ? rewriteScript(source, scopeOf(program)) : rewriteScript(source, NOTHING);
    return commonJs(js, () => identity(source), file);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const NOTHING = scopeOf(parse('', { ecmaVersion: 'latest' }));

/** The map of a text that no compiler has changed. */
function identity(source: string): Pick<Translated, 'mappings'> {
  const { mappings } = new MagicString(source).generateDecodedMap({ hires: 'boundary', source: 'file.js' });
  return { mappings };
}

/** The map below that of the rewriting. */
type Under = () => Pick<Translated, 'mappings'>;

function commonJs(js: MagicString, translated: Under, file: string): CompiledModule {
  const map = mapOf(js, translated, file);
  return {
    kind: 'commonjs',
    js: js.toString(),
    map,
    isAsync: false,
    requests: [],
    exports: new Map(),
    stars: [],
  };
}

function mapOf(js: MagicString, translated: Under, file: string): () => string {
  let map: string | undefined;
  return () => (map ??= sourceMap(js, translated(), file));
}

function dialectOf(extension: string): Dialect {
  if (extension === '.tsx') return 'tsx';
  return /^\.[cm]?ts$/.test(extension) ? 'ts' : 'js';
}

function faultOf(source: string, settings: CompilerSettings): ModuleFault {
  const translation = translateFile(source, 'js', settings);
  if ('fault' in translation) return located(source, translation.fault);
  return {
    message: 'import and export cannot be used in a .cjs file',
    position: { line: 1, column: 0 },
  };
}

/** The texts of `fault.ts` speak of cells. */
function located(source: string, { message, offset }: Fault): ModuleFault {
  return {
    message: message
      .replace('A cell cannot return: its last expression is its result', "'return' outside of a function")
      .replace('the cell', 'the file'),
    position: new LineIndex(source).position(offset),
  };
}
