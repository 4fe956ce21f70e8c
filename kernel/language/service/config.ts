/**
 * The `tsconfig.json` that the language server sees in the notebook's folder: the person's own, extended by what cells
 * need. It is given to the server as an open document, so nothing is written to the folder.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { distFile } from '../../install/paths.js';
import { Projects } from '../tsconfig.js';
import { DOCUMENTS, type Document } from './program.js';

/** Where the person's own file of the same folder is seen. */
const OWN = 'nabla-own-tsconfig.json';

const projects = new Projects();

/** TypeScript's words for what becomes of JSX. */
const JSX = { classic: 'react', automatic: 'react-jsx', development: 'react-jsxdev' } as const;

/** The documents that configure the program of the cells in `folder`. */
export function configDocuments(folder: string): Document[] {
  const own = nearestConfig(folder);
  const text = own === null ? '' : readText(own);
  const isHere = own === path.join(folder, 'tsconfig.json');
  const extended = own === null ? {} : { extends: isHere ? `./${OWN}` : own };
  const { jsx } = projects.of(folder).compiler;
  const config = {
    ...extended,
    // Modules beside the notebook, whose names can be imported.
    include: [...DOCUMENTS, './*.ts', './*.tsx', './*.mts', './*.js', './*.mjs'],
    exclude: [],
    compilerOptions: {
      // Whoever catches an error in a cell reads its message.
      ...(own === null ? { strict: true, useUnknownInCatchVariables: false } : {}),
      // The document of a page has no place here, unless the person says so.
      ...(text.includes('"lib"') ? {} : { lib: ['esnext'] }),
      target: 'esnext',
      module: 'esnext',
      moduleResolution: 'bundler',
      moduleDetection: 'force',
      allowImportingTsExtensions: true,
      allowJs: true,
      checkJs: false,
      resolveJsonModule: true,
      esModuleInterop: true,
      noEmit: true,
      jsx: JSX[jsx],
      composite: false,
      incremental: false,
      declaration: false,
      isolatedModules: false,
      isolatedDeclarations: false,
      verbatimModuleSyntax: false,
      erasableSyntaxOnly: false,
      skipLibCheck: true,
      // What is fine in a cell is no mistake; without this an empty list would be one of nothing (`errors.ts` leaves out the rest).
      noImplicitAny: true,
      noUnusedLocals: false,
      noUnusedParameters: false,
      noImplicitReturns: false,
      noPropertyAccessFromIndexSignature: false,
      noUncheckedSideEffectImports: false,
      allowUnreachableCode: true,
      allowUnusedLabels: true,
      types: ['node'],
      typeRoots: typeRoots(folder),
      paths: { ...libraryPaths(), ...ownPaths(folder) },
    },
  };
  return [...(isHere ? [{ name: OWN, text }] : []), { name: 'tsconfig.json', text: JSON.stringify(config) }];
}

function nearestConfig(start: string): string | null {
  for (let folder = start; ; folder = path.dirname(folder)) {
    const file = path.join(folder, 'tsconfig.json');
    if (existsSync(file)) return file;
    if (folder === path.dirname(folder)) return null;
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '{}';
  }
}

/** The folders of `@types`: those above the notebook, then this package's own, which has Node's. */
function typeRoots(start: string): string[] {
  const roots: string[] = [];
  for (let folder = start; ; folder = path.dirname(folder)) {
    const types = path.join(folder, 'node_modules', '@types');
    if (existsSync(types)) roots.push(types);
    if (folder === path.dirname(folder)) break;
  }
  try {
    const node = createRequire(import.meta.url).resolve('@types/node/package.json');
    roots.push(path.resolve(path.dirname(node), '..'));
  } catch {
    // Without it the names of Node have no types.
  }
  return [...new Set(roots)];
}

function libraryPaths(): Record<string, string[]> {
  return {
    nabla: [distFile('types/kernel/api.d.ts')],
    'nabla/core': [distFile('types/core/index.d.ts')],
    'nabla/run': [distFile('types/kernel/run/index.d.ts')],
  };
}

/** The person's `paths` would be lost behind ours. */
function ownPaths(folder: string): Record<string, string[]> {
  const { patterns } = projects.of(folder).paths;
  return Object.fromEntries(
    patterns
      .filter(([pattern]) => !/^nabla(\/|$)/.test(pattern))
      .map(([pattern, targets]) => [pattern, [...targets]]),
  );
}

/** The native server for this machine; null where there is none. */
export function serverExecutable(): string | null {
  try {
    const require = createRequire(createRequire(import.meta.url).resolve('typescript-native/package.json'));
    const name = `@typescript/typescript-${process.platform}-${process.arch}/package.json`;
    const file = process.platform === 'win32' ? 'lib/tsc.exe' : 'lib/tsc';
    const executable = path.join(path.dirname(require.resolve(name)), file);
    return existsSync(executable) ? executable : null;
  } catch {
    return null;
  }
}
