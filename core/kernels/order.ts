/**
 * Stable order of numbers by radix: of keys whose unsigned order is that of the numbers, eleven bits at a time from the
 * lowest, or eight where there are fewer numbers than buckets would be. A few numbers are put in order by insertion. NaN
 * counts as the largest, and 0 and −0 as equal.
 */
const BITS = 11;
const BITS_OF_SHORT = 8;
const SHORT = 4096;
const FEW = 48;

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);
const float32 = new Float32Array(1);
const word = new Uint32Array(float32.buffer);

/** Room for lines of one length; made once for all lines of a tensor. */
export class Sorter {
  private readonly low: Uint32Array;
  private readonly high: Uint32Array;
  private readonly other: Int32Array;
  private readonly bits: number;
  private readonly counts: Uint32Array;
  /** The positions that put the last line in order. */
  readonly order: Int32Array;

  /** @param single whether all numbers are float32, whose keys are half as long */
  constructor(
    readonly size: number,
    private readonly single: boolean,
  ) {
    const room = size > FEW ? size : 0;
    this.bits = size < SHORT ? BITS_OF_SHORT : BITS;
    this.counts = new Uint32Array(room === 0 ? 0 : 1 << this.bits);
    this.low = new Uint32Array(room);
    this.high = new Uint32Array(single ? 0 : room);
    this.other = new Int32Array(room);
    this.order = new Int32Array(size);
  }

  /** Sorts the positions of a line of that size. */
  sort(line: Float64Array, descending = false): this {
    if (this.size <= FEW) this.insert(line, descending);
    else if (this.single) this.sortSingle(line, descending);
    else this.sortDouble(line, descending);
    return this;
  }

  private insert(line: Float64Array, descending: boolean): void {
    const { order, size } = this;
    for (let i = 0; i < size; i++) {
      const value = line[i];
      let k = i;
      for (; k > 0; k--) {
        const before = line[order[k - 1]];
        if (descending ? !above(value, before) : !above(before, value)) break;
        order[k] = order[k - 1];
      }
      order[k] = i;
    }
  }

  private sortSingle(line: Float64Array, descending: boolean): void {
    const { low, size } = this;
    const flip = descending ? 0xffffffff : 0;
    for (let i = 0; i < size; i++) {
      // Adding 0 makes −0 0; there is one key for all NaN.
      float32[0] = line[i] + 0;
      const bits = word[0];
      low[i] = (Number.isNaN(line[i]) ? 0xffffffff : bits >>> 31 ? ~bits : bits | 0x80000000) ^ flip;
    }
    this.start();
    for (let shift = 0; shift < 32; shift += this.bits) this.pass(low, shift);
    this.order.set(this.current);
  }

  private sortDouble(line: Float64Array, descending: boolean): void {
    const { low, high, size } = this;
    const flip = descending ? 0xffffffff : 0;
    for (let i = 0; i < size; i++) {
      float[0] = line[i] + 0;
      const [l, h] = [words[0], words[1]];
      const isNaN = Number.isNaN(line[i]);
      low[i] = (isNaN ? 0xffffffff : h >>> 31 ? ~l : l) ^ flip;
      high[i] = (isNaN ? 0xffffffff : h >>> 31 ? ~h : h | 0x80000000) ^ flip;
    }
    this.start();
    for (const keys of [low, high])
      for (let shift = 0; shift < 32; shift += this.bits) this.pass(keys, shift);
    this.order.set(this.current);
  }

  private current: Int32Array = new Int32Array(0);
  private spare: Int32Array = new Int32Array(0);

  private start(): void {
    this.current = this.order;
    this.spare = this.other;
    for (let i = 0; i < this.size; i++) this.order[i] = i;
  }

  private pass(keys: Uint32Array, shift: number): void {
    const { counts, size, current, spare } = this;
    const mask = counts.length - 1;
    counts.fill(0);
    for (let i = 0; i < size; i++) counts[(keys[i] >>> shift) & mask]++;
    // Digits that are all alike order nothing.
    if (counts[(keys[0] >>> shift) & mask] === size) return;
    let total = 0;
    for (let digit = 0; digit <= mask; digit++) {
      const count = counts[digit];
      counts[digit] = total;
      total += count;
    }
    for (let i = 0; i < size; i++) {
      const position = current[i];
      spare[counts[(keys[position] >>> shift) & mask]++] = position;
    }
    this.current = spare;
    this.spare = current;
  }
}

/** Whether a comes behind b in ascending order. */
function above(a: number, b: number): boolean {
  return a > b || (a !== a && b === b);
}

/**
 * Finds the first few of a line in order, by insertion into those found so far: in rising order or, where `largest`, in
 * falling order. NaN counts as the largest; of equal numbers the first comes first.
 */
export class Finder {
  readonly #values: Float64Array;
  /** Where those of the last line are. */
  readonly places: Int32Array;

  constructor(
    readonly count: number,
    private readonly largest: boolean,
  ) {
    this.#values = new Float64Array(count);
    this.places = new Int32Array(count);
  }

  /** The numbers at start, start + step and so on, at least as many as are looked for. */
  find(data: ArrayLike<number>, start: number, step: number, size: number): this {
    const { count } = this;
    const values = this.#values;
    const last = count - 1;
    for (let i = 0; i < count; i++) this.insert(data[start + i * step], i, i);
    let at = start + count * step;
    let limit = values[last];
    // Most numbers go no further than one comparison; NaN does.
    if (this.largest)
      for (let i = count; i < size; i++, at += step) {
        const value = data[at];
        if (value <= limit || !above(value, limit)) continue;
        this.insert(value, i, last);
        limit = values[last];
      }
    else
      for (let i = count; i < size; i++, at += step) {
        const value = data[at];
        if (value >= limit || !above(limit, value)) continue;
        this.insert(value, i, last);
        limit = values[last];
      }
    return this;
  }

  /** Puts a number, which is that many-th of the line, in order among those at most so far from the first found. */
  private insert(value: number, place: number, from: number): void {
    const { largest, places } = this;
    const values = this.#values;
    let k = from;
    for (; k > 0; k--) {
      const before = values[k - 1];
      if (!(largest ? above(value, before) : above(before, value))) break;
      values[k] = before;
      places[k] = places[k - 1];
    }
    values[k] = value;
    places[k] = place;
  }
}
