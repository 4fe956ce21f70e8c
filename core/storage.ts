/**
 * The bytes of tensors. A `Storage` is shared by all views of one tensor and needs no dispose: when the last handle
 * is gone its memory is found by a sweep, in a synchronous loop under memory pressure and otherwise after the garbage
 * collections that happen anyway. Code that knows a storage to be unused (autograd, inside ops) gives it back at once
 * by `release()`, which also keeps the memory warm in the cache.
 */
import os from 'node:os';
import { ALIGNMENT, Allocator, type Block } from './allocator.js';
import { memoryBytes, SCRATCH_END, TENSORS_END } from './memory.js';
import { clearKeptObjects, collectGarbage } from './reclaim.js';

/** A tensor did not fit into the memory budget, although everything dead had been given back. */
export class OutOfMemoryError extends Error {
  override readonly name = 'OutOfMemoryError';
}

export interface MemoryStatistics {
  /** Bytes of live storages. */
  readonly allocated: number;
  /** The most that `allocated` has been since the start, or since `resetPeakMemory()`. */
  readonly peak: number;
  /** The budget: allocating past it is an OutOfMemoryError. */
  readonly limit: number;
  /** Bytes of address space set aside for tensors. */
  readonly reserved: number;
  /** Number of live storages. */
  readonly storages: number;
  /** Sweeps for dead storages so far, and the time that they and their garbage collections took. */
  readonly sweeps: number;
  readonly sweepMilliseconds: number;
}

const MIB = 2 ** 20;

/** Bytes allocated between sweeps: the pace moves between these so that sweeping costs about 1 % of the time. */
const MIN_PACE = 64 * MIB;
const MAX_PACE = 512 * MIB;
const MAX_SWEEP_SHARE = 0.01;
/** Handles cost memory too, however small their tensors. */
const MAX_HANDLES_BETWEEN_SWEEPS = 2 ** 18;
const MAX_SLABS_BETWEEN_SWEEPS = 2 ** 14;
const ALLOCATIONS_BETWEEN_CLEARS = 2 ** 14;

const allocator = new Allocator(SCRATCH_END, TENSORS_END);

/** Per slot: the handle, its block and its size; slots of dead handles are used again. */
const handles: (WeakRef<Storage | Slab> | undefined)[] = [];
const blocks: Block[] = [];
const sizes: number[] = [];
/** Storages in it: one, or those of a slab. */
const counts: number[] = [];
const names: string[] = [];
const spareSlots: number[] = [];

let limit = defaultLimit();
let allocated = 0;
let peak = 0;
let storages = 0;
let sweeps = 0;
let sweepMilliseconds = 0;

let pace = MIN_PACE;
let bytesSinceSweep = 0;
let handlesSinceSweep = 0;
let slabsSinceSweep = 0;
let allocationsUntilClear = ALLOCATIONS_BETWEEN_CLEARS;
let lastSweepEnd = performance.now();
/** True inside an operation on the tables; still true at the next one when an interrupt cut it off. */
let unfinished = false;

/**
 * Small storages are cut from slabs, so that a WeakRef, which costs more than computing on a few numbers, is needed once
 * for many: each storage holds its slab, and the slab is dead when all of them are.
 */
class Slab {
  constructor(readonly slot: number) {}
}

/** Storages of up to this many bytes come from slabs, of so many places each. */
const SMALL_BYTES = 512;
const PLACES = 32;
const SMALL_CLASSES = Math.log2(SMALL_BYTES / ALIGNMENT) + 1;

/** For each size (64, 128, … bytes): the slab that is being cut, and places given back by `release()`. */
interface SmallPlaces {
  readonly bytes: number;
  slab: Slab | undefined;
  next: number;
  end: number;
  readonly spare: { readonly slab: Slab; readonly ptr: number }[];
}

const smallPlaces = Array.from({ length: SMALL_CLASSES }, (_, level): SmallPlaces => {
  return { bytes: ALIGNMENT << level, slab: undefined, next: 0, end: 0, spare: [] };
});

function smallClass(bytes: number): number {
  return bytes <= ALIGNMENT ? 0 : 32 - Math.clz32((bytes - 1) >> 6);
}

/** Lets go of slabs that only wait to be cut further: before a sweep, which frees them if nothing else is in them. */
function dropSlabs(): void {
  for (const places of smallPlaces) {
    places.slab = undefined;
    places.next = places.end = 0;
    places.spare.length = 0;
  }
}

/** Contiguous bytes in the tensor memory, aligned to 64. */
export class Storage {
  /** Counts the changes of the elements in place; saved tensors check it. */
  version = 0;
  /** The backward run that last handed this storage on as a gradient, and how often: once means nobody else has it. */
  gradientRun = 0;
  gradientUses = 0;
  /** How many tensors were made on it: with only one, that tensor may give the memory back early. */
  handles = 0;

  private constructor(
    /** Where the bytes start in the tensor memory. */
    readonly ptr: number,
    readonly byteLength: number,
    private slot: number,
    private readonly slab?: Slab,
  ) {}

