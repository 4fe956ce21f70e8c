/** Writes a notebook file the way nbformat does: one space of indent, sorted fields, texts split into lines. */
import { replaceFile } from '../../files/replace-file.js';
import { isJsonType } from './read.js';
import type { Cell, MimeBundle, Notebook, Output } from './types.js';

/** The text of a notebook file. */
export const formatNotebook = (notebook: Notebook): string => [...formatted(notebook)].join('');

/** The text piece by piece, so that a large notebook is never in memory a second time. */
function* formatted(notebook: Notebook): Generator<string> {
  const frame = sorted({ ...notebook, metadata: deepSorted(notebook.metadata), cells: [] });
  const text = JSON.stringify(frame, null, 1);
  // The only key at this depth with this name: one space of indent.
  const cells = text.indexOf('\n "cells": []');
  const start = cells + '\n "cells": ['.length;
  yield text.slice(0, start);
  for (const [index, cell] of notebook.cells.entries())
    yield `${index === 0 ? '' : ','}\n  ${JSON.stringify(fileCell(cell), null, 1).replaceAll('\n', '\n  ')}`;
  yield `${notebook.cells.length === 0 ? '' : '\n '}${text.slice(start)}\n`;
}

/** Writes the notebook, whole or not at all. A cell that changes meanwhile is written as it was or as it is. */
export const saveNotebook = (notebook: Notebook, target: string): Promise<void> =>
  replaceFile(target, formatted({ ...notebook, cells: [...notebook.cells] }));

function fileCell(cell: Cell): object {
  const common = { ...cell, metadata: deepSorted(cell.metadata), source: split(cell.source) };
  if (cell.cell_type !== 'code')
    return sorted(
      cell.attachments === undefined
        ? common
        : {
            ...common,
            attachments: Object.fromEntries(
              Object.entries(cell.attachments).map(([name, bundle]) => [name, splitBundle(bundle)]),
            ),
          },
    );
  return sorted({ ...common, outputs: cell.outputs.map(fileOutput) });
}

function fileOutput(output: Output): object {
  switch (output.output_type) {
    case 'stream':
      return sorted({ ...output, text: split(output.text) });
    case 'display_data':
    case 'execute_result':
      return sorted({ ...output, data: splitBundle(output.data), metadata: deepSorted(output.metadata) });
    case 'error':
      return sorted(output);
  }
}

/** Text types become lists of lines; base64 stays one string, JSON stays as it is. */
function splitBundle(bundle: MimeBundle): object {
  const entries = Object.entries(bundle).map(([type, value]): [string, unknown] => {
    const isText = type.startsWith('text/') || type === 'image/svg+xml' || type === 'application/javascript';
    return [type, isText && !isJsonType(type) && typeof value === 'string' ? split(value) : value];
  });
  return sorted(Object.fromEntries(entries));
}

const split = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

function deepSorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(deepSorted);
  return sorted(Object.fromEntries(Object.entries(value).map(([key, item]) => [key, deepSorted(item)])));
}

function sorted(fields: object): object {
  return Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
