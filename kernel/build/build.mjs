/**
 * Builds `dist/`. The two processes of the kernel and the library for scripts are bundles, a file each, which V8 can take
 * from a cache (`kernel/boot/`), behind small files: those of the processes start what takes longest before they load the
 * bundle, those of the library hand its names on. The command line and the runner are modules with shared chunks. The declaration files, which the language service reads too, are written
 * beside it when a source has changed. `--quiet` prints nothing on success.
 */
import { build } from 'esbuild';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const quiet = process.argv.includes('--quiet');
const started = performance.now();

const common = {
  absWorkingDir: root,
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  logLevel: 'warning',
  metafile: true,
};

/** What starts in a process or thread of its own without being in a hurry. */
const modules = {
  ...common,
  entryPoints: ['kernel/cli.ts', 'kernel/runtime/module-hooks.ts', 'kernel/run/index.ts'],
  outbase: '.',
  splitting: true,
  packages: 'external',
  format: 'esm',
  chunkNames: 'chunks/[name]-[hash]',
};

/** CommonJS, for which every Node has a cache of code. Only what holds binaries stays outside. */
const scripts = {
  ...common,
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  external: ['zeromq', '@swc/core', '@resvg/resvg-js', 'esbuild'],
  supported: { 'dynamic-import': false },
  banner: { js: '"use strict"; const importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
  define: { 'import.meta.url': 'importMetaUrl' },
};
const bundles = {
  ...scripts,
  entryPoints: {
    kernel: 'kernel/main.ts',
    user: 'kernel/runtime/main.ts',
    language: 'kernel/language-thread.ts',
    raster: 'kernel/plots/raster-worker.ts',
  },
  outdir: 'dist/kernel/bundles',
};
/** What `nabla` and `nabla/core` are made of, once for both; who asks for the core does not run the rest. */
const library = {
  ...scripts,
  stdin: {
    contents: `exports.core = () => require('./core/index.ts'); exports.api = () => require('./kernel/api.ts');`,
    resolveDir: root,
  },
  outdir: undefined,
  outfile: 'dist/kernel/bundles/library.cjs',
};
const boot = {
  ...scripts,
  entryPoints: {
    main: 'kernel/boot/kernel.ts',
    'runtime/watchdog': 'kernel/runtime/watchdog.ts',
    'plots/raster-worker': 'kernel/boot/raster.ts',
    'language/service-thread': 'kernel/boot/language.ts',
  },
  outdir: 'dist/kernel',
};
/** `require` of a local module cannot wait for an ECMAScript module to load. */
const moduleCompiler = {
  ...scripts,
  entryPoints: ['kernel/language/module-compiler.ts'],
  outdir: 'dist/kernel/language',
};
const moduleBoot = {
  ...common,
  format: 'esm',
  entryPoints: { 'runtime/main': 'kernel/boot/user.ts', 'library/load': 'kernel/boot/library.ts' },
  outdir: 'dist/kernel',
};

const types = writeTypes();
const [moduleFiles, processFiles, libraryFiles, libraryNames] = (
  await Promise.all([
    build(modules),
    build(bundles),
    build(library),
    namesOf(['core/index.ts', 'kernel/api.ts']),
    build(moduleCompiler),
  ])
).map(({ metafile }) => metafile.outputs);
const bundleFiles = { ...processFiles, ...libraryFiles };
await restoreClassNames(
  [...Object.keys(moduleFiles), ...Object.keys(bundleFiles)].filter((file) => /js$/.test(file)),
);
for (const file of Object.keys(bundleFiles)) if (file.endsWith('.cjs')) await finishBundle(file);
const BUILD_ID = JSON.stringify(await buildId(Object.keys(bundleFiles)));
await build({ ...boot, define: { ...boot.define, BUILD_ID } });
await build({ ...moduleBoot, define: { BUILD_ID } });
await writeLibrary();
// Kernelspecs of before the bundles name this file.
await writeFile(path.join(root, 'dist/kernel/main.js'), "import './main.cjs';\n");
for (const name of ['kernel/main.js', 'kernel/api.js', 'core/index.js'])
  await rm(path.join(root, `dist/${name}.map`), { force: true });
await removeStale(
  'dist/chunks',
  Object.keys(moduleFiles).map((file) => path.basename(file)),
);
if (existsSync(path.join(root, 'kernel/install/logos')))
  await cp(path.join(root, 'kernel/install/logos'), path.join(root, 'dist/kernel/logos'), {
    recursive: true,
  });

await cp(path.join(root, 'core/data/assets'), path.join(root, 'dist/core/data/assets'), { recursive: true });

// Best effort: without the bytecode the first script that imports the library takes longer, and leaves it.
await promisify(execFile)(process.execPath, [path.join(root, 'kernel/build/warm.mjs')]).catch(
  () => undefined,
);
await types;
if (!quiet) console.log(`built dist/ in ${Math.round(performance.now() - started)} ms`);

/**
 * The declaration files of what scripts import, by TypeScript's native compiler: a second, most of it beside the bundles.
 * It does not check (`npm run typecheck` does), and leaves out what is marked @internal.
 */
async function writeTypes() {
  const folder = path.join(root, 'dist/types');
  const stamp = await sourcesStamp();
  const last = await readFile(path.join(folder, 'stamp'), 'utf8').catch(() => '');
  if (stamp === last) return;
  const tsc = nativeCompiler();
  if (tsc === undefined) {
    console.warn(
      'build: no declaration files: typescript-native has no compiler for this machine. Completion goes without types.',
    );
    return;
  }
  await rm(folder, { recursive: true, force: true });
  const { module, moduleResolution, target, lib } = {
    module: 'NodeNext',
    moduleResolution: 'NodeNext',
    target: 'ES2022',
    lib: 'ES2023,ESNext.Disposable',
  };
  const args = ['--ignoreConfig', '--noCheck', '--declaration', '--emitDeclarationOnly', '--stripInternal'];
  const options = Object.entries({
    module,
    moduleResolution,
    target,
    lib,
    types: 'node',
    rootDir: '.',
    outDir: 'dist/types',
  });
  args.push('--strict', '--skipLibCheck', ...options.flatMap(([name, value]) => [`--${name}`, value]));
  await promisify(execFile)(tsc, [...args, 'kernel/api.ts', 'core/index.ts', 'kernel/run/index.ts'], {
    cwd: root,
  });
  await restoreHeads(folder);
  await writeFile(path.join(folder, 'stamp'), stamp);
}

/** What a file says of itself is lost with the import that follows it when types do not need that one; the editor shows it of `nn` and the like. */
async function restoreHeads(folder) {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.d.ts'));
  await Promise.all(
    names.map(async (name) => {
      const source = await readFile(path.join(root, name.replace(/\.d\.ts$/, '.ts')), 'utf8').catch(() => '');
      const head = /^\/\*\*(?:(?!\*\/)[^])*\*\/\n(?=\n*import\b)/.exec(source)?.[0];
      const text = await readFile(path.join(folder, name), 'utf8');
      if (head !== undefined && !text.startsWith(head)) await writeFile(path.join(folder, name), head + text);
    }),
  );
}

/** Changes with every source. */
async function sourcesStamp() {
  const hash = createHash('sha256').update(await readFile(path.join(root, 'kernel/build/build.mjs')));
  for (const folder of ['core', 'kernel'])
    for (const name of (await readdir(path.join(root, folder), { recursive: true })).sort()) {
      if (!name.endsWith('.ts')) continue;
      const { size, mtimeMs } = await stat(path.join(root, folder, name));
      hash.update(`${folder}/${name} ${size} ${mtimeMs}\n`);
    }
  return hash.digest('hex');
}

function nativeCompiler() {
  try {
    const typescript = createRequire(
      createRequire(import.meta.url).resolve('typescript-native/package.json'),
    );
    const name = `@typescript/typescript-${process.platform}-${process.arch}/package.json`;
    const file = process.platform === 'win32' ? 'lib/tsc.exe' : 'lib/tsc';
    return path.join(path.dirname(typescript.resolve(name)), file);
  } catch {
    return undefined;
  }
}

/** Names the content of the bundles, so that code from the cache always belongs to them. */
async function buildId(files) {
  const hash = createHash('sha256');
  for (const file of files.filter((name) => name.endsWith('.cjs')).sort())
    hash.update(await readFile(path.join(root, file)));
  return hash.digest('hex').slice(0, 16);
}

/** What the library exports: a build that writes nothing knows it. */
function namesOf(entryPoints) {
  return build({ ...modules, entryPoints, sourcemap: false, write: false });
}

/**
 * Modules that hand the library's names on. In `dist/kernel/library` they are for the user process, where they find the
 * objects that its cells have (`kernel/runtime/library.ts`); elsewhere, as in a worker thread of a person's own, there
 * are none yet, and the library is loaded.
 */
async function writeLibrary() {
  for (const [part, file] of [
    ['api', 'kernel/api'],
    ['core', 'core/index'],
  ]) {
    const names = libraryNames[`dist/${file}.js`].exports;
    const handOn = [
      `const { ${names.map((each, index) => `${each}: _${index}`).join(', ')} } = library;`,
      `export { ${names.map((each, index) => `_${index} as ${each}`).join(', ')} };`,
    ];
    await writeText(`dist/${file}.js`, [
      `import * as parts from '${file === 'core/index' ? '../kernel' : '.'}/library/load.js';`,
      `const library = parts.${part}();`,
      ...handOn,
    ]);
    await writeText(`dist/kernel/library/${part}.js`, [
      `const library = globalThis[Symbol.for('nabla.library')] ?? (await import('../../${file}.js'));`,
      ...handOn,
    ]);
  }
}

async function writeText(file, lines) {
  await mkdir(path.join(root, path.dirname(file)), { recursive: true });
  await writeFile(path.join(root, file), `${lines.join('\n')}\n`);
}

/**
 * Nothing but ASCII, which is read and compiled fastest: beyond it esbuild leaves only comments and regular expressions.
 * And the function around a bundle that Node would put there, in the line that it begins with.
 */
async function finishBundle(file) {
  const name = path.join(root, file);
  const text = await readFile(name, 'utf8');
  const escape = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  const body = text.replace(/[^\0-\x7f]/g, escape);
  await writeFile(name, `(function (exports, require, module, __filename, __dirname) {${body}\n})`);
}

/** Chunk names carry a hash of their content: what an earlier build left would only add up. */
async function removeStale(folder, current) {
  for (const name of await readdir(path.join(root, folder)).catch(() => []))
    if (!current.includes(name)) await rm(path.join(root, folder, name), { recursive: true });
}

/**
 * A class that mentions itself leaves the bundler as `var X = class _X {`, and errors, printed models and inspected
 * objects would show that name. (The option keepNames would also wrap every closure in a call.)
 */
async function restoreClassNames(files) {
  for (const file of files) {
    const name = path.join(root, file);
    const text = await readFile(name, 'utf8');
    const named = text.replace(
      /^(\s*(?:var )?(\w+) = class _\2\b.*\{)$/gm,
      '$1 static { Object.defineProperty(this, "name", { value: "$2", configurable: true }); }',
    );
    if (named !== text) await writeFile(name, named);
  }
}
