/** Values that a notebook reports by name: a runner finds them, a person reads them. */
import { displayHost } from './host.js';

/** The type under which a recorded value travels beside its text: `{ "name": …, "value": … }`. */
export const RECORD_MIME_TYPE = 'application/vnd.nabla.record+json';

/** A value, or something that holds one number (a tensor with one element). */
export type Recordable = number | string | boolean | { item(): number | boolean };

/**
 * Shows `name: value` and records it, so that `nabla run` can print it, compare it and put it in a table:
 * `record('final loss', loss)`. The last value of a name counts. NaN and the infinities are kept as text, because JSON
 * has no numbers for them.
 */
export function record(name: string, value: Recordable): void {
  const plain = typeof value === 'object' ? value.item() : value;
  const kept = typeof plain === 'number' && !Number.isFinite(plain) ? String(plain) : plain;
  displayHost().send({
    data: { 'text/plain': `${name}: ${String(plain)}`, [RECORD_MIME_TYPE]: { name, value: kept } },
    metadata: {},
    update: false,
  });
}
