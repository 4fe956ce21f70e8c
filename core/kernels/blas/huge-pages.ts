/** Large pages for the tensor memory, where the system leaves it to programs to ask for them, as Linux usually does. */
import type { Ffi } from './binding.js';

/** MADV_HUGEPAGE of Linux's madvise(2). */
const HUGE_PAGES = 14;

/**
 * Asks for pages of 2 MiB instead of 4 KiB: processors remember where few thousand pages are, and a matrix of 1024 x 1024
 * has a thousand. It is advice only: whoever cannot or will not follow it leaves everything as it is.
 */
export function adviseHugePages(ffi: Ffi, address: number, bytes: number, platform: string): void {
  if (platform !== 'linux') return;
  try {
    ffi.load(null).func('madvise', 'int', ['uint64', 'uint64', 'int'])(address, bytes, HUGE_PAGES);
  } catch {
    // A system without madvise.
  }
}
