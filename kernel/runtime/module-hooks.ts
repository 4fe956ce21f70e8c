/**
 * Module customization hooks (they run in Node's loader thread): `nabla` from anywhere, and TypeScript files of the person's own.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import type { InitializeHook, LoadHook, ResolveHook } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { MessagePort } from 'node:worker_threads';

export interface LoaderData {
  /** Files that specifiers of this package stand for. */
  library: Record<string, string>;
  port: MessagePort;
}

/** A module that was compiled on loading, so that stack traces can show its own text. */
export interface LoadedSource {
  file: string;
  title: string;
  source: string;
  map: string;
}

const TYPESCRIPT = /\.[mc]?tsx?$/;
const EXTENSIONS = ['.ts', '.tsx', '.mts', '.cts', '.js', '.mjs', '.cjs', '.json'];

let data: LoaderData | undefined;

export const initialize: InitializeHook<LoaderData> = (given) => {
  data = given;
};

export const resolve: ResolveHook = (specifier, context, nextResolve) => {
  const own = data?.library[specifier];
  if (own !== undefined) return { url: pathToFileURL(own).href, format: 'module', shortCircuit: true };
  const local = resolveLocal(specifier, context.parentURL);
  if (local !== undefined && TYPESCRIPT.test(local))
    return { url: pathToFileURL(local).href, format: 'module', shortCircuit: true };
  return nextResolve(local === undefined ? specifier : pathToFileURL(local).href, context);
};

export const load: LoadHook = async (url, context, nextLoad) => {
  if (!url.startsWith('file:') || !TYPESCRIPT.test(new URL(url).pathname)) return nextLoad(url, context);
  const file = fileURLToPath(url);
  const source = readFileSync(file, 'utf8');
  const { transform } = await import('@swc/core');
  const { code, map = '' } = await transform(source, {
    filename: file,
    configFile: false,
    swcrc: false,
    sourceMaps: true,
    jsc: {
      target: 'es2022',
      parser: { syntax: 'typescript', tsx: file.endsWith('x'), decorators: true },
    },
    module: { type: 'es6' },
  });
  const loaded: LoadedSource = { file, title: path.basename(file), source, map };
  data?.port.postMessage(loaded);
  return { format: 'module', source: code, shortCircuit: true };
};

/** Finds what TypeScript would: `./lib` and `./lib.js` may be `./lib.ts`, a folder its index. */
function resolveLocal(specifier: string, parent: string | undefined): string | undefined {
  const relative = /^\.{1,2}(\/|$)/.test(specifier);
  if (!relative && !specifier.startsWith('file:') && !path.isAbsolute(specifier)) return undefined;
  if (relative && !parent?.startsWith('file:')) return undefined;
  const url = path.isAbsolute(specifier) ? pathToFileURL(specifier) : new URL(specifier, parent);
  if (url.search !== '' || url.hash !== '') return undefined;
  const file = fileURLToPath(url);
  if (isFile(file)) return file;
  const asTypeScript = file.replace(/\.([mc]?)js(x?)$/, '.$1ts$2');
  if (asTypeScript !== file && isFile(asTypeScript)) return asTypeScript;
  for (const extension of EXTENSIONS) if (isFile(file + extension)) return file + extension;
  for (const extension of EXTENSIONS) {
    const index = path.join(file, `index${extension}`);
    if (isFile(index)) return index;
  }
  return undefined;
}

function isFile(file: string): boolean {
  return existsSync(file) && statSync(file).isFile();
}
