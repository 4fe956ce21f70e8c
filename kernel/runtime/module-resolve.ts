/** Where the names of modules lead: as in Node, and beyond that as TypeScript has it for a person's own files. */
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { PathSettings } from '../language/tsconfig.js';
import { distFile } from '../install/paths.js';
import { resolvePackage } from './package-resolve.js';

export type Found =
  | { readonly type: 'builtin'; readonly id: string }
  /** The library that the built-in names come from. */
  | { readonly type: 'library'; readonly url: string }
  /** A file of the person's own, which is compiled here and read anew when it was edited. */
  | { readonly type: 'local'; readonly file: string; readonly query: string }
  /** What Node loads. */
  | { readonly type: 'package'; readonly url: string };

export type ImportKind = 'import' | 'require';

/** The `paths` and `baseUrl` that count in a folder. */
export type PathsOf = (folder: string) => PathSettings;

/** What `nabla` is, whether or not the folder has it installed. */
export const LIBRARY: Readonly<Record<string, string>> = {
  nabla: distFile('kernel/library/api.js'),
  'nabla/core': distFile('kernel/library/core.js'),
  'nabla/run': distFile('kernel/run/index.js'),
};

const TYPESCRIPT = ['.ts', '.tsx', '.mts', '.cts'];
const JAVASCRIPT = ['.js', '.jsx', '.mjs', '.cjs'];
const EXTENSIONS = ['.ts', '.tsx', '.js', '.jsx', '.mts', '.cts', '.mjs', '.cjs', '.json'];
const OURS: ReadonlySet<string> = new Set(EXTENSIONS);

/** What TypeScript writes `./a.js` for. */
const WRITTEN_AS: Readonly<Record<string, readonly string[]>> = {
  '.js': ['.ts', '.tsx'],
  '.jsx': ['.tsx'],
  '.mjs': ['.mts'],
  '.cjs': ['.cts'],
};

/** Finds a module for `parent`, a file. Throws as Node does when there is none. */
export function resolveModule(specifier: string, parent: string, kind: ImportKind, pathsOf: PathsOf): Found {
  if (isBuiltin(specifier)) return { type: 'builtin', id: specifier };
  const library = LIBRARY[specifier];
  if (Object.hasOwn(LIBRARY, specifier)) return { type: 'library', url: pathToFileURL(library).href };
  if (/^\.{1,2}(?:[\\/]|$)/.test(specifier) || path.isAbsolute(specifier))
    return resolvePath(specifier, parent, kind);
  if (specifier.startsWith('file:')) return resolvePath(fileURLToPath(withoutQuery(specifier)), parent, kind);
  if (/^(?:data|https?|node|blob):/.test(specifier)) return { type: 'package', url: specifier };
  return fromPaths(specifier, parent, pathsOf(path.dirname(parent))) ?? fromPackages(specifier, parent, kind);
}

