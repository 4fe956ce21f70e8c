/** Writes a notebook file the way nbformat does: one space of indent, sorted fields, texts split into lines. */
import { replaceFile } from '../../files/replace-file.js';
import { Placeholders } from './placeholders.js';
import { sliceOf, type Slice } from './shelf.js';
import { fileValue, splitLines } from './texts.js';
import type { Cell, MimeBundle, Notebook, Output } from './types.js';

/** The text of a notebook file. */
export const formatNotebook = (notebook: Notebook): string =>
  Buffer.concat(
    [...formatted(notebook)].map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece)),
  ).toString();

/** The text piece by piece, so that a large notebook is never in memory a second time. */
function* formatted(notebook: Notebook): Generator<string | Uint8Array> {
  const frame = sorted({ ...notebook, metadata: deepSorted(notebook.metadata), cells: [] });
  const text = JSON.stringify(frame, null, 1);
  // The only key at this depth with this name: one space of indent.
  const cells = text.indexOf('\n "cells": []');
  const start = cells + '\n "cells": ['.length;
  yield text.slice(0, start);
  const elsewhere = new Placeholders<Slice>();
  for (const [index, cell] of notebook.cells.entries()) {
    const json = JSON.stringify(fileCell(cell, elsewhere), null, 1).replaceAll('\n', '\n  ');
    yield `${index === 0 ? '' : ','}\n  `;
    for (const piece of elsewhere.split(json))
      if (typeof piece === 'string') yield piece;
      else yield* piece.value.chunks();
  }
  yield `${notebook.cells.length === 0 ? '' : '\n '}${text.slice(start)}\n`;
}

/** Writes the notebook, whole or not at all. A cell that changes meanwhile is written as it was or as it is. */
export const saveNotebook = (notebook: Notebook, target: string): Promise<void> =>
  replaceFile(target, formatted({ ...notebook, cells: [...notebook.cells] }));

type Elsewhere = Placeholders<Slice>;

function fileCell(cell: Cell, elsewhere: Elsewhere): object {
  const common = { ...cell, metadata: deepSorted(cell.metadata), source: splitLines(cell.source) };
  if (cell.cell_type !== 'code')
    return sorted(
      cell.attachments === undefined
        ? common
        : {
            ...common,
            attachments: Object.fromEntries(
              Object.entries(cell.attachments).map(([name, bundle]) => [name, fileBundle(bundle, elsewhere)]),
            ),
          },
    );
  return sorted({ ...common, outputs: cell.outputs.map((output) => fileOutput(output, elsewhere)) });
}

function fileOutput(output: Output, elsewhere: Elsewhere): object {
  switch (output.output_type) {
    case 'stream':
      return fields(output, elsewhere, (key, value) =>
        key === 'text' ? fileValue('text/plain', value) : value,
      );
    case 'display_data':
    case 'execute_result':
      return sorted({
        ...output,
        data: fileBundle(output.data, elsewhere),
        metadata: deepSorted(output.metadata),
      });
    case 'error':
      return sorted(output);
  }
}

const fileBundle = (bundle: MimeBundle, elsewhere: Elsewhere): object => fields(bundle, elsewhere, fileValue);

/** The fields of an object; of those that are not in memory the places. */
function fields(
  holder: object,
  elsewhere: Elsewhere,
  inFile: (key: string, value: unknown) => unknown,
): object {
  const entries = Object.keys(holder).map((key): [string, unknown] => {
    const slice = sliceOf(holder, key);
    return [key, slice === undefined ? inFile(key, Reflect.get(holder, key)) : elsewhere.for(slice)];
  });
  return sorted(Object.fromEntries(entries));
}

function deepSorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(deepSorted);
  return sorted(Object.fromEntries(Object.entries(value).map(([key, item]) => [key, deepSorted(item)])));
}

function sorted(fields: object): object {
  return Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
