/**
 * What of a `tsconfig.json` matters to code that runs: JSX, decorators, class fields, and where names of modules lead.
 * The file of the nearest folder counts, with what it extends.
 */
import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { parseJsonc } from './jsonc.js';
import { LineIndex } from './lines.js';

/** `paths` and `baseUrl`, absolute. */
export interface PathSettings {
  /** Names that are no paths may be files below this folder. */
  readonly baseUrl: string | null;
  /** The targets of each pattern, absolute, with at most one `*` in both. */
  readonly patterns: readonly (readonly [pattern: string, targets: readonly string[]])[];
}

export interface CompilerSettings {
  readonly jsx: 'classic' | 'automatic' | 'development';
  readonly jsxImportSource: string | null;
  readonly jsxFactory: string | null;
  readonly jsxFragmentFactory: string | null;
  /** Decorators as TypeScript had them before version 5 (`experimentalDecorators`). */
  readonly legacyDecorators: boolean;
  readonly decoratorMetadata: boolean;
  readonly defineFields: boolean;
  /** Imports stay even if nothing uses them as a value. Cells always keep theirs. */
  readonly keepImports: boolean;
}

export interface Project {
  readonly compiler: CompilerSettings;
  readonly paths: PathSettings;
  /** What is wrong with the files, each a text for people. */
  readonly problems: readonly string[];
}

const NO_PATHS: PathSettings = { baseUrl: null, patterns: [] };

/** What counts where there is no `tsconfig.json`. */
export const DEFAULT_SETTINGS: CompilerSettings = {
  jsx: 'classic',
  jsxImportSource: null,
  jsxFactory: null,
  jsxFragmentFactory: null,
  legacyDecorators: false,
  decoratorMetadata: false,
  defineFields: true,
  keepImports: false,
};

const NO_PROJECT: Project = { compiler: DEFAULT_SETTINGS, paths: NO_PATHS, problems: [] };

type Options = Readonly<Record<string, unknown>>;

interface Cached {
  readonly project: Project;
  /** All files that were looked for, with what was found. */
  readonly stamps: ReadonlyMap<string, string>;
}

/** The projects of folders. They are read once, and again when one of their files has changed. */
export class Projects {
  private readonly cache = new Map<string, Cached>();

  of(folder: string): Project {
    const known = this.cache.get(folder);
    if (known && isCurrent(known)) return known.project;
    const stamps = new Map<string, string>();
    const project = new Reader(stamps).read(folder);
    this.cache.set(folder, { project, stamps });
    return project;
  }
}

function isCurrent({ stamps }: Cached): boolean {
  for (const [file, stamp] of stamps) if (stampOf(file) !== stamp) return false;
  return true;
}

function stampOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false, bigint: true });
  return stat?.isFile() ? `${stat.mtimeNs} ${stat.ctimeNs} ${stat.size}` : '';
}

class Reader {
  private readonly problems: string[] = [];

  constructor(private readonly stamps: Map<string, string>) {}

  read(folder: string): Project {
    const file = this.nearest(folder);
    if (file === null) return NO_PROJECT;
    const options = this.options(file, path.dirname(file), []);
    if (options === null) return { ...NO_PROJECT, problems: this.problems };
    return { compiler: this.compiler(options, file), paths: this.paths(options), problems: this.problems };
  }

  private exists(file: string): boolean {
    let stamp = this.stamps.get(file);
    if (stamp === undefined) this.stamps.set(file, (stamp = stampOf(file)));
    return stamp !== '';
  }

  private nearest(start: string): string | null {
    for (let folder = start; ; folder = path.dirname(folder)) {
      const file = path.join(folder, 'tsconfig.json');
      if (this.exists(file)) return file;
      if (folder === path.dirname(folder)) return null;
    }
  }

  /** The compiler options of a file over those that it extends, with absolute paths. Null when it cannot be read. */
  private options(file: string, project: string, from: readonly string[]): Options | null {
    if (from.includes(file)) {
      this.problems.push(`${shown(file)} extends itself: ${[...from, file].map(shown).join(' → ')}`);
      return {};
    }
    const config = this.config(file);
    if (config === null) return null;
    const bases: unknown[] = Array.isArray(config.extends) ? config.extends : [config.extends];
    const inherited = bases.flatMap((base) => {
      if (base === undefined) return [];
      const found = this.base(base, file);
      return found === null ? [] : [this.options(found, project, [...from, file]) ?? {}];
    });
    const own = isRecord(config.compilerOptions) ? config.compilerOptions : {};
    return Object.assign({}, ...inherited, absolute(own, path.dirname(file), project)) as Options;
  }

  private config(file: string): Options | null {
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (error) {
      this.problems.push(`${shown(file)} cannot be read: ${String(error)}`);
      return null;
    }
    const parsed = parseJsonc(text);
    if ('fault' in parsed) {
      const { line, column } = new LineIndex(text).position(parsed.fault.offset);
      this.problems.push(
        `${shown(file)}:${line}:${column + 1} is no valid JSON (${parsed.fault.message}), so it is ignored.`,
      );
      return null;
    }
    if (isRecord(parsed.value)) return parsed.value;
    this.problems.push(`${shown(file)} holds no object, so it is ignored.`);
    return null;
  }

