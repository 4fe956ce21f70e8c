/** Text to records of fields, as RFC 4180 describes comma-separated values, piece by piece. */

/** A record and the line on which it begins, from 1. */
export interface CsvRecord {
  readonly fields: readonly string[];
  /** Which of the fields were in quotes: text, whatever it looks like. Null if none was. */
  readonly quoted: readonly boolean[] | null;
  readonly line: number;
}

export interface TokenizerOptions {
  readonly delimiter: string;
  readonly quote: string;
  /** Lines that begin with this are left out. */
  readonly comment: string | null;
}

/** The longest record, in characters: more is a quote that was never closed. */
export const LARGEST_RECORD = 2 ** 24;
const LF = 10;
const CR = 13;

/**
 * Divides text that comes in pieces into records. Lines end with \n, \r\n or \r; a field in quotes may hold delimiters,
 * line ends and doubled quotes; empty lines are no records.
 */
export class CsvTokenizer {
  readonly #where: string;
  readonly #delimiter: number;
  readonly #quote: number;
  readonly #quoteText: string;
  readonly #comment: string | null;
  /** What is left of the pieces so far: an unfinished record. */
  #text = '';
  #line = 1;

  constructor(where: string, { delimiter, quote, comment }: TokenizerOptions) {
    this.#where = where;
    this.#delimiter = delimiter.charCodeAt(0);
    this.#quote = quote.charCodeAt(0);
    this.#quoteText = quote;
    this.#comment = comment;
  }

  /** The records that a further piece completes; with `last` the one that nothing ends as well. */
  *push(piece: string, last: boolean): Generator<CsvRecord, void, undefined> {
    this.#text += piece;
    let at = 0;
    while (at < this.#text.length) {
      const skipped = this.#skipLine(at, last);
      if (skipped > 0) {
        at = skipped;
        continue;
      }
      const read = skipped < 0 ? null : this.#record(at, last);
      if (read === null) break;
      yield { fields: read.fields, quoted: read.quoted, line: this.#line };
      this.#line += read.lines;
      at = read.end;
    }
    this.#text = this.#text.slice(at);
    if (this.#text.length > LARGEST_RECORD) {
      throw new Error(
        `${this.#where}: line ${this.#line}: the record has more than ${LARGEST_RECORD} characters; is a quote not closed?`,
      );
    }
  }

  /** Behind an empty line or a comment that begins at `at`; 0 if there is none, -1 if its end is not here yet. */
  #skipLine(at: number, last: boolean): number {
    const code = this.#text.charCodeAt(at);
    if (code === LF || code === CR) {
      const end = this.#lineEnd(at, last);
      if (end > 0) this.#line++;
      return end;
    }
    if (this.#comment === null || !this.#text.startsWith(this.#comment, at)) return 0;
    let end = at;
    while (end < this.#text.length && !isLineEnd(this.#text.charCodeAt(end))) end++;
    if (end === this.#text.length) return last ? end : -1;
    const next = this.#lineEnd(end, last);
    if (next > 0) this.#line++;
    return next;
  }

  /** Behind the line end at `at`; -1 where a \n may follow in the next piece. */
  #lineEnd(at: number, last: boolean): number {
    if (this.#text.charCodeAt(at) === LF) return at + 1;
    if (at + 1 === this.#text.length) return last ? at + 1 : -1;
    return this.#text.charCodeAt(at + 1) === LF ? at + 2 : at + 1;
  }

  /** The record at `start`; null if its end is not here yet. */
  #record(
    start: number,
    last: boolean,
  ): { fields: string[]; quoted: boolean[] | null; lines: number; end: number } | null {
    const text = this.#text;
    const fields: string[] = [];
    let quoted: boolean[] | null = null;
    let lines = 1;
    for (let at = start; ;) {
      if (text.charCodeAt(at) === this.#quote) {
        const closed = this.#quotedField(at, fields.length + 1, lines, last);
        if (closed === null) return null;
        quoted ??= [];
        quoted[fields.length] = true;
        fields.push(closed.value);
        lines += closed.lines;
        at = closed.end;
      } else {
        const from = at;
        while (at < text.length) {
          const code = text.charCodeAt(at);
          if (code === this.#delimiter || code === LF || code === CR) break;
          at++;
        }
        fields.push(text.slice(from, at));
      }
      if (at === text.length) return last ? { fields, quoted, lines, end: at } : null;
      if (text.charCodeAt(at) !== this.#delimiter) {
        const end = this.#lineEnd(at, last);
        return end < 0 ? null : { fields, quoted, lines, end };
      }
      at++;
      if (at === text.length && !last) return null;
    }
  }

  #quotedField(
    start: number,
    column: number,
    line: number,
    last: boolean,
  ): { value: string; lines: number; end: number } | null {
    const text = this.#text;
    const parts: string[] = [];
    for (let from = start + 1; ;) {
      const end = text.indexOf(this.#quoteText, from);
      if (end < 0) {
        if (!last) return null;
        throw this.#error(line, column, 'the quote that begins here is never closed');
      }
      parts.push(text.slice(from, end));
      const next = text.charCodeAt(end + 1);
      // At the end of the piece it is not known whether this is the first of two quotes.
      if (end + 1 === text.length && !last) return null;
      if (next === this.#quote) {
        parts.push(this.#quoteText);
        from = end + 2;
        continue;
      }
      const value = parts.join('');
      const lines = countLines(value);
      if (end + 1 < text.length && next !== this.#delimiter && !isLineEnd(next)) {
        throw this.#error(
          line + lines,
          column,
          `${JSON.stringify(text[end + 1])} follows the closing quote, where the delimiter or the end of the line is expected`,
        );
      }
      return { value, lines, end: end + 1 };
    }
  }

  #error(line: number, column: number, problem: string): Error {
    return new Error(`${this.#where}: line ${this.#line + line - 1}, column ${column}: ${problem}`);
  }
}

function isLineEnd(code: number): boolean {
  return code === LF || code === CR;
}

/** Line ends within a field. */
function countLines(text: string): number {
  return text.match(/\r\n|\r|\n/g)?.length ?? 0;
}
