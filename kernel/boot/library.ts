/**
 * The library for scripts. `nabla` and `nabla/core` are parts of one bundle, so that a script that imports both has one
 * class of tensors. Its bytecode is kept when a script ends, where none is kept yet; the build leaves one for its Node.
 */
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import v8 from 'node:v8';
import { loadBundle } from './bundle.js';

type Part = () => Readonly<Record<string, unknown>>;

const dist = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const { exports, saveCode } = loadBundle(dist, 'kernel/bundles/library.cjs');

export const { core, api } = exports as { readonly core: Part; readonly api: Part };

if (saveCode !== undefined && onMainThread()) {
  const flags = v8.cachedDataVersionTag();
  process.once('exit', () => {
    // Code compiled under other flags than those it is named after would be refused.
    if (v8.cachedDataVersionTag() === flags) saveCode();
  });
}

/** Asked only where code is to be kept: loading what knows it takes longer than most modules of Node. */
function onMainThread(): boolean {
  const require = createRequire(import.meta.url);
  return (require('node:worker_threads') as typeof import('node:worker_threads')).isMainThread;
}
