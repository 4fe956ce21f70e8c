import { existsSync } from 'node:fs';
import path from 'node:path';

/**
 * The folder of one group of reference files (`ops`, `modules`, …): in `NABLA_GOLDEN` when that is set, else in the
 * repository. `NABLA_GOLDEN` may also name the group's own folder.
 */
export function groupFolder(group: string): string {
  const root = process.env.NABLA_GOLDEN ?? path.join(import.meta.dirname, 'vectors');
  const folder = path.join(root, group);
  return !existsSync(folder) && path.basename(path.resolve(root)) === group ? root : folder;
}
