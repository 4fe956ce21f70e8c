/** What a kernel is called with, as places in storages instead of addresses. */
import type { RecordedKernel } from '../kernels/recording.js';
import type { TraceMemory } from './region.js';
import type { Argument, KernelArgument } from './steps.js';

export class Operands {
  /** Words that the next kernel reads, by their address. */
  private readonly tables = new Map<number, Int32Array>();

  constructor(private readonly memory: TraceMemory) {}

  table(address: number, words: Int32Array): void {
    this.tables.set(address, words);
  }

  of(kernel: RecordedKernel, args: readonly number[]): KernelArgument[] {
    return args.map((x, i): KernelArgument => {
      if (kernel.types[i] !== 'i32') return x;
      const words = this.tables.get(x);
      if (words === undefined) return this.place(x);
      this.tables.delete(x);
      return { words: Array.from(words, (word) => this.place(word >>> 0)) };
    });
  }

  private place(x: number): Argument {
    const place = this.memory.place(x);
    if (place !== null) this.memory.touch(place.of);
    return place ?? x;
  }
}
