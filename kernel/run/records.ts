/** Values that a notebook recorded by name (`record('final loss', loss)`), for those who run it as a script. */
import { RECORD_MIME_TYPE } from '../display/record.js';
import type { Notebook } from './notebook/index.js';

export type RecordedValue = string | number | boolean;

/** Every recorded value; the last of a name wins. */
export function recordedValues(notebook: Notebook): Map<string, RecordedValue> {
  const values = new Map<string, RecordedValue>();
  for (const cell of notebook.cells) {
    if (cell.cell_type !== 'code') continue;
    for (const output of cell.outputs) {
      const record = 'data' in output ? output.data[RECORD_MIME_TYPE] : undefined;
      if (typeof record !== 'object' || record === null || !('name' in record && 'value' in record)) continue;
      const { name, value } = record;
      if (typeof name === 'string' && isRecorded(value)) values.set(name, value);
    }
  }
  return values;
}

const isRecorded = (value: unknown): value is RecordedValue =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
