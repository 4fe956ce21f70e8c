/**
 * Names of installed packages in the string of an import. Where a `package.json` above the notebook names dependencies,
 * TypeScript offers those alone, so a package that lies in `node_modules` without being named there would be missing.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { CompletionEntry, Completions } from './contract.js';

/** What is typed of a package's name: not of a path, and not of a file within a package. */
const SPECIFIER =
  /(?:\bfrom|\bimport|\b(?:import|require)\s*\()\s*['"]((?:@[\w.-]*\/?)?[\w-][\w.-]*|@[\w.-]*\/?|)$/;

export function withPackages(found: Completions, code: string, offset: number, folder: string): Completions {
  const typed = SPECIFIER.exec(code.slice(Math.max(0, offset - 300), offset))?.[1];
  if (typed === undefined) return found;
  const start = offset - typed.length;
  const { entries } = found;
  // Folders of tools, as `.bin`, are no packages.
  const offered = entries.filter(({ text }) => !/^\.[^./]/.test(text));
  // Those of the server may begin behind the scope: it replaces a part of the name.
  const rest = entries.length > 0 ? found.start - start : 0;
  const known = new Set(offered.map(({ text }) => typed.slice(0, rest) + text));
  const added = [...installedPackages(folder)]
    .filter((name) => name.startsWith(typed) && !known.has(name))
    .map((name): CompletionEntry => ({ text: name.slice(rest), kind: 'module', detail: name }));
  if (added.length === 0 && offered.length === entries.length) return found;
  return { start: start + rest, place: 'text', entries: [...offered, ...added] };
}

/** The packages that code in `folder` can import, the nearest first. */
function installedPackages(folder: string): Set<string> {
  const names = new Set<string>();
  for (let above = folder; ; above = path.dirname(above)) {
    const modules = path.join(above, 'node_modules');
    for (const name of namesIn(modules)) {
      if (!name.startsWith('@')) names.add(name);
      else if (name !== '@types')
        for (const inner of namesIn(path.join(modules, name))) names.add(`${name}/${inner}`);
    }
    if (above === path.dirname(above)) return names;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => !name.startsWith('.'))
      .sort();
  } catch {
    return [];
  }
}
