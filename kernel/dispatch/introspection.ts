/**
 * complete and inspect: from the language service, which knows types and code that has not run, and from the values that
 * exist in the user process.
 */
import type { MimeBundle } from '../display/mime.js';
import { openCall } from '../language/brackets.js';
import { magicCompletions, magicHelpAt, scanMagics } from '../language/magics/index.js';
import type { Inspection, LanguageService } from '../language/service/contract.js';
import {
  completeReply,
  cursorOffset,
  type CompleteReply,
  type CompleteRequest,
  type InspectReply,
  type InspectRequest,
} from '../protocol/introspection.js';
import { WrittenJson } from '../protocol/json.js';
import type { Session, ValueInfo } from '../session/session.js';
import { pathBefore, WHOLE_PATH } from './paths.js';
import { insideText, magicArguments, type Found } from './text-completions.js';

const NAME_REST = new RegExp('^[\\p{ID_Continue}$\\u200c\\u200d]*', 'u');

/**
 * Types first, as the language service knows them, and values where it knows none: names that only exist at run time, and
 * keys of what is `any`. Each answers alone when the other has nothing to say in time.
 */
export async function complete(
  request: CompleteRequest,
  session: Session,
  language: Language | null = null,
  /** Resolves when values may be looked at. */
  turn: () => Promise<void> = () => Promise.resolve(),
): Promise<CompleteReply | WrittenJson> {
  const { code } = request;
  const offset = cursorOffset(code, request.cursor_pos);
  const magics = magicCompletions(code, offset) ?? (await magicArguments(code, offset, session));
  if (magics) return reply(code, offset, magics);
  // Whoever looks at values stops the cell that runs for a moment: only when types do not tell enough, or not soon.
  const look = once(async () => {
    await turn();
    return (await insideText(code, offset, session)) ?? fromValues(code, offset, session);
  });
  const typed = language && (await answered(language, language.service.complete(code, offset), look));
  if (!typed) return reply(code, offset, await look());
  if (typed.reply) return new WrittenJson(typed.reply);
  const nothing = { start: typed.start, entries: [] };
  // No name of a value belongs where a name is declared, or in a string.
  if (typed.place === 'text')
    return reply(code, offset, (await within(VALUES_MS, insideText(code, offset, session))) ?? nothing);
  const values = (await within(VALUES_MS, look())) ?? nothing;
  if (typed.count > 0) {
    // All entries of an answer replace the same text.
    const others = values.start === typed.start ? values.entries : [];
    const written = await within(VALUES_MS, typed.replyWith(others));
    return written ? new WrittenJson(written) : reply(code, offset, values);
  }
  if (values.entries.length > 0 || !typed.imports) return reply(code, offset, values);
  const imports = await within(IMPORTS_MS, typed.imports());
  return imports ? new WrittenJson(imports) : reply(code, offset, values);
}

/** The language service as requests use it. */
export interface Language {
  readonly service: LanguageService;
  /** How long its answer is waited for. */
  readonly waitMs: number;
}

/** How long the values are waited for beyond that. */
const VALUES_MS = 100;
/** How long names that lack an import are waited for: where else there is nothing. At first all packages are read for them. */
const IMPORTS_MS = 1500;
/** What types answer comes in a few milliseconds as a rule; after so long the values are looked at beside. */
const SOON_MS = 50;

/** What the language service says, or null when it takes too long; then `meanwhile` has begun. */
async function answered<T>(
  { waitMs }: Language,
  answer: Promise<T>,
  meanwhile: () => unknown,
): Promise<T | null> {
  const timer = setTimeout(meanwhile, SOON_MS);
  try {
    return await within(waitMs, answer);
  } finally {
    clearTimeout(timer);
  }
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

async function within<T>(ms: number, answer: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, ms, null);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function fromValues(code: string, offset: number, session: Session): Promise<Found> {
  const path = pathBefore(code, offset);
  const prefix = path?.at(-1) ?? '';
  const found = path && session.look ? await session.look(path.slice(0, -1), prefix) : null;
  const entries = (found?.members ?? [])
    .filter(({ name }) => name.startsWith(prefix) && WHOLE_PATH.test(name))
    .sort((a, b) => compare(rankOf(a.name), rankOf(b.name)) || compare(a.name, b.name))
    .map(({ name, kind }) => ({ text: name, kind, detail: '' }));
  return { start: offset - prefix.length, entries };
}

/** What every object has is rarely meant. */
function rankOf(name: string): string {
  return name in Object.prototype ? '1' : '0';
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function reply(code: string, offset: number, { start, entries }: Found): CompleteReply {
  return completeReply(code, offset, start, entries);
}

/** The declaration and its documentation from the language service, and the value as it is now. */
export async function inspect(
  request: InspectRequest,
  session: Session,
  language: Language | null = null,
): Promise<InspectReply> {
  const { code, detail_level } = request;
  const offset = cursorOffset(code, request.cursor_pos);
  const help = magicHelpAt(code, offset);
  if (help !== null) return { status: 'ok', found: true, data: { 'text/plain': help }, metadata: {} };
  const [rest] = NAME_REST.exec(code.slice(offset)) ?? [''];
  const here = namesBefore(code, offset + rest.length);
  const path = here.length > 0 ? here : namesBefore(code, Math.max(0, openCall(code.slice(0, offset))));
  const live = path.length > 0 ? Promise.resolve(session.look?.(path, null) ?? null) : Promise.resolve(null);
  const typed = language && (await within(language.waitMs, language.service.inspect(code, offset)));
  if (!typed) {
    const found = await live;
    return { status: 'ok', found: !!found, data: found?.data ?? {}, metadata: {} };
  }
  const value = await within(VALUES_MS, live);
  // The source of a function says no more than its declaration, unless more is asked for.
  const isShown = value !== null && (value.callable !== true || detail_level > 0);
  return { status: 'ok', found: true, data: inspectionBundle(typed, isShown ? value : null), metadata: {} };
}

function inspectionBundle({ signature, documentation }: Inspection, value: ValueInfo | null): MimeBundle {
  const text = value?.data['text/plain'];
  const shown = typeof text === 'string' ? text : '';
  const parts = (declaration: string, ending: string): string =>
    [declaration, documentation, ending].filter((part) => part !== '').join('\n\n');
  return {
    'text/plain': parts(signature, shown),
    'text/markdown': parts(
      fenced(signature),
      shown === '' ? '' : `---\n\n${fenced(shown, value?.callable === true ? 'typescript' : 'text')}`,
    ),
  };
}

/** Longer than any fence in the text. */
function fenced(text: string, language = 'typescript'): string {
  if (text === '') return '';
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}

function namesBefore(code: string, offset: number): string[] {
  return pathBefore(code, offset)?.filter((name) => name !== '') ?? [];
}

/** What a cell asks about in its last line, `?name`, `name?` or `name??`, which is no TypeScript; null when it asks nothing. */
export function pageRequest(code: string): PageRequest | null {
  const question = scanMagics(code).magics.at(-1);
  if (question?.kind !== 'help') return null;
  const { name, start, level = 1 } = question;
  return { name, level: level - 1, isWholeCell: code.slice(0, start).trim() === '' };
}

export interface PageRequest {
  readonly name: string;
  /** As in inspect_request. */
  readonly level: number;
  /** There is nothing to run. */
  readonly isWholeCell: boolean;
}
