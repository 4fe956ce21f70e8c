/** What was measured in a training, epoch by epoch. */

/** An epoch's numbers by name: loss, validationLoss, lr, and the metrics. */
export type EpochLogs = Readonly<Record<string, number>>;

/**
 * The epochs of a training: `history.epochs[3].loss`, or `history.get('loss')` for all of them. It is filled while the
 * training runs, so give `fit` one of your own to read it after an interruption too, and to go on from it.
 */
export class FitHistory {
  /** One entry a finished epoch. */
  readonly epochs: EpochLogs[] = [];
  /** Why the training ended before its last epoch; null if it did not. */
  stopped: string | null = null;

  /** The number of finished epochs. */
  get length(): number {
    return this.epochs.length;
  }

  /** A quantity's values, one an epoch; NaN where it was not measured. */
  get(name: string): number[] {
    return this.epochs.map((logs) => (Object.hasOwn(logs, name) ? logs[name] : NaN));
  }

  /** The last epoch's numbers; empty before the first. */
  get last(): EpochLogs {
    return this.epochs.at(-1) ?? {};
  }

  /** A table of the last epochs. */
  toString(): string {
    const names = [...new Set(this.epochs.flatMap((logs) => Object.keys(logs)))];
    const shown = this.epochs.slice(-10);
    const first = this.epochs.length - shown.length;
    const rows = shown.map((logs, i) => [
      String(first + i),
      ...names.map((name) => (Object.hasOwn(logs, name) ? String(Number(logs[name].toPrecision(5))) : '')),
    ]);
    const table = [['epoch', ...names], ...rows];
    const widths = table[0].map((_, j) => Math.max(...table.map((row) => row[j].length)));
    const lines = table.map((row) => row.map((text, j) => text.padStart(widths[j])).join('  '));
    return [
      `FitHistory(${this.epochs.length} epochs)`,
      ...(this.epochs.length > 0 ? lines : []),
      ...(this.stopped === null ? [] : [`stopped: ${this.stopped}`]),
    ].join('\n');
  }

  /** What Node's `console.log` prints. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
