/** The benchmarks run bundled in `dist/test`; what they read lies in the sources. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const benchFolder = path.join(root, 'test/bench');

/** The script of a contender's process. */
export function worker(name: string): string {
  return path.join(benchFolder, 'workers', name);
}
