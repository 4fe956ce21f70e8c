/** What can stand in a string, and behind a magic: keys of a value, files, and the few words that a magic takes. */
import { readdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { insideOf } from '../language/brackets.js';
import { magicArgument } from '../language/magics/index.js';
import type { CompletionEntry, Completions } from '../language/service/contract.js';
import type { Session } from '../session/session.js';
import { pathBefore } from './paths.js';

export type Found = Pick<Completions, 'start' | 'entries'>;

/** What a magic before the cursor takes; null where there is none, or TypeScript follows it. */
export async function magicArguments(code: string, offset: number, session: Session): Promise<Found | null> {
  const argument = magicArgument(code, offset);
  if (argument === null) return null;
  const { words, start } = argument;
  if (words === null) return files(code.slice(start, offset), offset, session);
  const typed = code.slice(start, offset);
  const entries = words.filter((word) => word.startsWith(typed)).map((text) => entry(text, 'keyword'));
  return { start, entries };
}

/**
 * Where types know of nothing: in the brackets behind a name the keys of its value, in other strings files. Null: the cursor is in
 * code; in a comment there is nothing.
 */
export async function insideText(code: string, offset: number, session: Session): Promise<Found | null> {
  const inside = insideOf(code.slice(0, offset));
  if (inside === null) return null;
  if (inside.kind === 'comment') return { start: offset, entries: [] };
  const typed = code.slice(inside.start, offset);
  const quote = code[inside.start - 1];
  const owner = /\[\s*$/.exec(code.slice(0, inside.start - 1));
  const names = owner && pathBefore(code, owner.index);
  if (!names || names.includes('')) return files(typed, offset, session);
  const found = await session.look?.(names, typed);
  const keys = (found?.members ?? []).filter(
    ({ name }) => !(name in Object.prototype) && !/[\\\n]/.test(name) && !name.includes(quote),
  );
  return { start: inside.start, entries: keys.map(({ name, kind }) => entry(name, kind)) };
}

/** Files and folders that go on from what is typed, as the cells see them. */
async function files(typed: string, offset: number, session: Session): Promise<Found> {
  const slash = typed.lastIndexOf('/') + 1;
  const [folder, prefix] = [typed.slice(0, slash), typed.slice(slash)];
  const nothing = { start: offset - prefix.length, entries: [] };
  if (typed === '' || typed.includes('\n')) return nothing;
  // `%cd` may have led them elsewhere.
  const home = (await session.look?.([], '\0'))?.folder ?? process.cwd();
  const inside = path.resolve(home, folder.replace(/^~(?=\/)/, os.homedir()));
  try {
    const entries = readdirSync(inside, { withFileTypes: true })
      .filter(({ name }) => name.startsWith(prefix) && (prefix !== '' || !name.startsWith('.')))
      .map((each) => (each.isDirectory() ? entry(`${each.name}/`, 'folder') : entry(each.name, 'file')))
      .sort((a, b) => (a.text < b.text ? -1 : 1));
    return { ...nothing, entries };
  } catch {
    return nothing;
  }
}

function entry(text: string, kind: string): CompletionEntry {
  return { text, kind, detail: '' };
}
