/** A terminal whose last lines are redrawn in place while text goes on above them. */
import { fit } from './text.js';

export interface Terminal {
  write(text: string): unknown;
  readonly columns: number;
  readonly rows: number;
}

export class Screen {
  /** How many lines of the footer stand on the screen now. */
  #drawn = 0;
  /** The beginning of a line of the text whose end has not come yet. */
  #partial = '';

  constructor(
    readonly terminal: Terminal,
    /** The lines to show below the text, as they are now. */
    readonly footer: () => string[],
  ) {}

  /** Adds text above the footer. */
  print(text: string): void {
    const all = this.#partial + text;
    const end = all.lastIndexOf('\n') + 1;
    this.#partial = all.slice(end);
    this.#draw(all.slice(0, end));
  }

  /** Ends the line that is open, if any. */
  endLine(): void {
    if (this.#partial !== '') this.print('\n');
  }

  redraw(): void {
    this.#draw('');
  }

  /** Removes the footer for good. */
  close(): void {
    this.endLine();
    this.terminal.write(this.#erase());
    this.#drawn = 0;
  }

  #draw(text: string): void {
    // A terminal that nobody has told its size says 0.
    const columns = this.terminal.columns || 80;
    const rows = this.terminal.rows || 24;
    // What is taller than the screen could not be erased again.
    const lines = [...(this.#partial === '' ? [] : [lastOverwritten(this.#partial)]), ...this.footer()]
      .slice(-(rows - 1))
      .map((line) => fit(line, columns - 1));
    const erase = this.#erase();
    this.#drawn = lines.length;
    this.terminal.write(erase + text + lines.map((line) => `${line}\n`).join(''));
  }

  #erase(): string {
    return this.#drawn === 0 ? '' : `\x1b[${this.#drawn}A\r\x1b[0J`;
  }
}

/** What a line shows after its carriage returns. */
const lastOverwritten = (line: string): string => line.replace(/\r+$/, '').split('\r').at(-1) ?? '';
