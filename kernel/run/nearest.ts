/** The name that was probably meant. */

/** The nearest of `names` to `name`, unless none is near. */
export function nearest(name: string, names: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.max(1, Math.floor(name.length * 0.4)) + 1;
  for (const candidate of names) {
    const d = distance(plain(name), plain(candidate));
    if (d < least) [best, least] = [candidate, d];
  }
  return best;
}

/** `learning_rate` and `learningRate` are one name to who has mistyped it. */
const plain = (name: string): string => name.toLowerCase().replace(/[\W_]/g, '');

/** Edits (insert, delete, replace, swap neighbours) that make one text of the other. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(above[j] + 1, row[j - 1] + 1, above[j - 1] + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, before[j - 2] + 1);
      row.push(least);
    }
    [before, above] = [above, row];
  }
  return above[b.length];
}
