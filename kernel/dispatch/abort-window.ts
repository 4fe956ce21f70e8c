/**
 * "Run all" sends every cell at once. When the first one fails within a few milliseconds, the others may still be on
 * their way, and must be aborted all the same: the client sent them before it could know of the failure. A cell that
 * it sends *because* of the failure must run. The dates in the headers tell the two apart.
 */
import type { Header } from '../protocol/message.js';

/** How long after a failure such requests may still arrive. */
const ON_THE_WAY_MS = 5000;

/** Clients' dates count milliseconds: two of them may be that far off. */
const RESOLUTION_MS = 1;

export class AbortWindow {
  #failures = new Map<string, { replied: number; clockOffset: number }>();

  /** The cell of `request` failed. `arrived` and `replied` are this machine's times in milliseconds. */
  failed(request: Header, arrived: number, replied: number): void {
    const sent = Date.parse(request.date);
    if (Number.isNaN(sent) || request.session === '') return;
    // At most the difference of the clocks plus the way here, so the estimate below is never too early.
    this.#failures.set(request.session, { replied, clockOffset: arrived - sent });
  }

  /** Whether a request that arrived `now` was sent before the failure was known to its client. */
  covers(request: Header, now: number): boolean {
    const failure = this.#failures.get(request.session);
    if (!failure) return false;
    if (now - failure.replied > ON_THE_WAY_MS) {
      this.#failures.delete(request.session);
      return false;
    }
    return Date.parse(request.date) + failure.clockOffset < failure.replied - RESOLUTION_MS;
  }
}
