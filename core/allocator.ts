/**
 * Divides the tensor memory into blocks: two-level segregated fit (Masmano, Ripoll, Crespo, Real, "TLSF: a new
 * dynamic memory allocator for real-time systems", ECRTS 2004), which allocates and frees in constant time and
 * merges free neighbours at once, with exact-size lists in front of it for all but the largest blocks.
 *
 * The bookkeeping is kept outside the memory it manages, in typed arrays indexed by block: a kernel that writes past
 * its output cannot corrupt it, and it can be rebuilt from the live blocks alone. That matters because a cell may be
 * interrupted at any function call, also in the middle of `allocate`.
 */

/** Every block starts at a multiple of this: a cache line, and more than any SIMD load wants. */
export const ALIGNMENT = 64;

/** Blocks of more than this many units (64 KiB) are rounded to multiples of 4 KiB, so that fewer slivers arise. */
const SMALL_UNITS = 1024;
const LARGE_GRANULE = 64;
/** Blocks of up to this many units (8 MiB) go through the exact-size lists, which give back the last that was freed. */
const QUICK_UNITS = 2 ** 17;
const QUICK_LISTS = SMALL_UNITS + 1 + QUICK_UNITS / LARGE_GRANULE;
/** When the exact-size lists hold more than this, they are merged back. */
const MAX_QUICK_UNITS = (64 * 2 ** 20) / ALIGNMENT;

/** Subdivisions of each power of two. */
const SUB_BITS = 4;
const SUBDIVISIONS = 1 << SUB_BITS;
const LEVELS = 31 - SUB_BITS;

const NONE = -1;
const State = {
  Unused: 0,
  Live: 1,
  Free: 2,
  /** In an exact-size list: not merged with its neighbours. */
  Quick: 3,
} as const;

/** A block's index; its place and size are asked from the allocator. */
export type Block = number;

export class Allocator {
  /** In units of ALIGNMENT; per block. */
  private start = new Int32Array(1024);
  private units = new Int32Array(1024);
  /** Neighbours in memory. */
  private before = new Int32Array(1024);
  private after = new Int32Array(1024);
  /** Neighbours in a free list. */
  private previous = new Int32Array(1024);
  private next = new Int32Array(1024);
  private state = new Uint8Array(1024);
  private blocks = 0;
  /** Block indices to use again, linked through `next`. */
  private spare = NONE;

  private readonly heads = new Int32Array(LEVELS * SUBDIVISIONS).fill(NONE);
  private readonly subMaps = new Int32Array(LEVELS);
  private levelMap = 0;
  private readonly quick = new Int32Array(QUICK_LISTS).fill(NONE);
  private quickUnits = 0;

  private readonly firstUnit: number;
  private readonly endUnit: number;
  private liveUnits = 0;

  /** Manages the bytes from `begin` to `end`. */
  constructor(begin: number, end: number) {
    this.firstUnit = Math.ceil(begin / ALIGNMENT);
    this.endUnit = Math.floor(end / ALIGNMENT);
    this.insertFree(this.createBlock(this.firstUnit, this.endUnit - this.firstUnit, NONE, NONE));
  }

  /** Bytes handed out, rounding included. */
  get liveBytes(): number {
    return this.liveUnits * ALIGNMENT;
  }

  /** Bytes that a request of this size takes. */
  static roundedBytes(bytes: number): number {
    return roundedUnits(bytes) * ALIGNMENT;
  }

  /** Where the block starts, in bytes. */
  address(block: Block): number {
    return this.start[block] * ALIGNMENT;
  }

  size(block: Block): number {
    return this.units[block] * ALIGNMENT;
  }

