/** Paths of names in a cell's text: `model.layers.weight`. */
const NAME = '[\\p{ID_Start}$_][\\p{ID_Continue}$\\u200c\\u200d]*';
const PATH_BEFORE = new RegExp(`(?:${NAME}\\s*\\??\\.\\s*)*(?:${NAME})?$`, 'u');

/** To look for the beginning of a longer one takes a time that grows with the square of its length. */
const LONGEST = 1000;

/** A name, or several with dots between them. */
export const WHOLE_PATH = new RegExp(`^${NAME}(?:\\.${NAME})*$`, 'u');

/** The dotted path of names that ends at `offset`; null where it hangs on something else, as in `f().na`. */
export function pathBefore(code: string, offset: number): string[] | null {
  const before = code.slice(Math.max(0, offset - LONGEST), offset);
  const [path] = PATH_BEFORE.exec(before) ?? [''];
  const rest = before.slice(0, before.length - path.length);
  // A dot before the path: it goes on from a call, a literal or a bracket, whose value nobody knows without running it.
  return /[.#]\s*$/.test(rest) && !/\.\.\.\s*$/.test(rest)
    ? null
    : path.split('.').map((name) => name.replace('?', '').trim());
}
