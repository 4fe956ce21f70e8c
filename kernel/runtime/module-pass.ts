/** One import as it goes through the modules it needs. */
import type { ExecutionId } from './frames.js';
import type { KeyboardInterrupt } from './keyboard-interrupt.js';

export class Pass {
  /** The pass that this one waits for. */
  waitsFor: Pass | undefined;
  aborted: KeyboardInterrupt | undefined;
  readonly #fails = new Set<(error: KeyboardInterrupt) => void>();

  constructor(
    /** `require` cannot wait. */
    readonly isSync: boolean,
    readonly owner: ExecutionId | undefined,
  ) {}

  /** Whether waiting for `other` would never end. */
  isAwaitedBy(other: Pass): boolean {
    for (let pass: Pass | undefined = other; pass; pass = pass.waitsFor) if (pass === this) return true;
    return false;
  }

  abort(error: KeyboardInterrupt): void {
    this.aborted = error;
    for (const fail of this.#fails) fail(error);
    this.#fails.clear();
  }

  /** Settles as the value does, or fails when the pass is aborted. */
  wait<T>(value: T | PromiseLike<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.aborted) {
        reject(this.aborted);
        return;
      }
      this.#fails.add(reject);
      const end = (): void => void this.#fails.delete(reject);
      Promise.resolve(value).then(resolve, reject).finally(end);
    });
  }

  /** An iteration whose waits are waits of this pass. */
  async *each(iterable: AsyncIterable<unknown> | Iterable<unknown>): AsyncGenerator {
    const iterator =
      Symbol.asyncIterator in iterable ? iterable[Symbol.asyncIterator]() : iterable[Symbol.iterator]();
    let isOver = false;
    try {
      for (;;) {
        const result = await this.wait(iterator.next());
        if (result.done === true) break;
        yield await this.wait(result.value);
      }
      isOver = true;
    } finally {
      if (!isOver) await iterator.return?.();
    }
  }
}
