/** Large notebooks: what is large in them is in a file, and nobody can tell but by the memory. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { formatNotebook, parseNotebook, Shelf } from '../../../kernel/run/notebook/index.js';
import { readLargeNotebook } from '../../../kernel/run/notebook/large.js';
import { NotebookScanner } from '../../../kernel/run/notebook/scanner.js';
import { sliceOf } from '../../../kernel/run/notebook/shelf.js';
import { CellOutputs, type OutputEvent } from '../../../kernel/run/outputs.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-large-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const picture = 'iVBORw0KGgo'.repeat(1000);
const words = 'a "quote", a \\ and \\\\", 𝕏 é\n'.repeat(400);
const code = { cell_type: 'code', metadata: {}, source: ['1\n', '2'], execution_count: null };
const outputs = [
  { output_type: 'stream', name: 'stdout', text: [words, '\\"'] },
  {
    output_type: 'display_data',
    metadata: { a: [{}] },
    data: { 'image/png': picture, 'text/plain': '𝕏' },
  },
  { output_type: 'execute_result', execution_count: 3, metadata: {}, data: { 'text/html': words } },
  {
    output_type: 'display_data',
    metadata: {},
    data: {
      'application/json': { list: Array.from({ length: 2000 }, (_, i) => [i, { [`k${i}`]: '\n' }]) },
    },
  },
  { output_type: 'error', ename: 'E', evalue: '', traceback: ['a', words] },
];
const attachments = { 'p.png': { 'image/png': picture }, 'a/b': { 'text/plain': ['x', words] } };
const cells = [
  {
    ...code,
    outputs,
  },
  { cell_type: 'markdown', metadata: { outputs: [1, 2] }, source: 'outputs', attachments: {} },
  {
    cell_type: 'markdown',
    metadata: { cells: [{ outputs: [3] }] },
    source: '![p](attachment:p.png)',
    attachments,
  },
  { ...code, outputs: [] },
];
const notebook = {
  cells,
  nbformat: 4,
  nbformat_minor: 5,
  metadata: { cells: 'outputs', x: { outputs: [5] } },
};

describe('a notebook that is read piece by piece', () => {
  it.each([undefined, 1, '\t'])('is the one that its text is, indented by %s', (indent) => {
    const file = path.join(folder, 'x.ipynb');
    const text = JSON.stringify(notebook, null, indent);
    writeFileSync(file, `\uFEFF${text}`);
    const [read, whole] = [readLargeNotebook(file, new Shelf(0)), parseNotebook(text)];
    expect(formatNotebook(read)).toBe(formatNotebook(whole));
    expect(read).toEqual(whole);
    expect(JSON.parse(JSON.stringify(read))).toEqual(whole);
  });

  it('has what is large in a file that nobody else sees', () => {
    const file = path.join(folder, 'x.ipynb');
    writeFileSync(file, JSON.stringify(notebook));
    vi.stubEnv('TMPDIR', folder);
    const [cell] = readLargeNotebook(file, new Shelf(0)).cells;
    const [stream, display] = cell.cell_type === 'code' ? cell.outputs : [];
    expect(sliceOf(stream, 'text')).toBeDefined();
    const data = display.output_type === 'display_data' ? display.data : {};
    expect(Object.keys(data).map((type) => sliceOf(data, type) !== undefined)).toEqual([true, false]);
    expect(readdirSync(folder)).toEqual(['x.ipynb']);
    // It can be changed like any other.
    data['image/png'] = 'new';
    expect(data['image/png']).toBe('new');
  });

  it('has sources only, if no more is asked for', () => {
    const file = path.join(folder, 'x.ipynb');
    writeFileSync(file, JSON.stringify(notebook));
    const whole = parseNotebook(JSON.stringify(notebook));
    const read = readLargeNotebook(file, undefined);
    expect(read.cells.map(({ source }) => source)).toEqual(whole.cells.map(({ source }) => source));
    expect(JSON.stringify(read).length).toBeLessThan(1000);
  });

  it('may be cut anywhere', () => {
    const bytes = Buffer.from(JSON.stringify(notebook, null, 1));
    for (const size of [1, 2, 3, 1000, 4097]) {
      const taken: unknown[] = [];
      const scanner = new NotebookScanner((json) => String(taken.push(JSON.parse(json)) - 1));
      for (let at = 0; at < bytes.length; at += size) scanner.push(bytes.subarray(at, at + size));
      expect(JSON.parse(scanner.end())).toMatchObject({
        metadata: notebook.metadata,
        cells: [
          { outputs: [0, 1, 2, 3, 4] },
          { metadata: { outputs: [1, 2] } },
          { metadata: { cells: [{ outputs: [3] }] }, attachments: { 'p.png': 5, 'a/b': 6 } },
          { outputs: [] },
        ],
      });
      expect(taken).toEqual([...outputs, ...Object.values(attachments)]);
    }
  });

  it.each([
    ['broken JSON in an output', '{"cells": [{"outputs": [{"a": }]}]}', /broken JSON/],
    ['an output that is missing', '{"cells": [{"outputs": [{},,{}]}]}', /broken JSON/],
    ['a comma at the end', '{"cells": [{"outputs": [{},]}]}', /broken JSON/],
    ['a text that ends too soon', '{"cells": [{"outputs": [{"a": "', /broken JSON/],
    ['an attachment without a value', '{"cells": [{"attachments": {"a": }}]}', /broken JSON/],
    ['another format', '{"cells": [{"outputs": [1]}], "nbformat": 5}', /nbformat 5 is newer/],
    [
      'a wrong output',
      JSON.stringify({ ...notebook, cells: [cells[3], { ...code, outputs: [{ output_type: 'x' }] }] }),
      /cells\.1\.outputs\.0 .*output_type/,
    ],
    [
      'a picture that is no text',
      JSON.stringify({ ...notebook, cells: [{ ...cells[2], attachments: { p: { 'image/png': {} } } }] }),
      /cells\.0\.attachments\.p\.image~1png/,
    ],
    [
      'outputs that are numbers',
      JSON.stringify({ ...notebook, cells: [{ ...code, outputs: [7] }] }),
      /outputs\.0/,
    ],
  ])('is refused for %s', (_, text, reason) => {
    const file = path.join(folder, 'x.ipynb');
    writeFileSync(file, text);
    expect(() => readLargeNotebook(file, new Shelf())).toThrow(reason);
    expect(() => readLargeNotebook(file, new Shelf())).not.toThrow(/\n|position/);
  });
});

describe('the outputs of a cell that shows much', () => {
  const events: OutputEvent[] = [
    { type: 'stream', name: 'stdout', text: words },
    { type: 'display', data: { 'image/png': picture.repeat(500) }, metadata: {}, displayId: 'd' },
    { type: 'stream', name: 'stdout', text: `${words}gone\r` },
    { type: 'stream', name: 'stdout', text: words },
    { type: 'update', data: { 'image/png': picture.repeat(501) }, metadata: {}, displayId: 'd' },
    { type: 'result', data: { 'text/plain': words }, metadata: {}, count: 1 },
  ];

  it('are the same as in memory, also when some come late', () => {
    const [memory, file] = [new CellOutputs([]), new CellOutputs([], new Shelf(0))];
    for (const one of [memory, file]) {
      for (const event of events) one.apply(event);
      one.settle();
      one.apply({ type: 'stream', name: 'stderr', text: 'late' });
      one.apply({ type: 'update', data: { 'text/plain': words }, metadata: {}, displayId: 'd' });
    }
    expect(sliceOf(file.outputs[0], 'text')).toBeDefined();
    expect(file.outputs).toEqual(memory.outputs);
    const late = { type: 'stream', name: 'stderr', text: '!' } as const;
    for (const one of [memory, file]) one.apply(late);
    expect(file.outputs).toEqual(memory.outputs);
  });
});
