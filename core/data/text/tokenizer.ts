/** Text to numbers and back. */
import { buildVocab, type BuildVocabOptions, Vocab } from './vocab.js';

/** Text to numbers and back. */
export interface Tokenizer {
  /** The number of tokens: of rows of an embedding. */
  readonly size: number;
  encode(text: string): number[];
  decode(ids: ArrayLike<number>): string;
  /** Everything that `tokenizerFromJSON` needs. */
  toJSON(): TokenizerJSON;
}

/** A tokenizer as plain data. */
export interface TokenizerJSON {
  readonly kind: 'characters' | 'words' | 'bytePairs';
  readonly tokens: readonly string[];
  readonly unknown?: string;
  readonly pattern?: string;
  readonly flags?: string;
  readonly lowercase?: boolean;
  readonly joiner?: string;
  readonly merges?: readonly string[];
  readonly specials?: readonly string[];
}

/** The unknown token of a vocabulary as JSON has it. */
function unknownOf({ unknown }: Vocab): { unknown?: string } {
  return unknown === null ? {} : { unknown };
}

/**
 * A token for each character (Unicode code point). What was encoded without unknown characters is decoded exactly.
 * @example const t = data.text.CharTokenizer.train(corpus); t.decode(t.encode('hello')) === 'hello'
 */
export class CharTokenizer implements Tokenizer {
  constructor(readonly vocab: Vocab) {}

  /** The characters of a text, in order of their code units. */
  static train(text: string, options: BuildVocabOptions = {}): CharTokenizer {
    return new this(buildVocab(text, { order: 'sorted', ...options }));
  }

  get size(): number {
    return this.vocab.size;
  }

  /** @throws RangeError for a character that is not known, if there is no unknown token */
  encode(text: string): number[] {
    return Array.from(text, (character) => this.vocab.id(character));
  }

  decode(ids: ArrayLike<number>): string {
    return Array.from(ids, (id) => this.vocab.token(id)).join('');
  }

  toJSON(): TokenizerJSON {
    return { kind: 'characters', tokens: this.vocab.tokens, ...unknownOf(this.vocab) };
  }

  toString(): string {
    return `CharTokenizer(${this.size} characters)`;
  }

  /** What Node's `console.log` prints. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** Options of {@link WordTokenizer}. */
export interface WordOptions {
  /** What a token is. By default words, runs of spaces, and single other characters, so that nothing is lost. */
  readonly pattern?: RegExp;
  /** Turn the text to lower case first (off). */
  readonly lowercase?: boolean;
  /** What is put between tokens when decoding (nothing; ' ' for a pattern that leaves the spaces out, such as /\S+/g). */
  readonly joiner?: string;
}

/** Made when it is needed: V8 takes longer for classes of characters than for most modules. */
const words = (): RegExp => /\s+|[\p{L}\p{M}\p{N}_]+|[^\s\p{L}\p{M}\p{N}_]/gu;

/**
 * A token for each word, number, run of spaces and other character, or what a pattern of one's own matches. With the
 * default pattern what was encoded without unknown words is decoded exactly.
 */
export class WordTokenizer implements Tokenizer {
  readonly #pattern: RegExp;
  readonly #lowercase: boolean;
  readonly #joiner: string;

  constructor(
    readonly vocab: Vocab,
    options: WordOptions = {},
  ) {
    const { pattern = words(), lowercase = false, joiner = '' } = options;
    this.#pattern = new RegExp(
      pattern.source,
      pattern.flags.includes('g') ? pattern.flags : `${pattern.flags}g`,
    );
    this.#lowercase = lowercase;
    this.#joiner = joiner;
  }

  /** The words of a text, the commonest first. */
  static train(text: string, options: WordOptions & BuildVocabOptions = {}): WordTokenizer {
    const split = new this(new Vocab([]), options);
    return new this(buildVocab(split.split(text), options), options);
  }

  get size(): number {
    return this.vocab.size;
  }

  /** The tokens of a text, known or not. */
  split(text: string): string[] {
    return (this.#lowercase ? text.toLowerCase() : text).match(this.#pattern) ?? [];
  }

  /** @throws RangeError for a word that is not known, if there is no unknown token */
  encode(text: string): number[] {
    return this.split(text).map((word) => this.vocab.id(word));
  }

  decode(ids: ArrayLike<number>): string {
    return Array.from(ids, (id) => this.vocab.token(id)).join(this.#joiner);
  }

  toJSON(): TokenizerJSON {
    return {
      kind: 'words',
      tokens: this.vocab.tokens,
      ...unknownOf(this.vocab),
      pattern: this.#pattern.source,
      flags: this.#pattern.flags,
      lowercase: this.#lowercase,
      joiner: this.#joiner,
    };
  }

  toString(): string {
    return `WordTokenizer(${this.size} words)`;
  }

  /** What Node's `console.log` prints. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
