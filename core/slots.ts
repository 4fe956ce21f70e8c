/**
 * The table of what is allocated in the tensor memory, and the search for what is dead. A slot holds a block and its
 * owner, weakly. Owners begin in a WeakSet: most results are dropped soon, and of a set a collection of young objects
 * tells which are left. Owners that survive two of those get a WeakRef, which only a full collection clears.
 */
import os from 'node:os';
import { Allocator, type Block } from './allocator.js';
import { memoryBytes, SCRATCH_END, TENSORS_END } from './memory.js';
import { type Held, outOfMemory } from './out-of-memory.js';
import {
  clearKeptObjects,
  collectGarbage,
  collectYoungGarbage,
  membersCanBeVisited,
  visitMembers,
  type Visited,
} from './reclaim.js';
import { YoungPace } from './young-pace.js';

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

/** What a slot belongs to; the slot is free when it is dead. Visiting it is to call `seen`. */
export interface Owner extends Visited {
  readonly slot: number;
}

const MIB = 2 ** 20;

/** Bytes allocated between full sweeps: the pace moves between these so that sweeping costs about 1 % of the time. */
const MIN_PACE = 64 * MIB;
const MAX_PACE = 512 * MIB;
const MAX_SWEEP_SHARE = 0.01;
/** What the young may take of the memory between sweeps, where little of it is written to: then no cache is cooled. */
const MOST_YOUNG_SPACE = 64 * MIB;
/** Sweeps that an owner is looked for among the young. */
const YOUNG_SWEEPS = 2;
/** Handles cost memory too, however small their tensors. */
const MAX_HANDLES_BETWEEN_SWEEPS = 2 ** 18;
const ALLOCATIONS_BETWEEN_CLEARS = 2 ** 14;

const allocator = new Allocator(SCRATCH_END, TENSORS_END);

const YOUNG = Symbol('young');
type Handle = WeakRef<Owner> | typeof YOUNG | undefined;

/** Per slot: the handle, its block and its size; slots of dead owners are used again. */
const handles: Handle[] = [];
const blocks: Block[] = [];
export const sizes: number[] = [];
/** Storages in it: one, or those of a slab. */
export const counts: number[] = [];
/** Whether it is cut into small storages. */
export const isSlab: boolean[] = [];
const names: string[] = [];
const spareSlots: number[] = [];

const young = new WeakSet<Owner>();
/** Slots of young owners, and of some that were young; which slots are in the list. */
const youngSlots: number[] = [];
const listed: boolean[] = [];
/** Per slot: the last visit in which its young owner was alive, and how many those were. */
const seenIn: number[] = [];
const survived: number[] = [];
let visit = 0;
let visiting = false;
const grownUp: Owner[] = [];

/** Read on the path of every allocation, so it is a plain object. */
export const usage = {
  limit: defaultLimit(),
  allocated: 0,
  peak: 0,
  storages: 0,
  /** Slots that are cut into small storages. */
  slabs: 0,
  /** How often was looked which young owners are alive. */
  visits: 0,
  /** True inside an operation on the tables; still true at the next one when an interrupt cut it off. */
  unfinished: false,
};

let sweeps = 0;
let sweepMilliseconds = 0;
let pace = MIN_PACE;
let bytesSinceSweep = 0;
let handlesSinceSweep = 0;
let allocationsUntilClear = ALLOCATIONS_BETWEEN_CLEARS;
let lastSweepEnd = performance.now();

const youngPace = new YoungPace();
/** Bytes that the young have taken since the last sweep of them, and those of these that are not written to yet. */
let youngSpace = 0;
let youngUnwritten = 0;
/** Bytes that the last visit found to be old. */
let grownBytes = 0;

/** What is called before a sweep, to let go of what is only kept for later use. */
let beforeSweep: () => void = () => undefined;

export function onSweep(letGo: () => void): void {
  beforeSweep = letGo;
}

/** What is called before anybody looks at the books. */
let settleBooks: () => void = () => undefined;

export function onSettle(settle: () => void): void {
  settleBooks = settle;
}

/** What is called before a repair: whoever else was cut off, and might still write. */
let beforeRepair: () => void = () => undefined;

export function onRepair(settle: () => void): void {
  beforeRepair = settle;
}

/** Enters storages of so many bytes into a slot's books (negative numbers: takes them out). */
export function enter(slot: number, bytes: number, count: number): void {
  sizes[slot] += bytes;
  counts[slot] += count;
  usage.allocated += bytes;
  if (usage.allocated > usage.peak) usage.peak = usage.allocated;
  usage.storages += count;
}

/**
 * A free slot with a block of this size.
 *
 * @throws OutOfMemoryError when the budget does not hold it even after everything dead was given back
 */
