/**
 * Reads scripts in jupytext's percent format: TypeScript in which `// %%` begins a code cell and
 * `// %% [markdown]` a text cell whose lines are comments.
 *
 *     // ---
 *     // title: optional metadata in YAML
 *     // ---
 *     // %% [markdown]
 *     // # A title
 *     // %% tags=["parameters"]
 *     const steps: number = 100;
 *
 * Source: https://jupytext.readthedocs.io/en/latest/formats-scripts.html
 */
import { createHash } from 'node:crypto';
import { parse } from 'yaml';
import type { Cell, CellMetadata, Notebook, NotebookMetadata } from './types.js';

/** `// %% title [type] key=value …` */
const MARKER = /^\/\/ *%%(?!%)(.*)$/;

/** A notebook from the text of a script. Throws an Error that says in which line it is wrong. */
export function parsePercentScript(text: string): Notebook {
  const lines = text
    .replace(/^\uFEFF/, '')
    .replace(/\r\n?/g, '\n')
    .split('\n');
  const { metadata, end } = header(lines);
  const cells: Cell[] = [];
  const ids = new Set<string>();
  let marker: Marker = { type: 'code', metadata: {} };
  let body: string[] = [];
  const finish = (implicit: boolean): void => {
    const source = marker.type === 'code' ? trimmed(body) : trimmed(uncommented(body));
    // What stands before the first marker is a cell only if there is something.
    if (source !== '' || !implicit) cells.push(cell(marker, source, ids));
    body = [];
  };
  let begun = false;
  for (const [index, line] of lines.entries()) {
    if (index < end) continue;
    const found = MARKER.exec(line);
    if (found === null) {
      body.push(line);
      continue;
    }
    finish(!begun);
    begun = true;
    marker = readMarker(found[1], index + 1);
  }
  finish(!begun);
  return { nbformat: 4, nbformat_minor: 5, metadata, cells };
}

interface Marker {
  type: 'code' | 'markdown' | 'raw';
  metadata: CellMetadata;
}

function cell({ type, metadata }: Marker, source: string, ids: Set<string>): Cell {
  const base = { id: cellId(source, ids), metadata, source };
  return type === 'code'
    ? { ...base, cell_type: 'code', outputs: [], execution_count: null }
    : { ...base, cell_type: type };
}

/** The same script always gives the same ids, so that executed notebooks can be compared. */
function cellId(source: string, ids: Set<string>): string {
  for (let attempt = 0; ; attempt++) {
    const id = createHash('sha256').update(`${attempt}\n${source}`).digest('hex').slice(0, 8);
    if (ids.has(id)) continue;
    ids.add(id);
    return id;
  }
}

function readMarker(text: string, line: number): Marker {
  const options = /(?:^|\s)([\w-]+)=/.exec(text);
  const head = options === null ? text : text.slice(0, options.index);
  const type = /\[(\w+)\]/.exec(head)?.[1] ?? 'code';
  if (type !== 'code' && type !== 'markdown' && type !== 'md' && type !== 'raw')
    throw new Error(`line ${line}: a cell is [markdown], [raw] or without a type, not [${type}]`);
  const title = head.replace(/\[\w+\]/, '').trim();
  const metadata: CellMetadata = {
    ...(title !== '' && { title }),
    ...(options === null ? {} : readOptions(text.slice(options.index), line)),
  };
  return { type: type === 'md' ? 'markdown' : type, metadata };
}

/** `key=value key2=value2` with JSON values. */
function readOptions(text: string, line: number): CellMetadata {
  const metadata: CellMetadata = {};
  let rest = text.trim();
  while (rest !== '') {
    const [whole = '', key = ''] = /^([\w-]+)=/.exec(rest) ?? [];
    const value = jsonPrefix(rest.slice(whole.length));
    if (key === '' || value === undefined)
      throw new Error(`line ${line}: write the options of a cell as name=JSON, not ${rest}`);
    metadata[key] = value.value;
    rest = rest.slice(whole.length + value.length).trim();
  }
  const { tags } = metadata;
  if (tags !== undefined && !(Array.isArray(tags) && tags.every((tag) => typeof tag === 'string')))
    throw new Error(`line ${line}: tags are a list of texts, as in tags=["parameters"]`);
  return metadata;
}

/** The shortest beginning of `text`, ended by a space, that is JSON. */
function jsonPrefix(text: string): { value: unknown; length: number } | undefined {
  for (let length = 1; length <= text.length; length++) {
    if (length < text.length && !/\s/.test(text[length])) continue;
    try {
      return { value: JSON.parse(text.slice(0, length)) as unknown, length };
    } catch {
      // A space inside a value.
    }
  }
  return undefined;
}

/** Metadata in YAML between two lines `// ---`, under the key `jupyter` as jupytext writes it. */
function header(lines: readonly string[]): { metadata: NotebookMetadata; end: number } {
  const fence = /^\/\/ ?---\s*$/;
  const none = { metadata: {}, end: 0 };
  const start = lines.findIndex((line) => line.trim() !== '');
  if (start < 0 || !fence.test(lines[start])) return none;
  const length = lines.slice(start + 1).findIndex((line) => fence.test(line));
  if (length < 0) return none;
  const yaml = uncommented(lines.slice(start + 1, start + 1 + length)).join('\n');
  let parsed: unknown;
  try {
    parsed = parse(yaml);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n', 1)[0] : String(error);
    throw new Error(`the header is not YAML: ${reason}`, { cause: error });
  }
  const end = start + length + 2;
  if (!isMapping(parsed)) return { metadata: {}, end };
  return { metadata: isMapping(parsed.jupyter) ? { ...parsed.jupyter } : { ...parsed }, end };
}

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Text in comments of either kind. */
function uncommented(lines: readonly string[]): string[] {
  const text = trimmed(lines);
  const block = /^\/\*\*?\n?([^]*?)\n?\s*\*\/$/.exec(text)?.[1];
  return block === undefined ? lines.map((line) => line.replace(/^\/\/ ?/, '')) : block.split('\n');
}

const trimmed = (lines: readonly string[]): string =>
  lines
    .join('\n')
    .replace(/^\s*\n/, '')
    .trimEnd();
