/** Keeps a cell's outputs below a number of bytes, so that one loop that prints cannot fill a disk. */
import type { MimeBundle } from './notebook/index.js';
import type { OutputEvent } from './outputs.js';

export class OutputLimit {
  #left: number;
  #noted = false;

  constructor(readonly bytes: number) {
    this.#left = bytes;
  }

  /** What to show of an event; errors are always shown whole. */
  apply(event: OutputEvent): OutputEvent[] {
    switch (event.type) {
      case 'error':
        return [event];
      case 'clear':
        // What is cleared takes no room in the notebook.
        this.#left = this.bytes;
        this.#noted = false;
        return [event];
      case 'stream': {
        const size = Buffer.byteLength(event.text);
        if (this.#take(size)) return [event];
        const text = Buffer.from(event.text)
          .subarray(0, Math.max(0, this.#left))
          .toString()
          .replace(/\ufffd+$/, '');
        this.#left = 0;
        return [...(text === '' ? [] : [{ ...event, text }]), ...this.#note()];
      }
      case 'update':
        // A display that changes takes the room of its latest content.
        return sizeOf(event.data) <= this.bytes ? [event] : this.#note();
      case 'display':
      case 'result':
        if (this.#take(sizeOf(event.data))) return [event];
        return this.#note();
    }
  }

  #take(size: number): boolean {
    if (size > this.#left) return false;
    this.#left -= size;
    return true;
  }

  #note(): OutputEvent[] {
    if (this.#noted) return [];
    this.#noted = true;
    const text = `\n(outputs of this cell beyond ${this.bytes} bytes were left out: --max-output-bytes)\n`;
    return [{ type: 'stream', name: 'stderr', text }];
  }
}

const sizeOf = (data: MimeBundle): number =>
  Object.values(data).reduce<number>(
    (sum, value) => sum + Buffer.byteLength(typeof value === 'string' ? value : JSON.stringify(value)),
    0,
  );

const UNITS = new Map([
  ['', 1],
  ['k', 1e3],
  ['m', 1e6],
  ['g', 1e9],
]);

/** `200000`, `200k`, `5M`; undefined when the text is no size. */
export function bytesIn(text: string): number | undefined {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)\s*([kmg]?)b?$/i.exec(text.trim()) ?? [];
  const bytes = Math.floor(Number(number) * (UNITS.get(unit.toLowerCase()) ?? NaN));
  return number !== '' && bytes > 0 ? bytes : undefined;
}