export function takeSlot(bytes: number, operation: string): number {
  if (
    youngSlots.length > 0 &&
    (youngSpace - youngUnwritten + bytes > youngPace.bytes ||
      youngSpace + bytes > MOST_YOUNG_SPACE ||
      youngSlots.length >= youngPace.owners)
  )
    sweepYoung();
  if (
    bytesSinceSweep + bytes > Math.max(pace, usage.allocated / 2) ||
    usage.allocated + bytes > usage.limit ||
    handlesSinceSweep > MAX_HANDLES_BETWEEN_SWEEPS
  )
    sweepUnderPressure();
  if (--allocationsUntilClear === 0) {
    allocationsUntilClear = ALLOCATIONS_BETWEEN_CLEARS;
    clearKeptObjects();
  }

  usage.unfinished = true;
  let block = usage.allocated + bytes > usage.limit ? -1 : allocator.allocate(bytes);
  if (block < 0 && bytesSinceSweep > 0 && usage.allocated + bytes <= usage.limit) {
    // Within the budget but no gap is large enough: the dead may be in between.
    sweepUnderPressure();
    block = allocator.allocate(bytes);
  }
  if (block < 0) {
    usage.unfinished = false;
    throw outOfMemory(bytes, operation, { ...usage, reserved: memoryBytes, held: heldByOperation() });
  }
  const slot = spareSlots.pop() ?? handles.length;
  blocks[slot] = block;
  sizes[slot] = bytes;
  counts[slot] = 1;
  isSlab[slot] = false;
  names[slot] = operation;
  return slot;
}

/** A block with as much of the free memory in front of it as can be; none of that is touched. */
function highBlock(bytes: number): Block {
  usage.unfinished = true;
  const step = 2 ** 26;
  let block = -1;
  for (let size = TENSORS_END - SCRATCH_END - bytes - step; size > 0 && block < 0; size -= step) {
    const front = allocator.allocate(size);
    if (front < 0) continue;
    block = allocator.allocate(bytes);
    allocator.free(front);
  }
  usage.unfinished = false;
  return block;
}

/**
 * A slot whose block lies behind most of the free memory. It counts as empty: who gets it enters what is used of it.
 *
 * @throws OutOfMemoryError when there is no room
 */
export function takeHighSlot(bytes: number): number {
  let block = highBlock(bytes);
  if (block < 0) {
    reclaimMemory();
    block = highBlock(bytes);
  }
  if (block < 0)
    throw outOfMemory(bytes, 'compile', { ...usage, reserved: memoryBytes, held: heldByOperation() });
  usage.unfinished = true;
  const slot = spareSlots.pop() ?? handles.length;
  blocks[slot] = block;
  sizes[slot] = 0;
  counts[slot] = 0;
  isSlab[slot] = false;
  names[slot] = 'compile';
  return slot;
}

/** Where the bytes of a slot start. */
export function addressOf(slot: number): number {
  return allocator.address(blocks[slot]);
}

/** Completes `takeSlot`: from now on the slot is freed when this owner is dead. */
export function giveSlot(slot: number, owner: Owner): void {
  const bytes = sizes[slot];
  if (membersCanBeVisited) {
    survived[slot] = 0;
    young.add(owner);
    if (!listed[slot]) {
      youngSlots.push(slot);
      listed[slot] = true;
    }
    handles[slot] = YOUNG;
  } else handles[slot] = new WeakRef(owner);
  usage.allocated += bytes;
  if (usage.allocated > usage.peak) usage.peak = usage.allocated;
  usage.storages++;
  youngSpace += bytes;
  bytesSinceSweep += bytes;
  handlesSinceSweep++;
  usage.unfinished = false;
}

/** Notes that so many bytes of a new storage will be written to later, if at all; `wroteLater` when they have been. */
export function writesLater(bytes: number): void {
  youngUnwritten += bytes;
}

export function wroteLater(bytes: number): void {
  youngUnwritten -= bytes;
}

/** Gives a slot back whose owner is known to be unused. */
export function releaseSlot(slot: number): void {
  usage.unfinished = true;
  const bytes = sizes[slot];
  if (handles[slot] === YOUNG) youngSpace = Math.max(0, youngSpace - bytes);
  freeSlot(slot);
  usage.unfinished = false;
  noPressure(bytes);
}

/** What is given back early is no pressure. Some of it may be older than the last sweep. */
function noPressure(bytes: number): void {
  bytesSinceSweep = Math.max(0, bytesSinceSweep - bytes);
  handlesSinceSweep = Math.max(0, handlesSinceSweep - 1);
}

/** What the tensor memory holds now. */
export function memory(): MemoryStatistics {
  settleBooks();
  const { allocated, peak, limit, storages } = usage;
  return { allocated, peak, limit, reserved: memoryBytes, storages, sweeps, sweepMilliseconds };
}

/** Lets `memory().peak` start again from what is allocated now. */
export function resetPeakMemory(): void {
  settleBooks();
  usage.peak = usage.allocated;
}

/**
 * Sets the budget for all tensors together, in bytes.
 *
 * @throws RangeError when it is not a positive number
 */
export function setMemoryLimit(bytes: number): void {
  if (!(bytes > 0)) throw new RangeError(`setMemoryLimit: expected a positive number of bytes, got ${bytes}`);
  usage.limit = Math.min(bytes, memoryBytes);
}

/** Gives back the memory of every tensor that is no longer reachable, at once (some milliseconds). */
export function reclaimMemory(): void {
  if (usage.unfinished) repair();
  const began = performance.now();
  beforeSweep();
  collectGarbage();
  sweep();
  const ended = performance.now();
  sweeps++;
  sweepMilliseconds += ended - began;
  lastSweepEnd = ended;
}

