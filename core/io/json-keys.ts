/** Finding names that a JSON object gives twice, of which `JSON.parse` would silently keep the last. */

/** The first name that any object of a valid JSON text has twice; null if there is none. */
export function duplicateKey(text: string): string | null {
  const open: Set<string>[] = [];
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === '{' || char === '[') open.push(new Set());
    else if (char === '}' || char === ']') open.pop();
    else if (char === '"') {
      const end = stringEnd(text, i);
      // A string is a key if a colon follows.
      if (nextVisible(text, end) === ':') {
        const key = String(JSON.parse(text.slice(i, end)));
        const keys = open.at(-1);
        if (keys?.has(key)) return key;
        keys?.add(key);
      }
      i = end - 1;
    }
  }
  return null;
}

/** The position behind the string that begins at `start`. */
function stringEnd(text: string, start: number): number {
  let i = start + 1;
  while (text[i] !== '"') i += text[i] === '\\' ? 2 : 1;
  return i + 1;
}

function nextVisible(text: string, from: number): string | undefined {
  let i = from;
  while (text[i] === ' ' || text[i] === '\n' || text[i] === '\r' || text[i] === '\t') i++;
  return text[i];
}
