import type { SourcePosition } from './cell.js';

/** Offsets of a text as lines and columns. Lines end with LF or CRLF, as for the compiler. */
export class LineIndex {
  /** Offset of the first character of each line. */
  private readonly starts: number[] = [0];

  constructor(private readonly text: string) {
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.starts.push(at + 1);
  }

  get count(): number {
    return this.starts.length;
  }

  position(offset: number): SourcePosition {
    let low = 0;
    let high = this.starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.starts[middle] <= offset) low = middle + 1;
      else high = middle;
    }
    return { line: low, column: offset - this.starts[low - 1] };
  }

  /** Positions outside the text are moved into it. */
  offset({ line, column }: SourcePosition): number {
    const start = this.starts[Math.min(Math.max(line, 1), this.count) - 1];
    return Math.min(start + column, this.text.length);
  }

  /** The text of a line, without what ends it. */
  line(line: number): string {
    return this.text.slice(this.starts[line - 1], this.starts[line] ?? undefined).replace(/\r?\n$/, '');
  }
}
