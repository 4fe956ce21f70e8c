/**
 * Builds `dist/`: one esbuild run with shared chunks, so that the core a cell sees and the core that `import 'nabla'`
 * finds are the same objects. `--types` also writes the declaration files, `--quiet` prints nothing on success.
 */
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, readdir, rm } from 'node:fs/promises';
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
await removeStaleChunks(new Set(Object.keys(metafile.outputs)));
if (existsSync(path.join(root, 'kernel/install/logos')))
  await cp(path.join(root, 'kernel/install/logos'), path.join(root, 'dist/kernel/logos'), {
    recursive: true,
  });

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
