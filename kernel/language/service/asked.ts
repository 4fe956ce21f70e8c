/**
 * What the server is asked about in place of what stands there. What is typed of a member, or of the name of a module, has no part in
 * which of them there are, and we filter them ourselves. Without it the text stays the same from one letter to the next, and so
 * does the server's program: a text that has changed needs a new checker, and one that imports from elsewhere new modules.
 */
export interface Asked {
  readonly code: string;
  readonly offset: number;
}

/** Not of a number, whose point would become a decimal one, and not of a private name. */
const MEMBER =
  /(?:^|[^.])(?<!(?<![\p{ID_Continue}$])\d[\d_]*)\.(?<typed>[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*)$/u;
/** What is typed of the last part of a module's name. */
const SPECIFIER = /(?:\bfrom|\bimport|\b(?:import|require)\s*\()\s*['"](?:[^'"\n]*\/)?(?<typed>[^'"\n/]+)$/u;
/** The cursor is in the midst of a word. */
const GOES_ON = /^[\p{ID_Continue}$\u200c\u200d]/u;
/** Behind the cursor the string ends or the line does. */
const STRING_END = /^(?:['"]|[;)]?[ \t]*(?:\n|$))/;
/** Longer words and names are asked about as they are. */
const LONGEST = 300;

export function askedInstead(code: string, offset: number): Asked {
  const before = code.slice(Math.max(0, offset - LONGEST), offset);
  const after = code.slice(offset, offset + LONGEST);
  const specifier = STRING_END.test(after) ? SPECIFIER.exec(before) : null;
  const typed = (specifier ?? MEMBER.exec(before))?.groups?.typed;
  if (typed === undefined || GOES_ON.test(after)) return { code, offset };
  const start = offset - typed.length;
  return { code: code.slice(0, start) + code.slice(offset), offset: start };
}
