/** Byte-pair encoding as GPT-2 does it: every text can be encoded, and is decoded exactly. */
import { alphabet, fromByteCharacters, gpt2Words, toByteCharacters } from './bytes.js';
import type { Tokenizer, TokenizerJSON } from './tokenizer.js';
import { trainMerges } from './train-bpe.js';
import { Vocab } from './vocab.js';

/** Options of {@link BytePairTokenizer.train}. */
export interface TrainBpeOptions {
  /** Tokens in all: 256 bytes, the specials and the merges. */
  readonly vocabSize: number;
  /** Tokens that are not text, such as '<|endoftext|>'; they come first. */
  readonly specials?: readonly string[];
  /** How often a pair must occur to be merged (2). */
  readonly minCount?: number;
}

/** Options of {@link BytePairTokenizer.encode}. */
export interface EncodeOptions {
  /** Whether specials in the text mean themselves; by default they are text like any other. */
  readonly specials?: boolean;
}

/** Encodings of words that are kept. */
const CACHE = 50_000;

/**
 * Text is divided into words (with the space before them), a word into its UTF-8 bytes, and neighbouring tokens are
 * merged in the order of the merges that were learned (Sennrich et al., 2016; Radford et al., 2019).
 */
export class BytePairTokenizer implements Tokenizer {
  readonly specials: readonly string[];
  /** Pairs of tokens 'a b' in the order in which they are merged. */
  readonly merges: readonly string[];
  readonly #ranks = new Map<string, number>();
  readonly #specialPattern: RegExp | null;
  readonly #cache = new Map<string, readonly number[]>();

  /** @throws RangeError for merges whose parts or results are not tokens, and specials that are none */
  constructor(
    readonly vocab: Vocab,
    merges: readonly string[],
    specials: readonly string[] = [],
  ) {
    this.merges = [...merges];
    this.specials = [...specials];
    merges.forEach((merge, i) => {
      const [a, b, ...rest] = merge.split(' ');
      if (!a || !b || rest.length > 0 || ![a, b, a + b].every((token) => vocab.has(token))) {
        throw new RangeError(
          `BytePairTokenizer: merge ${i + 1}, ${JSON.stringify(merge.slice(0, 100))}, is not of two tokens that make a third`,
        );
      }
      // Of a merge that is given twice the first counts.
      if (!this.#ranks.has(merge)) this.#ranks.set(merge, i);
    });
    for (const special of specials) {
      if (special === '' || !vocab.has(special)) {
        throw new RangeError(
          `BytePairTokenizer: the special ${JSON.stringify(special)} is not among the tokens`,
        );
      }
    }
    // The longest first, so that one that begins another does not hide it.
    const sorted = [...specials].sort((a, b) => b.length - a.length);
    this.#specialPattern =
      specials.length === 0
        ? null
        : new RegExp(`(${sorted.map((s) => s.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|')})`);
  }

  /** Learns merges from texts. Equally common pairs are merged in the order of their tokens. */
  static train(texts: string | Iterable<string>, options: TrainBpeOptions): BytePairTokenizer {
    const { vocabSize, specials = [], minCount = 2 } = options;
    const tokens = [...specials, ...alphabet()];
    if (!Number.isInteger(vocabSize) || vocabSize < tokens.length || vocabSize > 2 ** 20) {
      throw new RangeError(
        `BytePairTokenizer: vocabSize must be an integer from ${tokens.length} (256 bytes and the specials) to ${2 ** 20}, got ${vocabSize}`,
      );
    }
    const counts = new Map<string, number>();
    for (const text of typeof texts === 'string' ? [texts] : texts) {
      for (const word of gpt2Words(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
    const ids = new Map(alphabet().map((character, i) => [character, specials.length + i]));
    const words = [...counts].map(
      ([word, count]) => [toByteCharacters(word).map((c) => ids.get(c) ?? 0), count] as const,
    );
    const pairs = trainMerges(words, tokens.length, vocabSize - tokens.length, minCount);
    const merges: string[] = [];
    for (const [a, b] of pairs) {
      merges.push(`${tokens[a]} ${tokens[b]}`);
      tokens.push(tokens[a] + tokens[b]);
    }
    return fromTokens(tokens, merges, specials);
  }

  get size(): number {
    return this.vocab.size;
  }

  encode(text: string, options: EncodeOptions = {}): number[] {
    if (!options.specials || this.#specialPattern === null) return this.#encodeText(text);
    const ids: number[] = [];
    text.split(this.#specialPattern).forEach((part, i) => {
      if (i % 2 === 1) ids.push(this.vocab.id(part));
      else for (const id of this.#encodeText(part)) ids.push(id);
    });
    return ids;
  }

  /** Specials become their names. Bytes that are no UTF-8, where tokens were cut out of a text, become U+FFFD. */
  decode(ids: ArrayLike<number>): string {
    const special = new Set(this.specials);
    let text = '';
    let bytes: number[] = [];
    const flush = (): void => {
      text += new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes));
      bytes = [];
    };
    for (const id of Array.from(ids)) {
      const token = this.vocab.token(id);
      const own = special.has(token) ? undefined : fromByteCharacters(token);
      if (own === undefined) {
        flush();
        text += token;
      } else for (const byte of own) bytes.push(byte);
    }
    flush();
    return text;
  }

  toJSON(): TokenizerJSON {
    return { kind: 'bytePairs', tokens: this.vocab.tokens, merges: this.merges, specials: this.specials };
  }

  toString(): string {
    return `BytePairTokenizer(${this.size} tokens, ${this.merges.length} merges)`;
  }

  /** What Node's `console.log` prints. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  #encodeText(text: string): number[] {
    const ids: number[] = [];
    for (const word of gpt2Words(text)) {
      let own = this.#cache.get(word);
      if (own === undefined) {
        own = this.#merge(toByteCharacters(word)).map((token) => this.vocab.id(token));
        if (this.#cache.size >= CACHE) this.#cache.clear();
        if (word.length <= 64) this.#cache.set(word, own);
      }
      for (const id of own) ids.push(id);
    }
    return ids;
  }

  /** Merges the pair that comes first in the list, wherever it is, until none is left. */
  #merge(tokens: string[]): string[] {
    let parts = tokens;
    while (parts.length > 1) {
      let best = Infinity;
      let [left, right] = ['', ''];
      for (let i = 0; i + 1 < parts.length; i++) {
        const rank = this.#ranks.get(`${parts[i]} ${parts[i + 1]}`);
        if (rank === undefined || rank >= best) continue;
        best = rank;
        [left, right] = [parts[i], parts[i + 1]];
      }
      if (best === Infinity) break;
      const merged: string[] = [];
      for (let i = 0; i < parts.length; i++) {
        if (parts[i] === left && i + 1 < parts.length && parts[i + 1] === right) {
          merged.push(left + right);
          i++;
        } else merged.push(parts[i]);
      }
      parts = merged;
    }
    return parts;
  }
}

/** Outside of the class, because bundlers rename classes that mention themselves. */
function fromTokens(tokens: string[], merges: string[], specials: readonly string[]): BytePairTokenizer {
  return new BytePairTokenizer(new Vocab(distinct(tokens)), merges, specials);
}

/** Two merges may make the same token, which is one token then. */
function distinct(tokens: readonly string[]): string[] {
  return [...new Set(tokens)];
}
