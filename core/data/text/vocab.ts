/** Tokens and their numbers. */

/** Options of {@link Vocab} and {@link buildVocab}. */
export interface VocabOptions {
  /** The token that stands for all that are not known; without it they are errors. It is one of the tokens. */
  readonly unknown?: string;
}

/** A list of different tokens: the number of a token, its id, is its place in the list. */
export class Vocab {
  readonly tokens: readonly string[];
  readonly unknown: string | null;
  readonly #ids: ReadonlyMap<string, number>;

  /** @throws RangeError for a token that is given twice, or an unknown token that is not among them */
  constructor(tokens: readonly string[], options: VocabOptions = {}) {
    this.tokens = [...tokens];
    this.#ids = new Map(tokens.map((token, id) => [token, id]));
    this.unknown = options.unknown ?? null;
    if (this.#ids.size !== tokens.length) {
      const twice = tokens.find((token, id) => this.#ids.get(token) !== id);
      throw new RangeError(`Vocab: the token ${JSON.stringify(twice)} is given twice`);
    }
    if (this.unknown !== null && !this.#ids.has(this.unknown)) {
      throw new RangeError(
        `Vocab: the unknown token ${JSON.stringify(this.unknown)} is not among the tokens`,
      );
    }
  }

  /** The number of tokens. */
  get size(): number {
    return this.tokens.length;
  }

  has(token: string): boolean {
    return this.#ids.has(token);
  }

  /** The number of a token. @throws RangeError if it is not known and there is no unknown token */
  id(token: string): number {
    const id = this.#ids.get(token) ?? (this.unknown === null ? undefined : this.#ids.get(this.unknown));
    if (id !== undefined) return id;
    throw new RangeError(
      `Vocab: the token ${JSON.stringify(token.slice(0, 100))} is not among the ${this.size}; give { unknown } to have a token for such`,
    );
  }

  /** The token of a number. @throws RangeError if there is none */
  token(id: number): string {
    if (Number.isInteger(id) && id >= 0 && id < this.size) return this.tokens[id];
    throw new RangeError(`Vocab: there is no token ${id}, they count from 0 to ${this.size - 1}`);
  }

  toString(): string {
    const some = this.tokens.slice(0, 8).map((token) => JSON.stringify(token));
    return `Vocab(${this.size} tokens: ${some.join(', ')}${this.size > 8 ? ', …' : ''})`;
  }

  /** What Node's `console.log` prints. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** Options of {@link buildVocab}. */
export interface BuildVocabOptions extends VocabOptions {
  /** Tokens that come first, such as '<pad>', whether they occur or not. */
  readonly specials?: readonly string[];
  /** How often a token must occur (1). */
  readonly minCount?: number;
  /** The most tokens, specials included: the commonest. */
  readonly maxSize?: number;
  /** 'count': the commonest first (as they first occur where equal), 'sorted': by code units. */
  readonly order?: 'count' | 'sorted';
}

/** The vocabulary of the tokens that occur. The unknown token, if there is one, becomes a special if it is none. */
export function buildVocab(tokens: Iterable<string>, options: BuildVocabOptions = {}): Vocab {
  const { specials = [], minCount = 1, maxSize = Infinity, order = 'count', unknown } = options;
  const counts = new Map<string, number>();
  for (const token of tokens) counts.set(token, (counts.get(token) ?? 0) + 1);
  const first = unknown === undefined || specials.includes(unknown) ? specials : [unknown, ...specials];
  for (const token of first) counts.delete(token);
  const found = [...counts]
    .filter(([, count]) => count >= minCount)
    .sort((a, b) => b[1] - a[1])
    .slice(0, Math.max(0, maxSize - first.length))
    .map(([token]) => token);
  if (order === 'sorted') found.sort();
  return new Vocab([...first, ...found], { unknown });
}
