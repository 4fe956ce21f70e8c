/**
 * Deflate (RFC 1951) in a zlib stream (RFC 1950) for bytes that come as runs: a run is its first byte and then copies from one byte back,
 * so nothing is searched and long runs cost no more than short ones. One block with its own Huffman codes.
 */

/** Bytes that are alike: `values[i]` stands `lengths[i]` times; neighbours may have the same value. */
export interface ByteRuns {
  values: Uint8Array;
  lengths: Uint32Array;
  count: number;
}

const END = 256;
/** Literals, the end, and the 29 codes of lengths. */
const SYMBOLS = 286;
const LONGEST_CODE = 15;
const LONGEST_COPY = 258;
const SHORTEST_COPY = 3;
/** The order in which RFC 1951 writes the lengths of the codes of code lengths. */
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const ADLER = 65521;
/** Whole numbers are exact up to 2^53, and a run adds less than the rest. */
const LARGE = 2 ** 52;

/** Of each length of a copy: its symbol, what is added to the symbol's least length, and in how many bits. */
const copySymbol = new Uint16Array(LONGEST_COPY + 1);
const copyExtra = new Uint8Array(LONGEST_COPY + 1);
const copyBits = new Uint8Array(LONGEST_COPY + 1);
for (let symbol = 257, least = SHORTEST_COPY; symbol < 285; symbol++) {
  const bits = symbol < 265 ? 0 : (symbol - 261) >> 2;
  for (let i = 0; i < 1 << bits && least + i < LONGEST_COPY; i++) {
    copySymbol[least + i] = symbol;
    copyExtra[least + i] = i;
    copyBits[least + i] = bits;
  }
  least += 1 << bits;
}
copySymbol[LONGEST_COPY] = 285;

/** Bits from the lowest of each byte on. */
class BitWriter {
  private bytes = new Uint8Array(1 << 16);
  private length = 0;
  private held = 0;
  private bits = 0;

  /** @param count at most 22 */
  put(value: number, count: number): void {
    this.held |= value << this.bits;
    this.bits += count;
    while (this.bits >= 8) {
      this.bytes[this.length++] = this.held;
      this.held >>>= 8;
      this.bits -= 8;
    }
  }

  /** Room for so many further bytes. */
  reserve(bytes: number): void {
    if (this.length + bytes <= this.bytes.length) return;
    const larger = new Uint8Array(2 * (this.length + bytes));
    larger.set(this.bytes);
    this.bytes = larger;
  }

  align(): void {
    if (this.bits > 0) this.put(0, 8 - this.bits);
  }

