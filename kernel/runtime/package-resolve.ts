/**
 * Where the name of a package leads in an `import`: the algorithm of Node's documentation ("ECMAScript modules",
 * Resolution Algorithm Specification), which Node itself offers only to files that it has loaded.
 */
import { readFileSync, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';

interface Manifest {
  readonly file: string;
  readonly folder: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const CONDITIONS: ReadonlySet<string> = new Set([
  'node',
  'import',
  'default',
  'node-addons',
  // What Node takes for both kinds of import once `require` can load modules.
  ...(Reflect.get(process.features, 'require_module') ? ['module-sync'] : []),
]);

/** The file of `name/sub`, or of `#name` (which may also be a module of Node), for a file. Throws as Node does. */
export function resolvePackage(specifier: string, parent: string): string {
  if (specifier.startsWith('#')) return fromImports(specifier, parent);
  const parts = /^((?:@[^/\\%]+\/)?[^./\\%@][^/\\%]*)(\/.*)?$/.exec(specifier);
  if (!parts) throw fail('ERR_INVALID_MODULE_SPECIFIER', `'${specifier}' is no name of a module`);
  const name = parts[1];
  const subpath = `.${parts.at(2) ?? ''}`;
  const own = nearestManifest(parent);
  if (own?.fields.name === name && isGiven(own.fields.exports)) return fromExports(own, subpath);
  for (let folder = path.dirname(parent); ; folder = path.dirname(folder)) {
    const root = path.join(folder, 'node_modules', name);
    if (path.basename(folder) !== 'node_modules' && statSync(root, { throwIfNoEntry: false })?.isDirectory())
      return fromFolder(root, subpath);
    if (folder === path.dirname(folder)) break;
  }
  const at = path.dirname(parent);
  throw fail(
    'ERR_MODULE_NOT_FOUND',
    `Cannot find package '${name}' from ${at}: npm install ${name} puts it there`,
  );
}

function fromFolder(root: string, subpath: string): string {
  const manifest = readManifest(root);
  if (manifest && isGiven(manifest.fields.exports)) return fromExports(manifest, subpath);
  if (subpath !== '.') return path.join(root, subpath);
  const main = manifest?.fields.main;
  const named =
    typeof main === 'string'
      ? [main, `${main}.js`, `${main}.json`, `${main}.node`, `${main}/index.js`, `${main}/index.json`]
      : [];
  const file = [...named, 'index.js', 'index.json', 'index.node']
    .map((each) => path.join(root, each))
    .find(isFile);
  if (file !== undefined) return file;
  throw fail('ERR_MODULE_NOT_FOUND', `Cannot find the main file of the package in ${root}`);
}

function fromExports({ file, folder, fields }: Manifest, subpath: string): string {
  const exports = fields.exports;
  const isMain = !isRecord(exports) || !Object.keys(exports).some((key) => key.startsWith('.'));
  const entries = isMain ? { '.': exports } : exports;
  const found = match(entries, subpath, folder);
  if (found !== undefined) return found;
  const what = subpath === '.' ? 'its main entry' : `'${subpath}'`;
  throw fail(
    'ERR_PACKAGE_PATH_NOT_EXPORTED',
    `The package does not export ${what} (see "exports" in ${file})`,
  );
}

function fromImports(specifier: string, parent: string): string {
  const manifest = nearestManifest(parent);
  const imports = manifest?.fields.imports;
  const found = manifest && isRecord(imports) ? match(imports, specifier, manifest.folder) : undefined;
  if (found !== undefined) return found;
  const where = manifest ? ` (see "imports" in ${manifest.file})` : '';
  throw fail('ERR_PACKAGE_IMPORT_NOT_DEFINED', `'${specifier}' is not defined for ${parent}${where}`);
}

/** The entry of exactly this name, or of the pattern with the longest beginning. */
function match(entries: Readonly<Record<string, unknown>>, name: string, folder: string): string | undefined {
  if (Object.hasOwn(entries, name) && !name.includes('*')) return target(entries[name], '', folder);
  const patterns = Object.keys(entries)
    .filter((key) => {
      const [before, after, ...more] = key.split('*');
      if ((after as string | undefined) === undefined || more.length > 0) return false;
      return name.startsWith(before) && name.endsWith(after) && name.length >= key.length;
    })
    .sort((a, b) => b.indexOf('*') - a.indexOf('*') || b.length - a.length);
  const best = patterns.at(0);
  if (best === undefined) return undefined;
  const [before, after] = best.split('*');
  return target(entries[best], name.slice(before.length, name.length - after.length), folder);
}

/** Undefined when no condition holds, or the entry is closed by `null`. */
function target(value: unknown, star: string, folder: string): string | undefined {
  if (typeof value === 'string') {
    const filled = value.replaceAll('*', () => star);
    if (isBuiltin(filled)) return filled;
    return value.startsWith('./')
      ? path.join(folder, filled)
      : resolvePackage(filled, path.join(folder, 'package.json'));
  }
  if (Array.isArray(value)) {
    for (const each of value) {
      const found = target(each, star, folder);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  for (const [condition, each] of Object.entries(value)) {
    if (!CONDITIONS.has(condition)) continue;
    // The first condition that holds decides, also when it closes the entry.
    if (each === null) return undefined;
    const found = target(each, star, folder);
    if (found !== undefined) return found;
  }
  return undefined;
}

function nearestManifest(file: string): Manifest | undefined {
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    const manifest = readManifest(folder);
    if (manifest || path.basename(folder) === 'node_modules' || folder === path.dirname(folder))
      return manifest;
  }
}

function readManifest(folder: string): Manifest | undefined {
  const file = path.join(folder, 'package.json');
  if (!isFile(file)) return undefined;
  let fields: unknown;
  try {
    fields = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw fail('ERR_INVALID_PACKAGE_CONFIG', `${file} is no valid JSON: ${String(error)}`);
  }
  return { file, folder, fields: isRecord(fields) ? fields : {} };
}

function fail(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() === true;
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