  /**
   * Uninitialized memory.
   *
   * @param bytes its size; 0 is allowed and takes no memory
   * @param operation the op that needs it, named when there is no room
   * @throws OutOfMemoryError when the budget does not hold it even after everything dead was given back
   */
  static allocate(bytes: number, operation: string): Storage {
    if (bytes === 0) return new Storage(SCRATCH_END, 0, NO_SLOT);
    if (!(bytes > 0 && Number.isSafeInteger(bytes)))
      throw new RangeError(`${operation}: cannot allocate ${bytes} bytes`);
    if (unfinished) repair();
    if (bytes <= SMALL_BYTES) return Storage.allocateSmall(bytes);
    return Storage.allocateAlone(bytes, operation);
  }

  private static allocateSmall(bytes: number): Storage {
    const places = smallPlaces[smallClass(bytes)];
    if (allocated + bytes > limit) sweepUnderPressure();
    if (places.spare.length === 0 && places.next === places.end) Storage.cutSlab(places);
    unfinished = true;
    const spare = places.spare.pop();
    let { slab } = places;
    let ptr = places.next;
    if (spare === undefined) places.next += places.bytes;
    else {
      slab = spare.slab;
      ptr = spare.ptr;
    }
    const slot = slab!.slot;
    sizes[slot] += bytes;
    counts[slot]++;
    allocated += bytes;
    if (allocated > peak) peak = allocated;
    storages++;
    const storage = new Storage(ptr, bytes, slot, slab);
    unfinished = false;
    return storage;
  }

  private static cutSlab(places: SmallPlaces): void {
    if (++slabsSinceSweep > MAX_SLABS_BETWEEN_SWEEPS) sweepUnderPressure();
    const size = places.bytes * PLACES;
    const whole = Storage.allocateAlone(size, 'small tensors');
    const slab = new Slab(whole.slot);
    unfinished = true;
    handles[slab.slot] = new WeakRef(slab);
    sizes[slab.slot] = 0;
    counts[slab.slot] = 0;
    allocated -= size;
    storages--;
    places.slab = slab;
    places.next = whole.ptr;
    places.end = whole.ptr + size;
    unfinished = false;
  }

  private static allocateAlone(bytes: number, operation: string): Storage {
    if (
      bytesSinceSweep + bytes > Math.max(pace, allocated / 2) ||
      allocated + bytes > limit ||
      handlesSinceSweep > MAX_HANDLES_BETWEEN_SWEEPS
    )
      sweepUnderPressure();
    if (--allocationsUntilClear === 0) {
      allocationsUntilClear = ALLOCATIONS_BETWEEN_CLEARS;
      clearKeptObjects();
    }

    unfinished = true;
    let block = allocated + bytes > limit ? -1 : allocator.allocate(bytes);
    if (block < 0 && bytesSinceSweep > 0 && allocated + bytes <= limit) {
      // Within the budget but no gap is large enough: the dead may be in between.
      sweepUnderPressure();
      block = allocator.allocate(bytes);
    }
    if (block < 0) {
      unfinished = false;
      throw outOfMemory(bytes, operation);
    }
    const slot = spareSlots.pop() ?? handles.length;
    const storage = new Storage(allocator.address(block), bytes, slot);
    blocks[slot] = block;
    sizes[slot] = bytes;
    counts[slot] = 1;
    names[slot] = operation;
    handles[slot] = new WeakRef(storage);
    allocated += bytes;
    if (allocated > peak) peak = allocated;
    storages++;
    bytesSinceSweep += bytes;
    handlesSinceSweep++;
    unfinished = false;
    return storage;
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
    return this.slot === RELEASED;
  }

  /**
   * Gives the memory back now. Only for who knows that no tensor uses it any more: what is at `ptr` afterwards
   * belongs to somebody else. Calling it again does nothing.
   */
  release(): void {
    const { slot } = this;
    this.slot = RELEASED;
    if (slot < 0) return;
    if (unfinished) repair();
    unfinished = true;
    if (this.slab !== undefined) {
      sizes[slot] -= this.byteLength;
      counts[slot]--;
      allocated -= this.byteLength;
      storages--;
      smallPlaces[smallClass(this.byteLength)].spare.push({ slab: this.slab, ptr: this.ptr });
      unfinished = false;
      return;
    }
    freeSlot(slot);
    unfinished = false;
    // What is released early is no pressure. Some of it may be older than the last sweep.
    bytesSinceSweep = Math.max(0, bytesSinceSweep - this.byteLength);
    handlesSinceSweep = Math.max(0, handlesSinceSweep - 1);
  }
}

const NO_SLOT = -1;
const RELEASED = -2;

/** What the tensor memory holds now. */
export function memory(): MemoryStatistics {
  return {
    allocated,
    peak,
    limit,
    reserved: memoryBytes,
    storages,
    sweeps,
    sweepMilliseconds,
  };
}

