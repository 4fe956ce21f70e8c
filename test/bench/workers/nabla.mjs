/** Nabla, as it is built in `dist`. Threads and BLAS are those of the environment. */
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { matmulWork } from './nabla-matmul.mjs';
import { trainingWork } from './nabla-train.mjs';
import { readArrays, serve } from './serve.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const nabla = await import(pathToFileURL(path.join(root, 'dist/core/index.js')).href);

serve(async (request) => {
  if (request.threads > 1 && nabla.setNumThreads === undefined) throw new Error('this build has no threads');
  nabla.setNumThreads?.(request.threads);
  const arrays = readArrays(request);
  const work =
    request.family === 'matmul' ? matmulWork(nabla, arrays, request) : trainingWork(nabla, arrays, request);
  return { ...work, about: { ...work.about, threads: nabla.getNumThreads?.() ?? 1 } };
});
