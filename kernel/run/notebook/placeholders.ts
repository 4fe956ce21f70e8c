/** Stand for values in a JSON text while they are elsewhere. */
import { randomUUID } from 'node:crypto';

export class Placeholders<T> {
  readonly #name = randomUUID();
  readonly #pattern = new RegExp(`"${this.#name}:(\\d+)"`);
  readonly #values: T[] = [];

  /** A string that is nowhere else. */
  for(value: T): string {
    return `${this.#name}:${this.#values.push(value) - 1}`;
  }

  /** The value that a string stands for. */
  valueOf(text: unknown): T | undefined {
    if (typeof text !== 'string' || !text.startsWith(this.#name)) return undefined;
    return this.#values.at(Number(text.slice(this.#name.length + 1)));
  }

  /** A JSON text in pieces, with the values where they belong. */
  split(text: string): (string | { value: T })[] {
    return text.split(this.#pattern).map((piece, index) => {
      const value = index % 2 === 0 ? undefined : this.#values.at(Number(piece));
      return value === undefined ? piece : { value };
    });
  }
}
