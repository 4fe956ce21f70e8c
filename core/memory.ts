/**
 * The one memory every tensor lives in. It is reserved once at its full size, because growing a WebAssembly.Memory
 * detaches every view of it; the operating system commits a page only when it is first written.
 */

/** Bytes of a WebAssembly page. */
export const PAGE_BYTES = 65536;

/** 4 GiB is all that 32-bit WebAssembly addresses; machines with little address space get less. */
const RESERVATIONS_IN_PAGES = [65536, 49152, 32768, 16384, 8192, 4096, 1024];

export interface Reservation {
  readonly memory: WebAssembly.Memory;
  readonly pages: number;
  /** False where SharedArrayBuffer is missing: then there can be no compute threads. */
  readonly shared: boolean;
}

type CreateMemory = (descriptor: WebAssembly.MemoryDescriptor) => WebAssembly.Memory;

/**
 * Reserves the largest memory the machine grants, shared when it can be.
 *
 * @throws Error when even the smallest reservation is refused.
 */
export function reserve(
  create: CreateMemory = (descriptor) => new WebAssembly.Memory(descriptor),
): Reservation {
  let refusal: unknown;
  for (const shared of [true, false])
    for (const pages of RESERVATIONS_IN_PAGES) {
      try {
        return { memory: create({ initial: pages, maximum: pages, shared }), pages, shared };
      } catch (error) {
        refusal = error;
      }
    }
  throw new Error(
    `tensor memory: this machine refuses to reserve even ${(RESERVATIONS_IN_PAGES.at(-1)! * PAGE_BYTES) / 2 ** 20} MiB of ` +
      'WebAssembly memory; raise the limit on virtual memory (ulimit -v)',
    { cause: refusal },
  );
}

const reservation = reserve();

/** What kernels import as their memory. */
export const wasmMemory = reservation.memory;
export const memoryPages = reservation.pages;
export const memoryBytes = reservation.pages * PAGE_BYTES;
export const memoryIsShared = reservation.shared;

/**
 * The first bytes are no tensor's: nothing is at address 0, so that 0 can mean "no array" to a kernel, and kernels
 * keep packed operands there. Of the last bytes kernels may read, not use, what is past the end of an operand.
 */
export const SCRATCH_BEGIN = 1024;
/** Below that, and below the scratch memory of every other thread, too: for which job the thread has packed B for itself. */
export const PACKED_FOR = 256;
/** Where a kernel leaves an answer that its caller reads at once: 8 bytes. */
export const ANSWER = 488;
/** Whether kernels report their calls, and where they leave their arguments, as float64, for it. */
export const RECORD_FLAG = 504;
export const RECORD_ARGUMENTS = 512;
export const MAX_RECORD_ARGUMENTS = 64;
export const SCRATCH_END = 4 * 2 ** 20;

/** As much at the end of the memory for each thread that helps, up to a thirty-second of the memory in all. */
export const MOST_THREADS = memoryIsShared ? Math.max(1, Math.floor(memoryBytes / 32 / SCRATCH_END)) : 1;
export const TENSORS_END = memoryBytes - PAGE_BYTES - (MOST_THREADS - 1) * SCRATCH_END;

/**
 * In the last page, which is no tensor's either: the state of the default random generator, 625 words, and that of one
 * that draws again what it has drawn.
 */
export const GENERATOR_STATE = memoryBytes - 8192;
export const REPEATING_STATE = memoryBytes - 4096;

/** Where the scratch memory of a helping thread begins; they are numbered from 1. */
export function helperScratch(index: number): number {
  return TENSORS_END + (index - 1) * SCRATCH_END + SCRATCH_BEGIN;
}

/** Views of the whole memory, valid for ever: element i of `f32` is at byte 4 i. */
export const f32 = new Float32Array(wasmMemory.buffer);
export const f64 = new Float64Array(wasmMemory.buffer);
export const i32 = new Int32Array(wasmMemory.buffer);
export const u16 = new Uint16Array(wasmMemory.buffer);
export const u8 = new Uint8Array(wasmMemory.buffer);