  /** A block of at least `bytes` (> 0), or -1 when no free block is large enough. */
  allocate(bytes: number): Block {
    const units = roundedUnits(bytes);
    if (units <= QUICK_UNITS) {
      const list = quickList(units);
      const block = this.quick[list];
      if (block !== NONE) {
        this.quick[list] = this.next[block]!;
        this.quickUnits -= units;
        this.state[block] = State.Live;
        this.liveUnits += units;
        return block;
      }
    }
    let block = this.findFree(units);
    if (block === NONE && this.quickUnits > 0) {
      this.mergeQuick();
      block = this.findFree(units);
    }
    if (block === NONE) return NONE;
    this.removeFree(block);
    this.split(block, units);
    this.state[block] = State.Live;
    this.liveUnits += units;
    return block;
  }

  /** Gives a block back. Freeing one that is not live is an error of the caller's bookkeeping and throws. */
  free(block: Block): void {
    if (this.state[block] !== State.Live) throw new Error(`allocator: block ${block} is not allocated`);
    const units = this.units[block];
    this.liveUnits -= units;
    if (units <= QUICK_UNITS) {
      const list = quickList(units);
      this.state[block] = State.Quick;
      this.next[block] = this.quick[list]!;
      this.quick[list] = block;
      this.quickUnits += units;
      if (this.quickUnits > MAX_QUICK_UNITS) this.mergeQuick();
    } else this.release(block);
  }

  /** Forgets everything but the given live blocks: after an interrupt that hit an operation half-way. */
  rebuild(live: readonly Block[]): void {
    const places = live
      .map((block) => ({ block, start: this.start[block], units: this.units[block] }))
      .sort((a, b) => a.start - b.start);
    this.heads.fill(NONE);
    this.subMaps.fill(0);
    this.levelMap = 0;
    this.quick.fill(NONE);
    this.quickUnits = 0;
    this.liveUnits = 0;
    this.state.fill(State.Unused);
    for (const { block } of places) this.state[block] = State.Live;
    this.spare = NONE;
    for (let block = this.state.length - 1; block >= 0; block--)
      if (this.state[block] === State.Unused) {
        this.next[block] = this.spare;
        this.spare = block;
      }
    this.blocks = this.state.length;

    let last = NONE;
    let reached = this.firstUnit;
    const gapUntil = (unit: number): void => {
      if (unit <= reached) return;
      const gap = this.createBlock(reached, unit - reached, last, NONE);
      if (last !== NONE) this.after[last] = gap;
      this.insertFree(gap);
      last = gap;
    };
    for (const { block, start, units } of places) {
      gapUntil(start);
      this.before[block] = last;
      this.after[block] = NONE;
      if (last !== NONE) this.after[last] = block;
      last = block;
      reached = start + units;
      this.liveUnits += units;
    }
    gapUntil(this.endUnit);
  }

  private release(freed: Block): void {
    let block = freed;
    const after = this.after[block];
    if (after !== NONE && this.state[after] === State.Free) {
      this.removeFree(after);
      this.absorbNext(block);
    }
    const before = this.before[block];
    if (before !== NONE && this.state[before] === State.Free) {
      this.removeFree(before);
      this.absorbNext(before);
      block = before;
    }
    this.insertFree(block);
  }

  private mergeQuick(): void {
    for (let list = 0; list < QUICK_LISTS; list++) {
      let block = this.quick[list];
      this.quick[list] = NONE;
      while (block !== NONE) {
        const next = this.next[block];
        this.release(block);
        block = next;
      }
    }
    this.quickUnits = 0;
  }

  /** Cuts a block to size; what is over becomes free. */
  private split(block: Block, units: number): void {
    const over = this.units[block] - units;
    if (over === 0) return;
    const after = this.after[block];
    const rest = this.createBlock(this.start[block] + units, over, block, after);
    if (after !== NONE) this.before[after] = rest;
    this.after[block] = rest;
    this.units[block] = units;
    this.insertFree(rest);
  }

  private absorbNext(block: Block): void {
    const gone = this.after[block];
    const after = this.after[gone];
    this.units[block] = this.units[block] + this.units[gone];
    this.after[block] = after;
    if (after !== NONE) this.before[after] = block;
    this.state[gone] = State.Unused;
    this.next[gone] = this.spare;
    this.spare = gone;
  }

