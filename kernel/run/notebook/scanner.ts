/**
 * Takes a notebook's JSON apart while it is read: outputs and attachments, which make a notebook large, come one by
 * one, and the rest, in which something stands for each of them, at the end. Looks only for where values begin and
 * end; whether all of it is JSON is seen when the pieces are parsed.
 */
import { StringDecoder } from 'node:string_decoder';

const [QUOTE, BACKSLASH, COLON, COMMA] = Buffer.from('"\\:,');
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = Buffer.from('[]{}');

/** Depths: 1 in the notebook, 2 in its cells, 3 in a cell, 4 in its outputs or attachments. */
const [NOTEBOOK, CELL, TAKEN] = [1, 3, 4];

/** No key that matters is longer. */
const KEY_LENGTH = 20;

export class NotebookScanner {
  #depth = 0;
  #inString = false;
  /** The string ended so far with an odd number of backslashes. */
  #escaped = false;
  /** The latest string of the notebook or a cell itself. */
  #key = '';
  #inCells = false;
  /** What opened the outputs or attachments that this is in. */
  #taking: number | undefined;
  #inValue = false;
  #decoder = new StringDecoder('utf8');
  #value = '';
  readonly #rest: string[] = [];

  /** `take` is given the text of each value and returns the text to stand for it. */
  constructor(readonly take: (json: string, from: 'outputs' | 'attachments') => string) {}

  push(chunk: Buffer): void {
    let start = 0;
    /** What comes before `end` goes where it belongs. */
    const cut = (end: number): void => {
      const text = this.#decoder.write(chunk.subarray(start, end));
      start = end;
      if (this.#inValue) this.#value += text;
      else if (text !== '') this.#rest.push(text);
    };
    for (let at = 0; at < chunk.length; at++) {
      if (this.#inString) {
        at = this.#throughString(chunk, at);
        continue;
      }
      const byte = chunk[at];
      switch (byte) {
        case QUOTE:
          this.#inString = true;
          if (this.#seesKeys) this.#key = '';
          break;
        case OPEN_LIST:
        case OPEN_OBJECT:
          this.#depth++;
          this.#open(byte);
          if (byte === OPEN_LIST && this.#taking !== undefined && this.#depth === TAKEN) {
            cut(at + 1);
            this.#inValue = true;
          }
          break;
        case COLON:
          if (this.#taking !== OPEN_OBJECT || this.#depth !== TAKEN || this.#inValue) break;
          cut(at + 1);
          this.#inValue = true;
          break;
        case COMMA:
          if (this.#depth !== TAKEN || !this.#inValue) break;
          cut(at);
          this.#took();
          if (this.#taking === OPEN_OBJECT) break;
          cut(at + 1);
          this.#inValue = true;
          break;
        case CLOSE_LIST:
        case CLOSE_OBJECT:
          if (this.#depth === TAKEN && this.#taking !== undefined) {
            if (this.#inValue) {
              cut(at);
              this.#took();
            }
            this.#taking = undefined;
          }
          if (this.#depth === NOTEBOOK + 1) this.#inCells = false;
          this.#depth--;
      }
    }
    cut(chunk.length);
  }

  /** The rest of the text. */
  end(): string {
    this.#rest.push(this.#value + this.#decoder.end());
    return this.#rest.join('');
  }

  get #seesKeys(): boolean {
    return this.#depth === NOTEBOOK || (this.#depth === CELL && this.#inCells);
  }

  #open(byte: number): void {
    if (this.#depth === NOTEBOOK + 1) this.#inCells = byte === OPEN_LIST && this.#key === 'cells';
    const taken = byte === OPEN_LIST ? 'outputs' : 'attachments';
    if (this.#depth === TAKEN && this.#inCells && this.#key === taken) this.#taking = byte;
  }

  #took(): void {
    this.#rest.push(
      this.#value.trim() === ''
        ? this.#value
        : this.take(this.#value, this.#taking === OPEN_LIST ? 'outputs' : 'attachments'),
    );
    this.#value = '';
    this.#inValue = false;
  }

  /** The place of the quote that ends the string that goes on at `start`, or the end of the chunk. */
  #throughString(chunk: Buffer, start: number): number {
    for (let from = start; ;) {
      const quote = chunk.indexOf(QUOTE, from);
      const end = quote < 0 ? chunk.length : quote;
      let slashes = end;
      while (slashes > from && chunk[slashes - 1] === BACKSLASH) slashes--;
      // They may have begun in the chunk before.
      const isOdd = (end - slashes + (slashes === from && this.#escaped ? 1 : 0)) % 2 === 1;
      this.#escaped = quote < 0 && isOdd;
      if (quote >= 0 && isOdd) {
        from = quote + 1;
        continue;
      }
      if (this.#seesKeys && this.#key.length <= KEY_LENGTH)
        this.#key += chunk.toString('latin1', start, Math.min(end, start + KEY_LENGTH + 1));
      if (quote >= 0) this.#inString = false;
      return end;
    }
  }
}
