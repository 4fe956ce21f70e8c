/**
 * The bytes of tensors. A `Storage` is shared by all views of one tensor and needs no dispose: when the last handle
 * is gone its memory is found by a sweep, in a synchronous loop under memory pressure and otherwise after the garbage
 * collections that happen anyway (`slots.ts`). Code that knows a storage to be unused (autograd, inside ops) gives it
 * back at once by `release()`, which also keeps the memory warm in the cache.
 */
import { inspect } from 'node:util';
import { ALIGNMENT } from './allocator.js';
import { SCRATCH_END } from './memory.js';
import {
  addressOf,
  counts,
  enter,
  giveSlot,
  isSlab,
  onSettle,
  onSweep,
  releaseSlot,
  repair,
  seen,
  sizes,
  takeHighSlot,
  takeSlot,
  usage,
} from './slots.js';

export { OutOfMemoryError } from './out-of-memory.js';
export {
  memory,
  type MemoryStatistics,
  reclaimMemory,
  resetPeakMemory,
  setMemoryLimit,
  writesLater,
  wroteLater,
} from './slots.js';

/**
 * Small storages are cut from slabs, so that a slot, which costs more than computing on a few numbers, is needed once
 * for many: each storage holds its slab, and the slab is dead when all of them are.
 */
class Slab {
  constructor(readonly slot: number) {}

  [inspect.custom](): string {
    slabs.alive++;
    seen(this);
    return '';
  }
}

/** Storages of up to this many bytes come from slabs, and of up to so many where slabs are not wide. */
const SMALL_BYTES = 4096;
const LEAST_SMALL_BYTES = 512;
/**
 * Slabs have so many places, or, as long as nearly all die together, so many bytes: the larger they are, the less a
 * storage costs, and the more memory one that lives on holds.
 */
const PLACES = 32;
const WIDE_SLAB_BYTES = 16384;
/** The places of a wide slab at least. */
const LEAST_PLACES = 8;
/** As many slabs may be seen alive, for each wide one that could be cut from what all take, and so many there may be. */
const ALIVE_OF_WIDE = 1 / 16;
const MOST_WIDE = 2048;

/** Wide slabs cut, or what would have been, and slabs seen alive, since they were last judged; whether they are to be wide. */
const slabs = { cut: 0, alive: 0, visits: 0, wide: true };

function judge(): void {
  if (slabs.visits === usage.visits) return;
  slabs.visits = usage.visits;
  slabs.wide = slabs.alive <= slabs.cut * ALIVE_OF_WIDE && usage.slabs <= MOST_WIDE;
  slabs.cut = slabs.alive = 0;
}

/** So many bytes a slab of places of this size is to have. */
function slabBytes(bytes: number): number {
  judge();
  const size = slabs.wide ? Math.max(WIDE_SLAB_BYTES, bytes * LEAST_PLACES) : bytes * PLACES;
  slabs.cut += slabs.wide ? 1 : size / WIDE_SLAB_BYTES;
  return size;
}

/** Whether so many bytes are to be a place of a slab. Of what lives on, larger ones would hold too much. */
function isSmall(bytes: number): boolean {
  if (bytes <= LEAST_SMALL_BYTES) return true;
  if (bytes > SMALL_BYTES) return false;
  judge();
  if (!slabs.wide) slabs.cut += bytes / WIDE_SLAB_BYTES;
  return slabs.wide;
}

const SMALL_CLASSES = Math.log2(SMALL_BYTES / ALIGNMENT) + 1;

/** For each size (64, 128, … bytes): the slab that is being cut, and places given back by `release()`. */
interface SmallPlaces {
  readonly bytes: number;
  slab: Slab | undefined;
  next: number;
  end: number;
  /** Bytes and storages cut from the slab that the books do not show yet. */
  taken: number;
  count: number;
  readonly spareSlabs: Slab[];
  readonly sparePlaces: number[];
}

const smallPlaces = Array.from({ length: SMALL_CLASSES }, (_, level): SmallPlaces => {
  const bytes = ALIGNMENT << level;
  return { bytes, slab: undefined, next: 0, end: 0, taken: 0, count: 0, spareSlabs: [], sparePlaces: [] };
});

/** Small storages are entered in the books when somebody looks or gives one back: most die before. */
function settle(places: SmallPlaces): void {
  const { slab, taken, count } = places;
  if (slab === undefined || count === 0) return;
  places.taken = places.count = 0;
  enter(slab.slot, taken, count);
}

