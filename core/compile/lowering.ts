/** What steps and their arguments are to the driver: calls of kernels, tables of words, addresses. */
import { i32, u8 } from '../memory.js';
import type { DriverArgument } from './driver.js';
import { tableBytes } from './loops.js';
import { type Argument, isPlace, isTable, type Step, type Traced } from './steps.js';

/** Whether a step is a kernel, or several: not JavaScript of ops, or of who uses them. */
export function isKernel(step: Step): boolean {
  return step.kind === 'kernel' || step.kind === 'loop' || (step.kind === 'host' && !step.effects);
}

/** Bytes of so many words, in whole lines of the cache. */
export function wordBytes(words: number): number {
  return Math.ceil(words / 16) * 64;
}

/** Bytes of the tables that a step has. */
export function tablesOf(step: Step): number {
  if (step.kind === 'loop') return tableBytes(step.loop);
  if (step.kind !== 'kernel') return 0;
  return step.args.reduce<number>((sum, x) => sum + (isTable(x) ? wordBytes(x.words.length) : 0), 0);
}

/** An address in the arena, or behind one that the driver is given. */
export function lowerArgument(x: Argument, parameters: ReadonlyMap<Traced, number>): DriverArgument {
  if (!isPlace(x)) return x;
  const parameter = parameters.get(x.of);
  return parameter === undefined ? x.of.storage.ptr + x.offset : { parameter, offset: x.offset };
}

/** Whether what JavaScript wrote was written over by kernels in the trace, in whose memory it still is. */
export function isOverwritten({ written, begin, bytes }: Traced): boolean {
  if (written === null) return false;
  const words = new Int32Array(written.buffer, written.byteOffset, bytes >> 2);
  for (let i = 0; i < words.length; i++) if (words[i] !== i32[begin / 4 + i]) return true;
  for (let i = words.length * 4; i < bytes; i++) if (written[i] !== u8[begin + i]) return true;
  return false;
}
