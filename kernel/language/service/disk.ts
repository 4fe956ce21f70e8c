/** Tells the server which files have changed: the local modules of cells, and packages that were installed meanwhile. */
import { statSync } from 'node:fs';
import path from 'node:path';

/** FileChangeType of the Language Server Protocol. */
const CREATED = 1;
const CHANGED = 2;
const DELETED = 3;

const ENDINGS = ['', '.ts', '.tsx', '.mts', '.js', '.json', '/index.ts'];
const MOST_WATCHED = 500;
/** An editor beside the notebook may write a file at any time: so often it is looked for, not for each letter that is typed. */
const PAUSE_MS = 500;

export class DiskWatch {
  readonly #stamps = new Map<string, string>();
  readonly #modules = new Set<string>();
  #next = 0;

  constructor(private readonly folder: string) {}

  /** From now on the files that these specifiers may mean are looked at. */
  watch(modules: Iterable<string>): void {
    for (const module of modules) {
      if (this.#modules.has(module)) continue;
      this.#modules.add(module);
      for (const file of this.#candidates(module)) {
        if (this.#stamps.size >= MOST_WATCHED) return;
        if (!this.#stamps.has(file)) this.#stamps.set(file, stampOf(file));
      }
    }
  }

  /** A cell has run, which may have written files. */
  look(): void {
    this.#next = 0;
  }

  /** What has changed since the last time, with its FileChangeType. */
  changes(): [file: string, type: number][] {
    const changes: [string, number][] = [];
    if (performance.now() < this.#next) return changes;
    this.#next = performance.now() + PAUSE_MS;
    for (const [file, before] of this.#stamps) {
      const now = stampOf(file);
      if (now === before) continue;
      this.#stamps.set(file, now);
      changes.push([file, before === '' ? CREATED : now === '' ? DELETED : CHANGED]);
    }
    return changes;
  }

  #candidates(module: string): string[] {
    if (/^\.{0,2}\//.test(module)) {
      const file = path.resolve(this.folder, module);
      const source = file.replace(/\.([cm]?)js$/, '.$1ts');
      return [...new Set([source, ...ENDINGS.map((ending) => file + ending)])];
    }
    if (/^(node:|nabla(\/|$))/.test(module)) return [];
    const name = module.split('/', module.startsWith('@') ? 2 : 1).join('/');
    const types = `@types/${name.replace(/^@/, '').replace('/', '__')}`;
    return [name, types].map((each) => path.join(this.folder, 'node_modules', each, 'package.json'));
  }
}

function stampOf(file: string): string {
  try {
    const stat = statSync(file, { throwIfNoEntry: false });
    return stat?.isFile() ? `${stat.mtimeMs} ${stat.size}` : '';
  } catch {
    // A folder on the way is a file.
    return '';
  }
}
