/**
 * What the server is asked about in place of what stands there. What is typed of a member, or of the name of a module, has no part in
 * which of them there are, and we filter them ourselves; of any other word the first letter will do, which makes it a name that is
 * begun. So the text stays the same from one letter to the next, and its answer is there already (`answers.ts`): a text that has
 * changed needs a new checker, and one that imports from elsewhere new modules.
 */
export interface Asked {
  readonly code: string;
  readonly offset: number;
  /** Where the word begins that is completed; left out where something else may be replaced. */
  readonly start?: number;
  /** The answer depends on which files and packages there are, of which nobody tells. */
  readonly isOfFiles?: boolean;
}

/** Not of a number, whose point would become a decimal one, and not of a private name. */
const MEMBER =
  /(?:^|[^.])(?<!(?<![\p{ID_Continue}$])\d[\d_]*)\.(?<typed>[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*)$/u;
/** What is typed of the last part of a module's name. */
const SPECIFIER = /(?:\bfrom|\bimport|\b(?:import|require)\s*\()\s*['"](?:[^'"\n]*\/)?(?<typed>[^'"\n/]+)$/u;
const MODULE = /(?:\bfrom|\bimport|\b(?:import|require)\s*\()\s*['"][^'"\n]*$/u;
/** A name, not of a private member, nor the end of a number. */
const WORD = /(?<![\p{ID_Continue}$#\\])[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;
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
  const isOfFiles = MODULE.test(before);
  if (GOES_ON.test(after)) return { code, offset, isOfFiles };
  if (typed !== undefined) return { ...without(code, offset - typed.length, offset), isOfFiles };
  const word = WORD.exec(before)?.[0];
  if (word === undefined || word.length === LONGEST) return { code, offset, isOfFiles };
  const start = offset - word.length;
  const [first] = word;
  return { ...without(code, start + first.length, offset), start, isOfFiles };
}

/** The text without what is typed from `start` on. */
function without(code: string, start: number, offset: number): Asked {
  return { code: code.slice(0, start) + code.slice(offset), offset: start, start };
}
