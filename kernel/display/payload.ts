/** What a cell asks of the frontend besides showing outputs: its pager, and the text of the next cell. */
import { formatValue, type Formatted } from './format.js';
import { displayHost } from './host.js';

/**
 * Shows a value in the frontend's pager when the cell has ended: for what is long and not worth keeping in the notebook.
 * In a script it is printed.
 */
export function page(value: unknown): void {
  const host = displayHost();
  const send = ({ data, metadata }: Formatted): void => {
    if (host.payload) host.payload({ source: 'page', data, start: 0 });
    else host.send({ data, metadata, update: false });
  };
  // A text to read, not one to look at as a value.
  const formatted =
    typeof value === 'string' ? { data: { 'text/plain': value }, metadata: {} } : formatValue(value);
  if (!(formatted instanceof Promise)) {
    send(formatted);
    return;
  }
  const sent = formatted.then(send);
  host.atCellEnd(() => sent);
}

/**
 * Puts `text` into a new cell below this one when the cell has ended, or with `replace` in the place of this cell's text.
 * In a script nothing happens.
 */
export function setNextInput(text: string, options: { replace?: boolean } = {}): void {
  if (typeof text !== 'string')
    throw new TypeError(`setNextInput: the text of a cell must be a string, got ${typeof text}`);
  displayHost().payload?.({ source: 'set_next_input', text, replace: options.replace ?? false });
}