/** Lets `memory().peak` start again from what is allocated now. */
export function resetPeakMemory(): void {
  peak = allocated;
}

/**
 * Sets the budget for all tensors together, in bytes.
 *
 * @throws RangeError when it is not a positive number
 */
export function setMemoryLimit(bytes: number): void {
  if (!(bytes > 0)) throw new RangeError(`setMemoryLimit: expected a positive number of bytes, got ${bytes}`);
  limit = Math.min(bytes, memoryBytes);
}

/** Gives back the memory of every tensor that is no longer reachable, at once (some milliseconds). */
export function reclaimMemory(): void {
  if (unfinished) repair();
  const began = performance.now();
  dropSlabs();
  collectGarbage();
  sweep();
  const ended = performance.now();
  sweeps++;
  sweepMilliseconds += ended - began;
  lastSweepEnd = ended;
}

/** Sweeps, and sets the pace of later sweeps by what this one cost. */
function sweepUnderPressure(): void {
  const began = performance.now();
  const worked = began - lastSweepEnd;
  reclaimMemory();
  const share = (performance.now() - began) / Math.max(worked, 1e-3);
  if (share > MAX_SWEEP_SHARE) pace = Math.min(pace * 2, MAX_PACE, Math.max(MIN_PACE, limit / 4));
  else if (share < MAX_SWEEP_SHARE / 4) pace = Math.max(pace / 2, MIN_PACE);
}

/** Frees the slots whose handles have been collected. */
function sweep(): void {
  unfinished = true;
  for (let slot = 0; slot < handles.length; slot++) {
    const handle = handles[slot];
    if (handle !== undefined && handle.deref() === undefined) freeSlot(slot);
  }
  bytesSinceSweep = 0;
  handlesSinceSweep = 0;
  slabsSinceSweep = 0;
  unfinished = false;
}

function freeSlot(slot: number): void {
  // First of all, so that whatever interrupts the rest, the slot is not freed twice.
  handles[slot] = undefined;
  allocator.free(blocks[slot]);
  allocated -= sizes[slot];
  storages -= counts[slot];
  spareSlots.push(slot);
}

/** An interrupt may cut any operation off. The handles are the truth from which the rest is made again. */
function repair(): void {
  const live: Block[] = [];
  dropSlabs();
  spareSlots.length = 0;
  allocated = 0;
  storages = 0;
  for (let slot = 0; slot < handles.length; slot++) {
    if (handles[slot] === undefined) spareSlots.push(slot);
    else {
      live.push(blocks[slot]);
      allocated += sizes[slot];
      storages += counts[slot];
    }
  }
  allocator.rebuild(live);
  unfinished = false;
}

function defaultLimit(): number {
  const granted = process.constrainedMemory();
  const machine = os.totalmem();
  const usable = granted > 0 && granted < machine ? granted : machine;
  return Math.min(memoryBytes, Math.floor(usable * 0.8));
}

function outOfMemory(bytes: number, operation: string): OutOfMemoryError {
  const byOperation = new Map<string, { bytes: number; count: number }>();
  for (let slot = 0; slot < handles.length; slot++) {
    if (handles[slot] === undefined) continue;
    const entry = byOperation.get(names[slot]) ?? { bytes: 0, count: 0 };
    entry.bytes += sizes[slot];
    entry.count += counts[slot];
    byOperation.set(names[slot], entry);
  }
  const largest = [...byOperation]
    .sort((a, b) => b[1].bytes - a[1].bytes)
    .slice(0, 3)
    .map(([name, held]) => `${formatBytes(held.bytes)} in ${held.count} made by ${name}`);
  return new OutOfMemoryError(
    `${operation}: cannot allocate ${formatBytes(bytes)}: ${formatBytes(allocated)} of the limit of ${formatBytes(limit)} ` +
      `are held by ${storages} tensors${largest.length > 0 ? ` (${largest.join('; ')})` : ''}. ` +
      (allocated + bytes <= limit
        ? 'The free memory is in pieces that are too small. '
        : 'Drop references to tensors that are no longer needed, use smaller batches') +
      (limit < memoryBytes && allocated + bytes > limit ? ', or raise the limit with setMemoryLimit.' : '.'),
  );
}

function formatBytes(bytes: number): string {
  if (bytes < 1e3) return `${bytes} bytes`;
  const [unit, scale] =
    bytes < 1e6 ? (['kB', 1e3] as const) : bytes < 1e9 ? (['MB', 1e6] as const) : (['GB', 1e9] as const);
  return `${Number((bytes / scale).toPrecision(3))} ${unit}`;
}

/**
 * Between cells: an object that nobody holds is collected by the next full garbage collection, and then dead storages
 * have been collected too. One such object watches for all of them, which costs nothing per tensor.
 */
const afterCollection = new FinalizationRegistry<undefined>(() => {
  if (unfinished) repair();
  sweep();
  watchCollections();
});

function watchCollections(): void {
  afterCollection.register({}, undefined);
}

watchCollections();
