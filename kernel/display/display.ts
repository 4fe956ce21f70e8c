/** Showing values from inside a cell, updating what was shown, and clearing it. */
import { randomUUID } from 'node:crypto';
import { formatValue, type Formatted } from './format.js';
import { displayHost } from './host.js';
import type { MimeMetadata } from './mime.js';

export interface DisplayOptions {
  /** Name of the display, to update it later, also from another cell. One is made up when it is missing. */
  id?: string;
  /** `value` is a MIME bundle itself (`{ 'text/html': '<b>x</b>' }`). */
  raw?: boolean;
  /** Metadata by MIME type, for example `{ 'image/png': { width: 300 } }`. */
  metadata?: MimeMetadata;
}

/** Something that is shown and can be replaced in place. */
export class DisplayHandle {
  constructor(readonly id: string) {}

  /** Replaces what is shown, wherever it is, at once: also from inside a loop that never awaits. */
  update(value: unknown, options: Omit<DisplayOptions, 'id'> = {}): void {
    show(value, { ...options, id: this.id }, true);
  }

  /** As the last expression of a cell a handle shows nothing: what it stands for is shown already. */
  [Symbol.for('Jupyter.display')](): Record<string, never> {
    return {};
  }
}

/**
 * Shows a value in the output of the cell, in the richest form it has.
 * @returns a handle whose `update` replaces what is shown.
 */
export function display(value: unknown, options: DisplayOptions = {}): DisplayHandle {
  const id = options.id ?? randomUUID();
  show(value, { ...options, id }, false);
  return new DisplayHandle(id);
}

/** Replaces what `display(…, { id })` has shown under this id. */
export function updateDisplay(id: string, value: unknown, options: Omit<DisplayOptions, 'id'> = {}): void {
  show(value, { ...options, id }, true);
}

/** Removes the outputs of the cell so far; with `wait` only when the next one is there, which does not flicker. */
export function clearOutput(options: boolean | { wait?: boolean } = {}): void {
  displayHost().clearOutput(typeof options === 'boolean' ? options : (options.wait ?? false));
}

function show(value: unknown, options: DisplayOptions & { id: string }, update: boolean): void {
  const host = displayHost();
  const send = ({ data, metadata }: Formatted): void => {
    if (Object.keys(data).length === 0) return;
    host.send({ data, metadata: { ...metadata, ...options.metadata }, displayId: options.id, update });
  };
  const formatted = formatValue(options.raw === true ? rawBundle(value) : value);
  if (!(formatted instanceof Promise)) {
    send(formatted);
    return;
  }
  // The cell does not end before it is shown.
  const sent = formatted.then(send);
  host.atCellEnd(() => sent);
}

function rawBundle(value: unknown): object {
  if (typeof value !== 'object' || value === null)
    throw new TypeError(
      `display: with { raw: true } the value must be a MIME bundle such as { 'text/html': '…' }, got ${String(value)}`,
    );
  return { [Symbol.for('Jupyter.display')]: () => value };
}
