/**
 * Builds `dist/`: one esbuild run with shared chunks, so that the core a cell sees and the core that `import 'nabla'`
 * finds are the same objects. `--types` also writes the declaration files, `--quiet` prints nothing on success.
 */
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const quiet = process.argv.includes('--quiet');
const started = performance.now();

/** Every file that a process or a worker thread starts with, or that a package export names. */
const entryPoints = [
  'core/index.ts',
  'kernel/api.ts',
  'kernel/cli.ts',
  'kernel/main.ts',
  'kernel/runtime/main.ts',
  'kernel/runtime/watchdog.ts',
  'kernel/runtime/module-hooks.ts',
  'kernel/plots/raster-worker.ts',
  'kernel/run/index.ts',
].filter((file) => existsSync(path.join(root, file)));

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints,
  outdir: 'dist',
  outbase: '.',
  bundle: true,
  splitting: true,
  packages: 'external',
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  chunkNames: 'chunks/[name]-[hash]',
  logLevel: 'warning',
  metafile: true,
});
// `require` of a local module cannot wait for an ECMAScript module to load.
await build({
  absWorkingDir: root,
  entryPoints: ['kernel/language/module-compiler.ts'],
  outfile: 'dist/kernel/language/module-compiler.cjs',
  bundle: true,
  external: ['@swc/core'],
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  banner: { js: "const ownUrl = require('node:url').pathToFileURL(__filename).href;" },
  define: { 'import.meta.url': 'ownUrl' },
  logLevel: 'warning',
});
await restoreClassNames(Object.keys(metafile.outputs).filter((file) => file.endsWith('.js')));
await removeStaleChunks(new Set(Object.keys(metafile.outputs)));
if (existsSync(path.join(root, 'kernel/install/logos')))
  await cp(path.join(root, 'kernel/install/logos'), path.join(root, 'dist/kernel/logos'), {
    recursive: true,
  });

await cp(path.join(root, 'core/data/assets'), path.join(root, 'dist/core/data/assets'), { recursive: true });

if (process.argv.includes('--types')) {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const args = [
    tsc,
    '-p',
    'tsconfig.json',
    '--declaration',
    '--emitDeclarationOnly',
    '--outDir',
    'dist/types',
  ];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
if (!quiet)
  console.log(
    `built ${entryPoints.length} entries into dist/ in ${Math.round(performance.now() - started)} ms`,
  );

/** Chunk names carry a hash of their content: what an earlier build left would only add up. */
async function removeStaleChunks(current) {
  for (const name of await readdir(path.join(root, 'dist/chunks')).catch(() => []))
    if (!current.has(`dist/chunks/${name}`)) await rm(path.join(root, 'dist/chunks', name));
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
      /^(var (\w+) = class _\2\b.*\{)$/gm,
      '$1 static { Object.defineProperty(this, "name", { value: "$2", configurable: true }); }',
    );
    if (named !== text) await writeFile(name, named);
  }
}