  written(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}

/** The zlib stream of the runs' bytes. Neighbours of one value are made one run. */
export function deflateRuns(runs: ByteRuns): Uint8Array {
  join(runs);
  const counts = countSymbols(runs);
  const lengths = codeLengths(counts, LONGEST_CODE);
  const codes = codesOf(lengths);
  const out = new BitWriter();
  // Deflate with a window of 32 KiB, no preset dictionary.
  out.put(0x78, 8);
  out.put(0x01, 8);
  writeHeader(out, lengths);
  const copy = (length: number): void => {
    const symbol = copySymbol[length];
    out.put(codes[symbol], lengths[symbol]);
    // The distance has the one code of one bit, which is 0.
    out.put(copyExtra[length], copyBits[length] + 1);
  };
  for (let i = 0; i < runs.count; i++) {
    const value = runs.values[i];
    const code = codes[value];
    const bits = lengths[value];
    let left = runs.lengths[i] - 1;
    // A copy takes no more bytes than what it stands for.
    if ((i & 1023) === 0) out.reserve(4 * 1024 * SHORTEST_COPY);
    out.put(code, bits);
    if (left > LONGEST_COPY) {
      out.reserve(4 * (1024 * SHORTEST_COPY + left / LONGEST_COPY));
      for (; left > LONGEST_COPY; left -= LONGEST_COPY) copy(LONGEST_COPY);
    }
    if (left >= SHORTEST_COPY) copy(left);
    else for (; left > 0; left--) out.put(code, bits);
  }
  out.reserve(16);
  out.put(codes[END], lengths[END]);
  out.align();
  const sum = adler32(runs);
  for (const shift of [24, 16, 8, 0]) out.put((sum >>> shift) & 255, 8);
  return out.written();
}

function join(runs: ByteRuns): void {
  const { values, lengths, count } = runs;
  let kept = 0;
  for (let i = 1; i < count; i++)
    if (values[i] === values[kept]) lengths[kept] += lengths[i];
    else {
      kept++;
      values[kept] = values[i];
      lengths[kept] = lengths[i];
    }
  runs.count = Math.min(count, kept + 1);
}

/** A run is a byte and then copies of it; one or two bytes that are left over stand for themselves. */
function countSymbols({ values, lengths, count }: ByteRuns): Uint32Array {
  const counts = new Uint32Array(SYMBOLS);
  for (let i = 0; i < count; i++) {
    let left = lengths[i] - 1;
    counts[values[i]]++;
    if (left > LONGEST_COPY) {
      const copies = Math.ceil(left / LONGEST_COPY) - 1;
      counts[copySymbol[LONGEST_COPY]] += copies;
      left -= copies * LONGEST_COPY;
    }
    if (left >= SHORTEST_COPY) counts[copySymbol[left]]++;
    else counts[values[i]] += left;
  }
  counts[END] = 1;
  return counts;
}

/** The block's header: dynamic codes, one code of distances, and the lengths of all codes, each in four bits of a flat code. */
function writeHeader(out: BitWriter, lengths: Uint8Array): void {
  out.put(1, 1);
  out.put(2, 2);
  out.put(SYMBOLS - 257, 5);
  out.put(0, 5);
  out.put(ORDER.length - 4, 4);
  const all = [...lengths, 1];
  const counts = new Uint32Array(ORDER.length);
  const words: [symbol: number, extra: number, bits: number][] = [];
  for (let i = 0; i < all.length;) {
    let zeros = 0;
    while (i + zeros < all.length && all[i + zeros] === 0 && zeros < 138) zeros++;
    if (zeros >= 11) words.push([18, zeros - 11, 7]);
    else if (zeros >= 3) words.push([17, zeros - 3, 3]);
    else words.push([all[i], 0, 0]);
    i += zeros >= 3 ? zeros : 1;
  }
  for (const [symbol] of words) counts[symbol]++;
  const own = codeLengths(counts, 7);
  const codes = codesOf(own);
  for (const symbol of ORDER) out.put(own[symbol], 3);
  for (const [symbol, extra, bits] of words) {
    out.put(codes[symbol], own[symbol]);
    out.put(extra, bits);
  }
}

/**
 * Lengths of a prefix code, none above `longest` (Huffman 1952). Where the best code has longer ones, rare symbols are counted
 * as more frequent until it has not.
 */
function codeLengths(counts: Uint32Array, longest: number): Uint8Array {
  const used = Array.from(counts.keys()).filter((symbol) => counts[symbol] > 0);
  const lengths = new Uint8Array(counts.length);
  if (used.length === 1) lengths[used[0]] = 1;
  if (used.length < 2) return lengths;
  for (let least = 1; ; least *= 4) {
    const leaves = used
      .map((symbol) => ({ symbol, count: Math.max(counts[symbol], least) }))
      .sort((a, b) => a.count - b.count);
    if (measure(leaves, lengths) <= longest) return lengths;
  }
}

/** Huffman's tree by two queues, of leaves and of what was joined; answers the longest length. */
function measure(leaves: readonly { symbol: number; count: number }[], lengths: Uint8Array): number {
  const n = leaves.length;
  const counts = new Float64Array(2 * n - 1);
  const parents = new Uint16Array(2 * n - 1);
  leaves.forEach(({ count }, i) => (counts[i] = count));
  let leaf = 0;
  let inner = n;
  for (let next = n; next < 2 * n - 1; next++)
    for (let child = 0; child < 2; child++) {
      const least = leaf < n && (inner >= next || counts[leaf] <= counts[inner]) ? leaf++ : inner++;
      counts[next] += counts[least];
      parents[least] = next;
    }
  const depths = new Uint8Array(2 * n - 1);
  let longest = 0;
  for (let i = 2 * n - 3; i >= 0; i--) {
    depths[i] = depths[parents[i]] + 1;
    if (i < n) lengths[leaves[i].symbol] = depths[i];
    longest = Math.max(longest, depths[i]);
  }
  return longest;
}

/** The codes of RFC 1951 for these lengths, their first bit lowest. */
function codesOf(lengths: Uint8Array): Uint16Array {
  const codes = new Uint16Array(lengths.length);
  let code = 0;
  for (let length = 1; length <= LONGEST_CODE; length++) {
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      if (lengths[symbol] !== length) continue;
      let reversed = 0;
      for (let bit = 0; bit < length; bit++) reversed |= ((code >> bit) & 1) << (length - 1 - bit);
      codes[symbol] = reversed;
      code++;
    }
    code <<= 1;
  }
  return codes;
}

/** RFC 1950's sum; a run takes as long as a byte. Sums of a picture stay whole numbers without a remainder being taken each time. */
function adler32({ values, lengths, count }: ByteRuns): number {
  let a = 1;
  let b = 0;
  for (let i = 0; i < count; i++) {
    const n = lengths[i];
    const value = values[i];
    b += n * a + (value * n * (n + 1)) / 2;
    a += n * value;
    if (b > LARGE) {
      b %= ADLER;
      a %= ADLER;
    }
  }
  return (((b % ADLER) << 16) | (a % ADLER)) >>> 0;
}
