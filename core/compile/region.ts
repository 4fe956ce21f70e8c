/** The memory of a step that is being traced: every storage has its own place, so that an address says which it is. */
import { u8, i32 } from '../memory.js';
import { Region, Storage } from '../storage.js';
import type { Place, Traced } from './steps.js';

const MIB = 2 ** 20;
const SIZES = [512 * MIB, 128 * MIB, 32 * MIB];
/** Addresses from here on are no sizes and no distances. */
const HIGH = 128 * MIB;
/** Bytes between storages, so that an address just behind one is not that of the next. */
const GAP = 64;
/** What a new storage is filled with: NaN as float32 and as float64, and a large odd integer. */
const PATTERN = 0xff;
const PATTERN_WORD = -1;

export class TraceMemory {
  private region: Region | null;
  private next: number;
  storages: readonly Traced[] = [];
  private readonly list: Traced[] = [];
  private readonly byStorage = new Map<Storage, Traced>();

  constructor() {
    this.region = reserve();
    this.next = this.region?.begin ?? 0;
    this.storages = this.list;
  }

  /** Whether there is room for a trace at all. */
  get usable(): boolean {
    return this.region !== null;
  }

  get used(): number {
    return this.region === null ? 0 : this.next - this.region.begin;
  }

  /** A new storage; null where there is no room for it. */
  allocate(bytes: number, input = -1, number = false): Traced | null {
    const { region } = this;
    const size = Math.ceil(bytes / 64) * 64 + GAP;
    if (region === null || this.next + size > region.end) return null;
    const begin = this.next;
    this.next += size;
    u8.fill(PATTERN, begin, begin + size);
    const storage = Storage.within(region, begin, bytes);
    const traced: Traced = {
      storage,
      index: this.storages.length,
      begin,
      bytes,
      input,
      number,
      touched: false,
      written: null,
    };
    this.list.push(traced);
    this.byStorage.set(storage, traced);
    return traced;
  }

  of(storage: Storage): Traced | undefined {
    return this.byStorage.get(storage);
  }

  /** What a number says as an address. */
  place(address: number): Place | null {
    const { region, storages } = this;
    if (region === null || address < region.begin || address >= this.next) return null;
    let low = 0;
    let high = storages.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (storages[middle].begin <= address) low = middle;
      else high = middle - 1;
    }
    const of = storages[low];
    const offset = address - of.begin;
    return offset <= of.bytes ? { of, offset } : null;
  }

  /** Before the first kernel has an address: whether JavaScript wrote there. */
  touch(traced: Traced): void {
    if (traced.touched) return;
    traced.touched = true;
    if (traced.input >= 0) return;
    const { begin, bytes } = traced;
    const words = begin / 4 + (bytes >> 2);
    let written = false;
    for (let i = begin / 4; i < words && !written; i++) written = i32[i] !== PATTERN_WORD;
    for (let i = words * 4; i < begin + bytes && !written; i++) written = u8[i] !== PATTERN;
    if (written) traced.written = u8.slice(begin, begin + bytes);
  }

  /** Enters what was used into the books: the region lives on while a tensor in it does. */
  close(): void {
    this.region?.settle(this.used);
  }

  /** Lets go of it; tensors that somebody kept hold it themselves. */
  forget(): void {
    this.region = null;
    this.storages = [];
    this.byStorage.clear();
  }
}

function reserve(): Region | null {
  for (const size of SIZES) {
    try {
      const region = new Region(size);
      if (region.begin >= HIGH) return region;
    } catch {
      // Smaller ones may fit.
    }
  }
  return null;
}