onSettle(() => {
  for (const places of smallPlaces) settle(places);
});

const leastPlaces = smallPlaces[0];

function smallClass(bytes: number): number {
  return bytes <= ALIGNMENT ? 0 : 32 - Math.clz32((bytes - 1) >> 6);
}

// Slabs that only wait to be cut further are freed by a sweep if nothing else is in them.
onSweep(() => {
  for (const places of smallPlaces) {
    settle(places);
    places.slab = undefined;
    places.next = places.end = 0;
    places.spareSlabs.length = places.sparePlaces.length = 0;
  }
});

/** Where storages come from instead, while a step is traced or a part of it is done again: see `compile/`. */
export const allocation: { source: ((bytes: number, operation: string) => Storage) | null } = {
  source: null,
};

/** The slots of storages that have no memory. */
const NO_SLOT = -1;
const RELEASED = -2;

/** Elements that are not computed yet, or that expressions which are not computed yet read (`ops/deferred/`). */
export interface Deferred {
  /** Computes the elements. */
  settle(): void;
  /** They are stored when they are computed on the way to something else. */
  keep(): void;
  /** The elements are about to be changed in place. */
  beforeChange(storage: Storage): void;
  /** Whether the memory may be given back. */
  beforeRelease(storage: Storage): boolean;
}

/** Contiguous bytes in the tensor memory, aligned to 64. */
export class Storage {
  /** Counts the changes of the elements in place; saved tensors check it. */
  version = 0;
  /** The backward run that last handed this storage on as a gradient; negative where others have it, too. */
  gradientRun = 0;
  /** How many tensors were made on it: with only one, that tensor may give the memory back early. */
  handles = 0;
  /** What the elements wait for, or what waits for them. */
  deferred: Deferred | null = null;

  private constructor(
    /** Where the bytes start, whether or not the elements are there. Moved by compiled steps only, for storages of their own. */
    public address: number,
    readonly byteLength: number,
    /**
     * What the bytes are part of: a slab, or something else that lives as long as they do. Bytes of their own have the
     * number of their slot, and a negative one stands for what has no memory. One field, because each costs all results.
     */
    private home: object | number,
  ) {}

  /** The place in the table of what is allocated; negative where there is none. */
  get slot(): number {
    const { home } = this;
    return typeof home === 'number' ? home : home instanceof Slab ? home.slot : NO_SLOT;
  }

  /** What the bytes belong to from now on, where they have no slot. @internal */
  belongTo(owner: object | null): void {
    if (!this.released) this.home = owner ?? NO_SLOT;
  }

  /** Where the bytes start in the tensor memory; asking has the elements computed. */
  get ptr(): number {
    if (this.deferred !== null) this.deferred.settle();
    return this.address;
  }

  /** Must be called before the elements are changed in place. */
  beforeChange(): void {
    if (this.deferred !== null) this.deferred.beforeChange(this);
  }

  /**
   * Uninitialized memory.
   *
   * @param bytes its size; 0 is allowed and takes no memory
   * @param operation the op that needs it, named when there is no room
   * @throws OutOfMemoryError when the budget does not hold it even after everything dead was given back
   */
  static allocate(bytes: number, operation: string): Storage {
    return bytes > 0 && bytes <= LEAST_SMALL_BYTES && allocation.source === null && !usage.unfinished
      ? Storage.allocateSmall(bytes)
      : Storage.allocateAny(bytes, operation);
  }

  /** The same for what is usually no more than the least place: so short that V8 makes it one with its callers. */
  static allocateFew(bytes: number, operation: string): Storage {
    const { next, slab, end, sparePlaces } = leastPlaces;
    if (
      !(bytes > 0 && bytes <= ALIGNMENT) ||
      next === end ||
      sparePlaces.length > 0 ||
      allocation.source !== null ||
      usage.unfinished
    )
      return Storage.allocate(bytes, operation);
    leastPlaces.next = next + ALIGNMENT;
    leastPlaces.taken += bytes;
    leastPlaces.count++;
    return new Storage(next, bytes, slab!);
  }

