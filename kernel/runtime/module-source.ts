/** Reads and compiles local modules, and says in the terms of their own text what is wrong with them. */
import { createRequire } from 'node:module';
import path from 'node:path';
import vm from 'node:vm';
import { distFile } from '../install/paths.js';
import type { CompiledModule } from '../language/compiled-module.js';
import type { PathSettings, Project, Projects } from '../language/tsconfig.js';
import { announceScript } from './debug-hooks.js';
import { LocalModule } from './local-module.js';
import { FileText } from './module-file.js';
import { hasProject, isModulePackage } from './module-resolve.js';
import { placeError, registerSource, type MappedFrame } from './stacks.js';

type Compiler = typeof import('../language/module-compiler.js');

const NO_PATHS: PathSettings = { baseUrl: null, patterns: [] };

let compiler: Compiler | undefined;
let projects: Projects | undefined;

/** The compiler and what it needs take 30 ms to load, so nothing does it before the first local module. */
function loadCompiler(): Compiler {
  return (compiler ??= createRequire(import.meta.url)(
    distFile('kernel/language/module-compiler.cjs'),
  ) as Compiler);
}

export function projectOf(file: string): Project {
  projects ??= new (loadCompiler().Projects)();
  return projects.of(path.dirname(file));
}

export function pathsOf(folder: string): PathSettings {
  return hasProject(folder) ? projectOf(path.join(folder, 'any')).paths : NO_PATHS;
}

/** The title of a file in tracebacks. */
function titleOf(file: string): string {
  const short = path.relative(process.cwd(), file);
  return short.startsWith('..') ? file : short;
}

export function readModule(file: string, key: string, form: 'code' | 'json' | 'text'): LocalModule {
  const text = new FileText(file);
  const project = form === 'code' ? projectOf(file) : undefined;
  let compiled: CompiledModule | null = null;
  if (project) {
    const given = { file, text: text.text, isModulePackage: isModulePackage(file) };
    const result = loadCompiler().compileModule(given, project.compiler);
    if ('message' in result) throw syntaxError(result.message, text, result.position);
    compiled = result;
  }
  const module = new LocalModule(key, text, project, compiled);
  if (form === 'json') module.fill(parseJson(text));
  if (form === 'text') module.fill(text.text);
  return module;
}

const versions = new Map<string, number>();

/** Runs the script of a module; its value is the function that `compiled-module.ts` describes. */
export function scriptOf(module: LocalModule, { js, map }: CompiledModule): unknown {
  // Code of the text before an edit may still run, so each version has a name of its own.
  const version = (versions.get(module.file) ?? 0) + 1;
  versions.set(module.file, version);
  const filename = version === 1 ? module.file : `${module.file}?${version}`;
  registerSource(filename, { title: titleOf(module.file), source: module.text.text, map, js });
  const script = new vm.Script(js, {
    filename,
    importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  const body: unknown = script.runInThisContext();
  announceScript(filename);
  return body;
}

/** Lets an error point to a place in a module's text. */
export function placeInText<E extends Error>(error: E, { file, text }: FileText, offset: number): E {
  if (offset < 0) return error;
  const before = text.slice(0, offset).split('\n');
  const column = before[before.length - 1].length;
  placeError(error, frameOf(file, text, { line: before.length, column }));
  return error;
}

function frameOf(file: string, source: string, at: { line: number; column: number }): MappedFrame {
  return { title: titleOf(file), source, line: at.line, column: at.column + 1 };
}

function syntaxError(
  message: string,
  { file, text }: FileText,
  position: { line: number; column: number },
): SyntaxError {
  const error = new SyntaxError(message);
  placeError(error, frameOf(file, text, position));
  return error;
}

function parseJson(text: FileText): unknown {
  try {
    return JSON.parse(text.text.replace(/^\ufeff/, '')) as unknown;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const at = /at position (\d+)/.exec(message)?.[1];
    const offset = at === undefined ? text.text.length : Number(at);
    throw placeInText(new SyntaxError(`${titleOf(text.file)}: ${message}`), text, offset);
  }
}
