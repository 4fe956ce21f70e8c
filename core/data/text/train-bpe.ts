/** Learning which pairs of tokens to merge (Gage, 1994; Sennrich et al., 2016). */

interface Word {
  readonly ids: number[];
  readonly count: number;
}

/** A pair, and how often it occurred when this was noted. */
interface Entry {
  readonly count: number;
  readonly a: number;
  readonly b: number;
}

/** Whether an entry comes before another: the commoner pair, of equally common ones that of the older tokens. */
function before(x: Entry, y: Entry): boolean {
  if (x.count !== y.count) return x.count > y.count;
  return x.a !== y.a ? x.a < y.a : x.b < y.b;
}

/** A binary heap. Entries whose count has changed since are passed over by whoever takes them. */
class Heap {
  readonly #entries: Entry[] = [];

  push(entry: Entry): void {
    const entries = this.#entries;
    let i = entries.push(entry) - 1;
    for (let up = (i - 1) >> 1; i > 0 && before(entry, entries[up]); up = (i - 1) >> 1) {
      entries[i] = entries[up];
      i = up;
    }
    entries[i] = entry;
  }

  pop(): Entry | undefined {
    const entries = this.#entries;
    const first = entries.at(0);
    const last = entries.pop();
    if (last === undefined || entries.length === 0) return first;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child + 1 < entries.length && before(entries[child + 1], entries[child])) child++;
      if (child >= entries.length || !before(entries[child], last)) break;
      entries[i] = entries[child];
      i = child;
    }
    entries[i] = last;
    return first;
  }
}

/** Ids stay below 2^21, so that a pair is one number. */
const BASE = 2 ** 21;

/**
 * The pairs to merge, in order. `words` maps sequences of ids below `size` to how often they occur; the i-th merge makes
 * the token size + i. Ends before `count` merges where no pair occurs `minCount` times.
 */
export function trainMerges(
  words: Iterable<readonly [ids: readonly number[], count: number]>,
  size: number,
  count: number,
  minCount: number,
): (readonly [a: number, b: number])[] {
  const list: Word[] = Array.from(words, ([ids, n]) => ({ ids: [...ids], count: n }));
  const counts = new Map<number, number>();
  const places = new Map<number, Set<number>>();
  const add = (a: number, b: number, n: number, word: number): void => {
    const key = a * BASE + b;
    counts.set(key, (counts.get(key) ?? 0) + n);
    if (n < 0) return;
    let own = places.get(key);
    if (own === undefined) places.set(key, (own = new Set()));
    own.add(word);
  };
  list.forEach(({ ids, count: n }, word) => {
    for (let i = 0; i + 1 < ids.length; i++) add(ids[i], ids[i + 1], n, word);
  });
  const heap = new Heap();
  for (const [key, n] of counts) heap.push({ count: n, a: Math.floor(key / BASE), b: key % BASE });
  const merges: (readonly [number, number])[] = [];
  while (merges.length < count) {
    const entry = heap.pop();
    if (entry === undefined || entry.count < minCount) break;
    const { a, b } = entry;
    const now = counts.get(a * BASE + b) ?? 0;
    if (now !== entry.count) {
      if (now > 0) heap.push({ count: now, a, b });
      continue;
    }
    const merged = size + merges.length;
    merges.push([a, b]);
    const changed = new Set<number>();
    for (const word of places.get(a * BASE + b) ?? []) {
      mergeWord(list[word], a, b, merged, (x, y, n) => {
        add(x, y, n, word);
        if (n > 0) changed.add(x * BASE + y);
      });
    }
    counts.delete(a * BASE + b);
    places.delete(a * BASE + b);
    for (const key of changed) {
      const n = counts.get(key) ?? 0;
      if (n > 0) heap.push({ count: n, a: Math.floor(key / BASE), b: key % BASE });
    }
  }
  return merges;
}

/** Merges a pair in a word and reports which pairs went and came. */
function mergeWord(
  { ids, count }: Word,
  a: number,
  b: number,
  merged: number,
  change: (x: number, y: number, n: number) => void,
): void {
  let to = 0;
  for (let i = 0; i < ids.length;) {
    if (ids[i] === a && i + 1 < ids.length && ids[i + 1] === b) {
      if (to > 0) {
        change(ids[to - 1], a, -count);
        change(ids[to - 1], merged, count);
      }
      if (i + 2 < ids.length) {
        change(b, ids[i + 2], -count);
        change(merged, ids[i + 2], count);
      }
      ids[to++] = merged;
      i += 2;
    } else ids[to++] = ids[i++];
  }
  ids.length = to;
}