/** Sweeps, and sets the pace of later sweeps by what this one cost. */
export function sweepUnderPressure(): void {
  const began = performance.now();
  const worked = began - lastSweepEnd;
  reclaimMemory();
  const share = (performance.now() - began) / Math.max(worked, 1e-3);
  if (share > MAX_SWEEP_SHARE) pace = Math.min(pace * 2, MAX_PACE, Math.max(MIN_PACE, usage.limit / 4));
  else if (share < MAX_SWEEP_SHARE / 4) pace = Math.max(pace / 2, MIN_PACE);
}

/** Frees the slots whose owners died young, and sets how often that is done. */
function sweepYoung(): void {
  const began = performance.now();
  const allocated = youngSpace;
  collectYoungGarbage();
  freeYoung();
  const sweeping = performance.now() - began;
  sweepMilliseconds += sweeping;
  youngPace.note({ allocated, grown: grownBytes, sweeping });
}

/** Notes that a young owner is alive. */
export function seen(owner: Owner): void {
  const { slot } = owner;
  if (!visiting || slot < 0 || handles[slot] !== YOUNG) return;
  seenIn[slot] = visit;
  if (++survived[slot] >= YOUNG_SWEEPS) grownUp.push(owner);
}

/** Frees the slots of young owners that the last garbage collection found dead. */
function freeYoung(): void {
  youngSpace = youngUnwritten = grownBytes = 0;
  if (youngSlots.length === 0) return;
  // Nothing is freed where an interrupt cuts the visit off.
  grownUp.length = 0;
  visit++;
  visiting = true;
  visitMembers(young);
  visiting = false;
  usage.unfinished = true;
  for (const owner of grownUp) {
    handles[owner.slot] = new WeakRef(owner);
    young.delete(owner);
    grownBytes += sizes[owner.slot];
  }
  grownUp.length = 0;
  let kept = 0;
  for (const slot of youngSlots) {
    if (handles[slot] === YOUNG) {
      if (seenIn[slot] === visit) {
        youngSlots[kept++] = slot;
        continue;
      }
      const bytes = sizes[slot];
      freeSlot(slot);
      noPressure(bytes);
    }
    listed[slot] = false;
  }
  youngSlots.length = kept;
  usage.visits++;
  usage.unfinished = false;
}

/** Frees the slots whose owners have been collected. */
function sweep(): void {
  freeYoung();
  usage.unfinished = true;
  for (let slot = 0; slot < handles.length; slot++) {
    const handle = handles[slot];
    if (handle !== undefined && handle !== YOUNG && handle.deref() === undefined) freeSlot(slot);
  }
  bytesSinceSweep = 0;
  handlesSinceSweep = 0;
  usage.unfinished = false;
}

function freeSlot(slot: number): void {
  // First of all, so that whatever interrupts the rest, the slot is not freed twice.
  handles[slot] = undefined;
  allocator.free(blocks[slot]);
  usage.allocated -= sizes[slot];
  usage.storages -= counts[slot];
  if (isSlab[slot]) usage.slabs--;
  spareSlots.push(slot);
}

/** An interrupt may cut any operation off. The handles are the truth from which the rest is made again. */
export function repair(): void {
  beforeRepair();
  const live: Block[] = [];
  beforeSweep();
  spareSlots.length = 0;
  usage.allocated = 0;
  usage.storages = usage.slabs = 0;
  for (let slot = 0; slot < handles.length; slot++) {
    if (handles[slot] === undefined) spareSlots.push(slot);
    else {
      live.push(blocks[slot]);
      usage.allocated += sizes[slot];
      usage.storages += counts[slot];
      if (isSlab[slot]) usage.slabs++;
    }
  }
  allocator.rebuild(live);
  visiting = false;
  usage.unfinished = false;
}

function defaultLimit(): number {
  const granted = process.constrainedMemory();
  const machine = os.totalmem();
  const usable = granted > 0 && granted < machine ? granted : machine;
  return Math.min(memoryBytes, Math.floor(usable * 0.8));
}

function heldByOperation(): Held[] {
  settleBooks();
  const byOperation = new Map<string, { name: string; bytes: number; count: number }>();
  for (let slot = 0; slot < handles.length; slot++) {
    if (handles[slot] === undefined) continue;
    const name = names[slot];
    const entry = byOperation.get(name) ?? { name, bytes: 0, count: 0 };
    entry.bytes += sizes[slot];
    entry.count += counts[slot];
    byOperation.set(name, entry);
  }
  return [...byOperation.values()];
}

/**
 * Between cells: an object that nobody holds is collected by the next full garbage collection, and then dead storages
 * have been collected too. One such object watches for all of them, which costs nothing per tensor.
 */
const afterCollection = new FinalizationRegistry<undefined>(() => {
  if (usage.unfinished) repair();
  sweep();
  // What is held for later use only is for the next collection to find.
  beforeSweep();
  watchCollections();
});

function watchCollections(): void {
  afterCollection.register({}, undefined);
}

watchCollections();