  private base(base: unknown, file: string): string | null {
    const found = typeof base === 'string' ? this.findBase(base, file) : null;
    if (found === null)
      this.problems.push(
        `${shown(file)} extends ${JSON.stringify(base)}, which is not there; the rest of it counts.`,
      );
    return found;
  }

  private findBase(base: string, file: string): string | null {
    const folder = path.dirname(file);
    if (/^\.{1,2}(?:[\\/]|$)/.test(base) || path.isAbsolute(base)) {
      const exact = path.resolve(folder, base);
      return [exact, `${exact}.json`].find((each) => this.exists(each)) ?? null;
    }
    const require = createRequire(file);
    for (const request of [base, `${base}.json`, `${base}/tsconfig.json`]) {
      try {
        const found = require.resolve(request);
        if (found.endsWith('.json') && this.exists(found)) return found;
      } catch {
        // The next form may be there.
      }
    }
    return null;
  }

  private compiler(options: Options, file: string): CompilerSettings {
    const { jsx, target } = options;
    const text = (name: string): string | null => {
      const value = options[name];
      return typeof value === 'string' && value !== '' ? value : null;
    };
    const known = jsx === undefined || (typeof jsx === 'string' && JSX_MODES.has(jsx.toLowerCase()));
    if (!known)
      this.problems.push(`${shown(file)}: "jsx" is ${JSON.stringify(jsx)}, which no compiler knows.`);
    const mode = typeof jsx === 'string' ? JSX_MODES.get(jsx.toLowerCase()) : undefined;
    const importSource = text('jsxImportSource');
    return {
      jsx: mode ?? (importSource === null ? 'classic' : 'automatic'),
      jsxImportSource: importSource,
      jsxFactory: text('jsxFactory') ?? reactNamespace(text('reactNamespace')),
      jsxFragmentFactory: text('jsxFragmentFactory'),
      legacyDecorators: options.experimentalDecorators === true,
      decoratorMetadata: options.emitDecoratorMetadata === true,
      defineFields:
        typeof options.useDefineForClassFields === 'boolean'
          ? options.useDefineForClassFields
          : definesFields(target),
      keepImports: options.verbatimModuleSyntax === true || options.preserveValueImports === true,
    };
  }

  private paths({ baseUrl, paths, [PATHS_FOLDER]: folder }: Options): PathSettings {
    const base = typeof baseUrl === 'string' ? baseUrl : null;
    const root = base ?? (typeof folder === 'string' ? folder : null);
    if (!isRecord(paths) || root === null) return { baseUrl: base, patterns: [] };
    const patterns = Object.entries(paths).flatMap(([pattern, targets]) => {
      const found = Array.isArray(targets) ? targets.filter((each) => typeof each === 'string') : [];
      if (found.length > 0) return [[pattern, found.map((each) => path.resolve(root, each))] as const];
      this.problems.push(`tsconfig.json: "paths" must give a list of paths for ${JSON.stringify(pattern)}.`);
      return [];
    });
    return { baseUrl: base, patterns };
  }
}

/** `preserve` leaves JSX to a bundler, and those of today take the automatic runtime. */
const JSX_MODES: ReadonlyMap<string, CompilerSettings['jsx']> = new Map([
  ['react', 'classic'],
  ['react-jsx', 'automatic'],
  ['react-jsxdev', 'development'],
  ['preserve', 'automatic'],
  ['react-native', 'automatic'],
]);

/** Where the `paths` were written: they count from there when there is no `baseUrl`. */
const PATHS_FOLDER = 'the folder of paths';

function absolute(own: Options, folder: string, project: string): Options {
  const options: Record<string, unknown> = { ...own };
  const inProject = (text: string): string => text.replace(/^\$\{configDir\}/, project);
  if (typeof own.baseUrl === 'string') options.baseUrl = path.resolve(folder, inProject(own.baseUrl));
  if (!isRecord(own.paths)) return options;
  options[PATHS_FOLDER] = folder;
  options.paths = Object.fromEntries(
    Object.entries(own.paths).map(([pattern, targets]) => [
      pattern,
      Array.isArray(targets)
        ? targets.map((target: unknown) => (typeof target === 'string' ? inProject(target) : target))
        : targets,
    ]),
  );
  return options;
}

/** TypeScript defines fields (rather than assigns them) from ES2022 on; without a target its newest counts here. */
function definesFields(target: unknown): boolean {
  if (typeof target !== 'string') return true;
  const year = /^es(\d+)$/i.exec(target)?.[1];
  return year === undefined || (year.length === 4 && Number(year) >= 2022);
}

function reactNamespace(name: string | null): string | null {
  return name === null ? null : `${name}.createElement`;
}

function shown(file: string): string {
  const short = path.relative(process.cwd(), file);
  return short.startsWith('..') || short === '' ? file : short;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
