/** Parts of the library, `nn` or `data`, in hovers: TypeScript tells only the file that one comes from, whose head says what it is for. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { distFile } from '../../install/paths.js';

const PART = /^module "[^"\n]*\/dist\/types\/([^"\n]*)"$/;
const HEAD = /^\s*\/\*\*([\s\S]*?)\*\//;

/** A hover about a part of the library as a person reads it; null: it is about something else. */
export function partOfLibrary(
  signature: string,
  name: string | undefined,
): { signature: string; documentation: string } | null {
  const file = PART.exec(signature)?.[1];
  if (file === undefined) return null;
  const text = [`types/${file}.d.ts`, `types/${file}/index.d.ts`].map(distFile).find(existsSync);
  const head = text === undefined ? undefined : HEAD.exec(readFileSync(text, 'utf8'))?.[1];
  const documentation = (head ?? '').replace(/^[ \t]*\*?[ \t]?/gm, '').trim();
  return { signature: `namespace ${name ?? path.basename(file)}`, documentation };
}
