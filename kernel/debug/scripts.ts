/**
 * The scripts that V8 runs, and the texts that a person wrote behind them. A cell's text goes by a path that frontends
 * compute from it; a local module by its file.
 */
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';
import { packageRoot } from '../install/paths.js';
import type { DebugTarget } from '../session/session.js';
import { ask, HOOKS, send, type Location } from './cdp.js';
import { murmur2 } from './murmur2.js';

const SEED = 0xc70f6907;
/** JupyterLab writes `Cell [3]` for paths that contain this word, and the whole path for all others. */
const FOLDER = `nabla-ipykernel_${process.pid}`;

/** How paths of cells are made: what frontends need to know. */
export const CELL_PATHS = {
  hashMethod: 'Murmur2',
  hashSeed: SEED,
  tmpFilePrefix: path.join(os.tmpdir(), FOLDER) + path.sep,
  tmpFileSuffix: '.ts',
};

export function cellPath(code: string): string {
  return `${CELL_PATHS.tmpFilePrefix}${murmur2(code, SEED)}${CELL_PATHS.tmpFileSuffix}`;
}

/** A script whose text is a person's. */
export interface Script {
  readonly id: string;
  /** The file that it claims to be. */
  readonly file: string;
  /** By which frontends know it. */
  readonly path: string;
  readonly title: string;
  readonly isCell: boolean;
  readonly source: string;
  readonly declares: readonly string[];
  readonly keep: string | null;
  readonly map: TraceMap;
}

/** 1-based line and column in a person's text. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export type Origin = 'person' | 'package' | 'hidden';

const own = path.join(packageRoot(), 'dist') + path.sep;

export class Scripts {
  readonly #files = new Map<string, string>();
  readonly #ids = new Map<string, string>();
  readonly #loaded = new Map<string, Promise<Script | null>>();
  /** By path. */
  readonly #known = new Map<string, Set<string>>();

  constructor(private readonly target: DebugTarget) {}

  clear(): void {
    this.#files.clear();
    this.#ids.clear();
    this.#loaded.clear();
    this.#known.clear();
  }

  /** A script has been compiled. */
  add(id: string, url: string): void {
    const file = url.startsWith('file:') ? fileURLToPath(url) : url;
    this.#files.set(id, file);
    this.#ids.set(file, id);
  }

  /** The script of a file; each version of a text has a file name of its own. */
  idOf(file: string): string | undefined {
    return this.#ids.get(file);
  }

  fileOf(id: string): string | undefined {
    return this.#files.get(id);
  }

  originOf(id: string): Origin {
    const file = this.#files.get(id);
    if (file === undefined || !path.isAbsolute(file) || file.startsWith(own)) return 'hidden';
    return file.includes(`${path.sep}node_modules${path.sep}`) ? 'package' : 'person';
  }

  /** The person's text of a script; null where it is somebody else's. */
  load(id: string): Promise<Script | null> {
    let loading = this.#loaded.get(id);
    if (!loading) {
      loading = this.#load(id);
      this.#loaded.set(id, loading);
    }
    return loading;
  }

  async #load(id: string): Promise<Script | null> {
    const file = this.#files.get(id);
    if (file === undefined || this.originOf(id) === 'hidden') return null;
    const found = await ask(this.target, `${HOOKS}.source(${JSON.stringify(file)})`);
    if (!isDebugSource(found)) return null;
    const { title, source, declares, keep } = found;
    const isCell = declares !== null;
    const where = isCell ? cellPath(source) : file.replace(/\?\d+$/, '');
    this.#remember(where, id);
    const map = new TraceMap(found.map);
    return { id, file, path: where, title, isCell, source, declares: declares ?? [], keep, map };
  }

  #remember(where: string, id: string): void {
    const ids = this.#known.get(where) ?? new Set();
    this.#known.set(where, ids.add(id));
  }

  /** All scripts of a text, the ones of cells that ran before the debugger came included. */
  async withPath(where: string): Promise<Script[]> {
    const files = new Set([where]);
    if (where.startsWith(CELL_PATHS.tmpFilePrefix)) {
      const texts = await ask(this.target, `${HOOKS}.sources()`);
      for (const [file, source] of texts as [string, string][])
        if (cellPath(source) === where) files.add(file);
    }
    for (const [id, file] of this.#files)
      if (files.has(file.replace(/(?<=\.\w+)\?\d+$/, ''))) await this.load(id);
    const scripts = await Promise.all([...(this.#known.get(where) ?? [])].map((id) => this.load(id)));
    return scripts.filter((script) => script !== null);
  }

  /** The place in the text of a place in the script; null in what only the kernel has written. */
  placeOf({ map }: Script, { lineNumber, columnNumber = 0 }: Location): Place | null {
    const found = originalPositionFor(map, { line: lineNumber + 1, column: columnNumber });
    return found.line === null ? null : { line: found.line, column: found.column + 1 };
  }

  /** The places of a script where it can pause, with their lines in the text; null when it was thrown away. */
  async stops(script: Script): Promise<Stop[] | null> {
    try {
      const { locations } = await send(this.target, 'Debugger.getPossibleBreakpoints', {
        start: { scriptId: script.id, lineNumber: 0, columnNumber: 0 },
      });
      return locations.flatMap((location) => {
        const place = this.placeOf(script, location);
        return place ? [{ location, place, isReturn: location.type === 'return' }] : [];
      });
    } catch {
      // Nothing of a cell is left to run.
      this.#files.delete(script.id);
      this.#loaded.delete(script.id);
      this.#known.get(script.path)?.delete(script.id);
      return null;
    }
  }
}

/** Somewhere that a script can pause. */
export interface Stop {
  readonly location: Location;
  readonly place: Place;
  readonly isReturn: boolean;
}

interface Found {
  title: string;
  source: string;
  map: string;
  declares: string[] | null;
  keep: string | null;
}

function isDebugSource(value: unknown): value is Found {
  return typeof value === 'object' && value !== null && 'map' in value && 'source' in value;
}
