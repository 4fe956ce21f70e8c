/** Reads a large notebook file piece by piece: its outputs and attachments go to a shelf as they come. */
import { closeSync, openSync, readSync } from 'node:fs';
import { Placeholders } from './placeholders.js';
import { NotebookScanner } from './scanner.js';
import { Shelf } from './shelf.js';
import { shelveBundle, shelveOutputs } from './texts.js';
import type { Cell, MimeBundle, Notebook, Output } from './types.js';
import { bundleFrom, notebookFrom, outputFrom } from './validate.js';

const CHUNK = 1_000_000;

/** A value that was taken out: as it is to be in a code cell, or in a text cell; a failure is told when it is asked for. */
interface Taken {
  output(where: string): Output | undefined;
  bundle(where: string): MimeBundle | undefined;
}

/** What nobody wants. */
const NOTHING: Taken = { output: () => undefined, bundle: () => undefined };

/** Without a shelf the outputs are left out. Throws an Error that says what is wrong with the notebook. */
export function readLargeNotebook(file: string, shelf: Shelf | undefined): Notebook {
  const elsewhere = new Placeholders<Taken>();
  const scanner = new NotebookScanner((json, from) => {
    const value = parsed(json);
    return JSON.stringify(
      elsewhere.for(from === 'outputs' ? takenOutput(value, shelf) : takenBundle(value, shelf)),
    );
  });
  const fd = openSync(file, 'r');
  try {
    const chunk = Buffer.allocUnsafe(CHUNK);
    for (;;) {
      const count = readSync(fd, chunk);
      if (count === 0) break;
      scanner.push(chunk.subarray(0, count));
    }
  } finally {
    closeSync(fd);
  }
  return withTaken(parsed(scanner.end().replace(/^\uFEFF/, '')), elsewhere);
}

/** The place that the parser would name is one in a piece, so it is left out. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const said = reason.replace(/,? (?:in JSON )?at position [^]*$/, '').replace(/, "?\.{3}[^]*$/, '');
    throw new Error(`not a notebook: broken JSON (${said})`, { cause: error });
  }
}

function takenOutput(value: unknown, shelf: Shelf | undefined): Taken {
  let output: Output;
  try {
    output = outputFrom(value, '');
    if (shelf === undefined) return NOTHING;
    shelveOutputs(shelf, [output]);
  } catch {
    // It is wrong, and where will be known later.
    return { output: (where) => outputFrom(value, where), bundle: (where) => bundleFrom(value, where) };
  }
  return { output: () => output, bundle: (where) => bundleFrom(output, where) };
}

function takenBundle(value: unknown, shelf: Shelf | undefined): Taken {
  let bundle: MimeBundle;
  try {
    bundle = bundleFrom(value, '');
    if (shelf === undefined) return NOTHING;
    shelveBundle(shelf, bundle);
  } catch {
    return { output: (where) => outputFrom(value, where), bundle: (where) => bundleFrom(value, where) };
  }
  return { output: (where) => outputFrom(bundle, where), bundle: () => bundle };
}

/** The notebook with what was taken out of it. */
function withTaken(json: unknown, elsewhere: Placeholders<Taken>): Notebook {
  const cells = isRecord(json) && Array.isArray(json.cells) ? json.cells.filter(isRecord) : [];
  /** The values of each cell, which without them is a valid cell if it is one with them. */
  const values = cells.map((cell) => {
    const outputs = Array.isArray(cell.outputs) ? cell.outputs.map((one) => elsewhere.valueOf(one)) : [];
    const attachments = Object.entries(isRecord(cell.attachments) ? cell.attachments : {}).map(
      ([name, one]): [string, Taken | undefined] => [name, elsewhere.valueOf(one)],
    );
    if (outputs.length > 0 && outputs.every((one) => one !== undefined)) cell.outputs = [];
    if (attachments.length > 0 && attachments.every(([, one]) => one !== undefined)) cell.attachments = {};
    return { outputs, attachments };
  });
  const notebook = notebookFrom(json);
  for (const [index, cell] of notebook.cells.entries()) putBack(cell, values[index], `/cells/${index}`);
  return notebook;
}

function putBack(
  cell: Cell,
  { outputs, attachments }: { outputs: (Taken | undefined)[]; attachments: [string, Taken | undefined][] },
  where: string,
): void {
  if (cell.cell_type === 'code') {
    for (const [index, one] of outputs.entries()) {
      const output = one?.output(`${where}/outputs/${index}`);
      if (output !== undefined) cell.outputs.push(output);
    }
    return;
  }
  for (const [name, one] of attachments) {
    const bundle = one?.bundle(`${where}/attachments/${name.replaceAll('/', '~1')}`);
    if (bundle !== undefined && cell.attachments !== undefined) cell.attachments[name] = bundle;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
