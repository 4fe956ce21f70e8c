/** The name that the cursor touches, and what it hangs on. */

const NAME_END = /^[\p{ID_Continue}$\u200c\u200d]*/u;
const PATH =
  /(?:[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*\s*\??\.\s*)*[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;

export interface NameAt {
  readonly start: number;
  readonly path: string[];
}

/** The name that the cursor touches. Its path is empty where it hangs on something without a name. */
export function nameAt(code: string, offset: number): NameAt | null {
  const end = offset + (NAME_END.exec(code.slice(offset, offset + 200))?.[0].length ?? 0);
  const from = Math.max(0, end - 1000);
  const before = code.slice(from, end);
  const text = PATH.exec(before)?.[0];
  if (text === undefined) return null;
  const names = text.split('.').map((name) => name.replace('?', '').trim());
  const rest = before.slice(0, before.length - text.length);
  const isWhole = !/[.#]\s*$/.test(rest) || /\.\.\.\s*$/.test(rest);
  return { start: end - names.at(-1)!.length, path: isWhole ? names : [] };
}
