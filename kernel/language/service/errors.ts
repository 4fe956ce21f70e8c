/** Which of the server's diagnostics a person should hear of: mistakes, not what is normal in a notebook. */
import type { Diagnostic } from './contract.js';
import { isObject } from './json.js';
import { isPlace, type Place } from './positions.js';
import type { CellProgram } from './program.js';

const ERROR = 1;

/** What the program makes of cells, and what the compiler of cells tells itself. */
const NEVER = new Set([
  2300,
  2440,
  2451,
  2392,
  2393,
  2395,
  2397,
  2567,
  2813,
  2814,
  2528, // declared again
  2632,
  2540,
  2588,
  2628,
  2629,
  2630,
  2631,
  2539, // assigned in a later cell: an import to the program
  1375,
  1378,
  1308,
  1431,
  1432,
  2354, // top-level await
  1208,
  2669,
  1184,
  1233,
  1232,
  1235, // the shape of a module
  6133,
  6192,
  6196,
  6198, // unused
  2695,
  1259, // an expression without effect
]);

/** May be null or undefined: true of the declaration, but the cell that ran may have given it a value. */
const MAYBE_NOTHING = new Set([2531, 2532, 2533, 2454, 2721, 2722, 2723, 18047, 18048, 18049]);

/** All that is said of an implicit any. */
const isImplicitAny = (code: number): boolean => code >= 7000 && code < 7100;

/** There is no such name, with one advice or another. */
const NO_SUCH_NAME = new Set([2304, 2552, 2580, 2581, 2582, 2583, 2584, 2867, 2868, 18004]);

/** Without the names that types do not know and cells have all the same. */
export async function withoutDefined(
  errors: readonly Diagnostic[],
  code: string,
  isDefined: (name: string) => Promise<boolean> = () => Promise.resolve(false),
): Promise<readonly Diagnostic[]> {
  const kept: Diagnostic[] = [];
  for (const error of errors)
    if (!NO_SUCH_NAME.has(error.code) || !(await isDefined(code.slice(error.start, error.end))))
      kept.push(error);
  return kept;
}

export function errorsOf(
  answer: unknown,
  code: string,
  offsetAt: (place: Place) => number,
  program: Pick<CellProgram, 'isFromCells'>,
): Diagnostic[] {
  const list: unknown = isObject(answer) ? answer.items : [];
  if (!Array.isArray(list)) return [];
  return list.filter(isObject).flatMap((item): Diagnostic[] => {
    const number = Number(item.code);
    const range = isObject(item.range) ? item.range : {};
    const { start: from, end: to } = range;
    if (
      Number(item.severity) !== ERROR ||
      NEVER.has(number) ||
      isImplicitAny(number) ||
      !isPlace(from) ||
      !isPlace(to)
    )
      return [];
    // Before or behind the cell's own text.
    if (from.line === 0) return [];
    const start = offsetAt(from);
    const end = Math.max(start + 1, offsetAt(to));
    if (start >= code.length) return [];
    const subject = /^[\p{ID_Start}$_][\p{ID_Continue}$]*/u.exec(code.slice(start, end))?.[0];
    if (MAYBE_NOTHING.has(number) && subject !== undefined && program.isFromCells(subject)) return [];
    return [{ code: number, message: String(item.message), start, end }];
  });
}