  private createBlock(start: number, units: number, before: Block, after: Block): Block {
    let block = this.spare;
    if (block !== NONE) this.spare = this.next[block]!;
    else {
      if (this.blocks === this.state.length) this.grow();
      block = this.blocks++;
    }
    this.start[block] = start;
    this.units[block] = units;
    this.before[block] = before;
    this.after[block] = after;
    return block;
  }

  private grow(): void {
    const capacity = this.state.length * 2;
    const larger = (old: Int32Array): Int32Array<ArrayBuffer> => {
      const array = new Int32Array(capacity);
      array.set(old);
      return array;
    };
    this.start = larger(this.start);
    this.units = larger(this.units);
    this.before = larger(this.before);
    this.after = larger(this.after);
    this.previous = larger(this.previous);
    this.next = larger(this.next);
    const state = new Uint8Array(capacity);
    state.set(this.state);
    this.state = state;
  }

  /** A free block of at least `units`: the first of the smallest class all of whose blocks are large enough. */
  private findFree(units: number): Block {
    const wanted = listOf(units < SUBDIVISIONS ? units : units + (1 << (floorLog2(units) - SUB_BITS)) - 1);
    let level = wanted >> SUB_BITS;
    let subs = this.subMaps[level] & (-1 << (wanted & (SUBDIVISIONS - 1)));
    if (subs === 0) {
      const levels = this.levelMap & (-1 << (level + 1));
      if (levels === 0) return this.findInOwnClass(units);
      level = lowestBit(levels);
      subs = this.subMaps[level]!;
    }
    return this.heads[level * SUBDIVISIONS + lowestBit(subs)];
  }

  /** The last resort: a block of the request's own class may still be large enough. */
  private findInOwnClass(units: number): Block {
    let block = this.heads[listOf(units)];
    while (block !== NONE && this.units[block] < units) block = this.next[block]!;
    return block;
  }

  private insertFree(block: Block): void {
    const list = listOf(this.units[block]);
    const head = this.heads[list];
    this.state[block] = State.Free;
    this.previous[block] = NONE;
    this.next[block] = head;
    if (head !== NONE) this.previous[head] = block;
    this.heads[list] = block;
    const level = list >> SUB_BITS;
    this.levelMap |= 1 << level;
    this.subMaps[level] = this.subMaps[level] | (1 << (list & (SUBDIVISIONS - 1)));
  }

  private removeFree(block: Block): void {
    const previous = this.previous[block];
    const next = this.next[block];
    if (next !== NONE) this.previous[next] = previous;
    if (previous !== NONE) {
      this.next[previous] = next;
      return;
    }
    const list = listOf(this.units[block]);
    this.heads[list] = next;
    if (next !== NONE) return;
    const level = list >> SUB_BITS;
    this.subMaps[level] = this.subMaps[level] & ~(1 << (list & (SUBDIVISIONS - 1)));
    if (this.subMaps[level] === 0) this.levelMap &= ~(1 << level);
  }
}

function roundedUnits(bytes: number): number {
  const units = Math.ceil(bytes / ALIGNMENT);
  return units <= SMALL_UNITS ? units : Math.ceil(units / LARGE_GRANULE) * LARGE_GRANULE;
}

/** The exact-size list of a size that `roundedUnits` gives. */
function quickList(units: number): number {
  return units <= SMALL_UNITS ? units : SMALL_UNITS + units / LARGE_GRANULE;
}

/** The list a free block of this size is kept in: level * SUBDIVISIONS + subdivision. */
function listOf(units: number): number {
  if (units < SUBDIVISIONS) return units;
  const log = floorLog2(units);
  return ((log - SUB_BITS + 1) << SUB_BITS) + ((units >> (log - SUB_BITS)) & (SUBDIVISIONS - 1));
}

function floorLog2(x: number): number {
  return 31 - Math.clz32(x);
}

function lowestBit(x: number): number {
  return 31 - Math.clz32(x & -x);
}
