/**
 * What the server has said of late. While a word is typed each letter is the same question (`asked.ts`), and the answer holds as long
 * as the cells, the files and the server are what they were.
 */

/** What an answer depends on besides the question. */
export interface Basis {
  /** The server; another one may be asked again. */
  readonly server: object;
  /** Of the program of the cells. */
  readonly revision: number;
}

/** Of hundreds of entries each. */
const MOST = 4;

export class KeptAnswers<T> {
  #basis: Basis | null = null;
  readonly #answers = new Map<string, T>();

  get(basis: Basis, code: string, offset: number): T | undefined {
    return this.#isSame(basis) ? this.#answers.get(key(code, offset)) : undefined;
  }

  keep(basis: Basis, code: string, offset: number, answer: T): void {
    if (!this.#isSame(basis)) this.clear();
    this.#basis = basis;
    this.#answers.set(key(code, offset), answer);
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= MOST) break;
      this.#answers.delete(oldest);
    }
  }

  /** A file has changed. */
  clear(): void {
    this.#answers.clear();
    this.#basis = null;
  }

  #isSame({ server, revision }: Basis): boolean {
    return this.#basis?.server === server && this.#basis.revision === revision;
  }
}

function key(code: string, offset: number): string {
  return `${offset} ${code}`;
}
