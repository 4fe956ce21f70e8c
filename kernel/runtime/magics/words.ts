/** A word of a magic as it was meant: quotes are not part of it. */
export function unquoted(text: string): string {
  return /^(["']).*\1$/.test(text) ? text.slice(1, -1) : text;
}