  private static allocateAny(bytes: number, operation: string): Storage {
    if (bytes === 0) return new Storage(SCRATCH_END, 0, NO_SLOT);
    if (!(bytes > 0 && Number.isSafeInteger(bytes)))
      throw new RangeError(`${operation}: cannot allocate ${bytes} bytes`);
    if (allocation.source !== null) return allocation.source(bytes, operation);
    if (usage.unfinished) repair();
    if (isSmall(bytes)) return Storage.allocateSmall(bytes);
    const slot = takeSlot(bytes, operation);
    const storage = new Storage(addressOf(slot), bytes, slot);
    giveSlot(slot, storage);
    return storage;
  }

  /** Bytes that are part of something larger, which lives as long as they do. @internal */
  static within(owner: object, ptr: number, bytes: number): Storage {
    return new Storage(ptr, bytes, owner);
  }

  /** There is no call between taking a place and handing it out, so that an interrupt does not come between either. */
  private static allocateSmall(bytes: number): Storage {
    const places = smallPlaces[smallClass(bytes)];
    if (places.sparePlaces.length > 0) return Storage.allocateSpare(places, bytes);
    if (places.next === places.end) cutSlab(places);
    const { next, slab } = places;
    places.next = next + places.bytes;
    places.taken += bytes;
    places.count++;
    return new Storage(next, bytes, slab!);
  }

  private static allocateSpare(places: SmallPlaces, bytes: number): Storage {
    const slab = places.spareSlabs.pop()!;
    const ptr = places.sparePlaces.pop()!;
    enter(slab.slot, bytes, 1);
    return new Storage(ptr, bytes, slab);
  }

  /** What a tensor that gave its memory back has instead: no elements, and no version that anything was saved with. */
  static withoutMemory(): Storage {
    const storage = new Storage(0, 0, RELEASED);
    storage.version = -1;
    return Object.defineProperty(storage, 'ptr', {
      get(): never {
        throw new Error(
          'this tensor has given its memory back: it was declared with `using`, whose block has ended. ' +
            'Declare it with const to keep it; its memory is then found when it is no longer reachable.',
        );
      },
    });
  }

  /** Whether `release()` was called. */
  get released(): boolean {
    return this.home === RELEASED;
  }

  /**
   * Gives the memory back now. Only for who knows that no tensor uses it any more: what is at `ptr` afterwards
   * belongs to somebody else. Calling it again does nothing.
   */
  release(): void {
    if (this.deferred !== null && !this.deferred.beforeRelease(this)) return;
    const { home } = this;
    this.home = RELEASED;
    if (typeof home === 'number') {
      if (home < 0) return;
      if (usage.unfinished) repair();
      releaseSlot(home);
      return;
    }
    if (!(home instanceof Slab)) return;
    if (usage.unfinished) repair();
    const places = smallPlaces[smallClass(this.byteLength)];
    if (places.slab === home) settle(places);
    enter(home.slot, -this.byteLength, -1);
    places.spareSlabs.push(home);
    places.sparePlaces.push(this.address);
  }

  /** How a sweep asks which storages are alive. */
  [inspect.custom](): string {
    seen(this);
    return `Storage of ${this.byteLength} bytes`;
  }
}

function cutSlab(places: SmallPlaces): void {
  settle(places);
  const size = slabBytes(places.bytes);
  const slot = takeSlot(size, 'small tensors');
  const slab = new Slab(slot);
  giveSlot(slot, slab);
  usage.unfinished = true;
  sizes[slot] = 0;
  counts[slot] = 0;
  isSlab[slot] = true;
  usage.slabs++;
  usage.allocated -= size;
  usage.storages--;
  places.slab = slab;
  places.next = addressOf(slot);
  places.end = places.next + size;
  usage.unfinished = false;
}

/**
 * Much address space, from which storages are cut one after the other; memory is taken where it is written. It is free
 * again when all of them are dead. Addresses in it are so high that they are no sizes.
 */
export class Region {
  readonly slot: number;
  readonly begin: number;
  readonly end: number;

  /** @throws OutOfMemoryError when there is no room for it */
  constructor(bytes: number) {
    if (usage.unfinished) repair();
    this.slot = takeHighSlot(bytes);
    this.begin = addressOf(this.slot);
    this.end = this.begin + bytes;
    giveSlot(this.slot, this);
    usage.storages--;
  }

  /** Enters what was written into the books. */
  settle(bytes: number): void {
    enter(this.slot, bytes - sizes[this.slot], 0);
  }

  [inspect.custom](): string {
    seen(this);
    return '';
  }
}