function resolvePath(specifier: string, parent: string, kind: ImportKind): Found {
  const query = kind === 'import' ? (/[?#].*$/.exec(specifier)?.[0] ?? '') : '';
  const bare = query === '' ? specifier : specifier.slice(0, -query.length);
  const target = path.resolve(path.dirname(parent), bare);
  const file = findFile(target, !JAVASCRIPT.includes(path.extname(parent))) ?? findFolder(target);
  if (file !== undefined) return found(file, query);
  throw notFound(`Cannot find module '${specifier}' in ${path.dirname(parent)}${hint(target)}`);
}

/** A file under its own name, the one that it was compiled from, or with an extension that was left out. */
function findFile(target: string, preferSource: boolean): string | undefined {
  const extension = path.extname(target);
  const stem = target.slice(0, target.length - extension.length);
  const sources = (WRITTEN_AS[extension] ?? []).map((each) => stem + each);
  const exact = preferSource ? [...sources, target] : [target, ...sources];
  return [...exact, ...EXTENSIONS.map((each) => target + each)].find(isFile);
}

function findFolder(folder: string): string | undefined {
  if (!isFolder(folder)) return undefined;
  const main = packageField(folder, 'main');
  const named = typeof main === 'string' ? path.resolve(folder, main) : undefined;
  const fromMain =
    named === undefined || named === folder ? undefined : (findFile(named, true) ?? findIndex(named));
  return fromMain ?? findIndex(folder);
}

function findIndex(folder: string): string | undefined {
  return EXTENSIONS.map((each) => path.join(folder, `index${each}`)).find(isFile);
}

/** `compilerOptions.paths`: the pattern with the longest beginning counts, an exact one before all. */
function fromPaths(
  specifier: string,
  parent: string,
  { baseUrl, patterns }: PathSettings,
): Found | undefined {
  let best: { targets: readonly string[]; length: number; rest: string } | undefined;
  for (const [pattern, targets] of patterns) {
    const star = pattern.indexOf('*');
    if (star < 0) {
      if (pattern === specifier) best = { targets, length: Infinity, rest: '' };
      continue;
    }
    const [before, after] = [pattern.slice(0, star), pattern.slice(star + 1)];
    const fits =
      specifier.length >= before.length + after.length &&
      specifier.startsWith(before) &&
      specifier.endsWith(after);
    if (fits && before.length > (best?.length ?? -1))
      best = {
        targets,
        length: before.length,
        rest: specifier.slice(before.length, specifier.length - after.length),
      };
  }
  const candidates = (best?.targets ?? []).map((target) => target.replace('*', () => best!.rest));
  if (baseUrl !== null && !specifier.startsWith('#')) candidates.push(path.join(baseUrl, specifier));
  for (const candidate of candidates) {
    const file = findFile(candidate, !JAVASCRIPT.includes(path.extname(parent))) ?? findFolder(candidate);
    // Declarations say what a package is like; they are not it.
    if (file !== undefined && !/\.d\.[mc]?ts$/.test(file)) return found(file, '');
  }
  return undefined;
}

function fromPackages(specifier: string, parent: string, kind: ImportKind): Found {
  const require = createRequire(parent);
  if (kind === 'require') {
    const id = require.resolve(specifier);
    return isBuiltin(id) ? { type: 'builtin', id } : found(id, '');
  }
  const query = /\?.*$/.exec(specifier)?.[0] ?? '';
  const file = resolvePackage(specifier.slice(0, specifier.length - query.length), parent);
  if (isBuiltin(file)) return { type: 'builtin', id: file };
  if (isFile(file)) return found(file, query);
  // `lodash/fp` is a file without its extension, which only `require` finds.
  try {
    return found(require.resolve(specifier), '');
  } catch {
    throw notFound(`Cannot find '${file}', which '${specifier}' stands for`);
  }
}

/** What is in `node_modules` belongs to Node, and so does what only Node can load. */
function found(file: string, query: string): Found {
  const real = realpathSync(file);
  const isOwn = !/[\\/]node_modules[\\/]/.test(real) && OURS.has(path.extname(real).toLowerCase());
  if (isOwn) return { type: 'local', file: real, query };
  return { type: 'package', url: pathToFileURL(real).href + query };
}

/** Whether the nearest `package.json` makes `.js` files ECMAScript modules. */
export function isModulePackage(file: string): boolean {
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, 'package.json'))) return packageField(folder, 'type') === 'module';
    if (folder === path.dirname(folder)) return false;
  }
}

/** Whether a folder or one above it has a `tsconfig.json`. */
export function hasProject(start: string): boolean {
  for (let folder = start; ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, 'tsconfig.json'))) return true;
    if (folder === path.dirname(folder)) return false;
  }
}

function packageField(folder: string, field: string): unknown {
  try {
    const manifest: unknown = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
    return typeof manifest === 'object' && manifest !== null ? Reflect.get(manifest, field) : undefined;
  } catch {
    return undefined;
  }
}

function hint(target: string): string {
  const folder = path.dirname(target);
  if (!isFolder(folder)) return ` (there is no folder ${folder})`;
  return TYPESCRIPT.some((each) => isFile(`${target}.d${each}`)) ? ' (there are only its types)' : '';
}

function notFound(message: string): Error {
  return Object.assign(new Error(message), { code: 'ERR_MODULE_NOT_FOUND' });
}

function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/, '');
}

function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() === true;
}

function isFolder(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isDirectory() === true;
}
