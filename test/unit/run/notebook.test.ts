/** Notebook files: read, refused, and written as nbformat writes them. */
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  checkLanguage,
  formatNotebook,
  parseNotebook,
  readNotebook,
  saveNotebook,
} from '../../../kernel/run/notebook/index.js';

const written = path.join(import.meta.dirname, 'vectors/written-by-nbformat.ipynb');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-notebook-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const notebook = (cells: unknown[], metadata: unknown = {}): string =>
  JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata, cells });

describe('a notebook that nbformat wrote', () => {
  it('is written back byte for byte', () => {
    expect(formatNotebook(readNotebook(written))).toBe(readFileSync(written, 'utf8'));
  });

  it('is read with its texts joined, JSON values left alone', () => {
    const [, code] = readNotebook(written).cells;
    expect(code).toMatchObject({
      source: 'const a = 1\nb\n',
      outputs: [
        { text: 'a\nb' },
        {
          data: {
            'text/plain': 'x\ny',
            'image/svg+xml': '<svg>\n</svg>',
            'application/json': { a: [], z: 1 },
          },
        },
        { execution_count: 3 },
        { ename: 'E', traceback: ['a', 'b\nc'] },
      ],
    });
  });

  it('may be of any minor version of nbformat 4', () => {
    const cell = {
      cell_type: 'code',
      metadata: {},
      source: ['1\n', '2'],
      outputs: [],
      execution_count: null,
    };
    const old = JSON.stringify({ nbformat: 4, nbformat_minor: 0, metadata: {}, cells: [cell] });
    expect(parseNotebook(old).cells[0].source).toBe('1\n2');
  });

  it('may begin with a byte order mark', () => {
    expect(parseNotebook(`\uFEFF${notebook([])}`).cells).toEqual([]);
  });
});

describe('what is not a notebook is refused in one line that says why', () => {
  const code = { cell_type: 'code', metadata: {}, source: '', outputs: [], execution_count: null };
  it.each([
    ['broken JSON', '{"cells": [', /broken JSON/],
    ['JSON of something else', '{"name": "nabla"}', /not a notebook.*nbformat/],
    ['a list', '[]', /not a notebook/],
    ['nbformat 3', '{"nbformat": 3, "worksheets": []}', /nbformat 3 is older.*nbconvert/],
    ['nbformat 5', '{"nbformat": 5}', /nbformat 5 is newer/],
    ['no cells', '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}', /required property 'cells'/],
    ['an unknown cell', notebook([{ ...code, cell_type: 'magic' }]), /cells\.0 .*cell_type/],
    ['a cell without source', notebook([code, { ...code, source: undefined }]), /cells\.1 .*'source'/],
    ['a source that is no text', notebook([{ ...code, source: 3 }]), /cells\.0\.source/],
    ['an unknown output', notebook([{ ...code, outputs: [{ output_type: 'x' }] }]), /cells\.0\.outputs\.0/],
    [
      'an image that is no text',
      notebook([
        { ...code, outputs: [{ output_type: 'display_data', metadata: {}, data: { 'image/png': {} } }] },
      ]),
      /image~1png/,
    ],
  ])('%s', (_, text, reason) => {
    const file = path.join(folder, 'x.ipynb');
    writeFileSync(file, text);
    expect(() => readNotebook(file)).toThrow(
      expect.objectContaining({
        name: 'RunError',
        exitCode: 3,
        message: expect.stringMatching(reason) as string,
      }),
    );
    expect(() => readNotebook(file)).not.toThrow(/\n/);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it('a file that does not exist, a folder', () => {
    expect(() => readNotebook(path.join(folder, 'none.ipynb'))).toThrow(/none\.ipynb: there is no such file/);
    expect(() => readNotebook(folder)).toThrow(/a folder, not a notebook/);
  });

  it('a notebook in another language', () => {
    const python = { kernelspec: { name: 'python3', display_name: 'Python 3', language: 'python' } };
    expect(() => checkLanguage(parseNotebook(notebook([], python)))).toThrow(
      'a notebook in python (kernel "python3"), not in TypeScript',
    );
    const old = { language_info: { name: 'R' } };
    expect(() => checkLanguage(parseNotebook(notebook([], old)))).toThrow('a notebook in R');
    const ours = { kernelspec: { name: 'nabla', display_name: 'Nabla', language: 'typescript' } };
    expect(() => checkLanguage(parseNotebook(notebook([], ours)))).not.toThrow();
    expect(() => checkLanguage(parseNotebook(notebook([])))).not.toThrow();
  });
});

describe('saving', () => {
  it('replaces the file whole and leaves nothing else behind', async () => {
    const file = path.join(folder, 'out.ipynb');
    writeFileSync(file, 'old');
    chmodSync(file, 0o640);
    const before = statSync(file).ino;
    await saveNotebook(parseNotebook(notebook([])), file);
    expect(readNotebook(file).cells).toEqual([]);
    // Another file took its place: whoever had the old one open still reads that.
    expect(statSync(file).ino).not.toBe(before);
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder)).toEqual(['out.ipynb']);
  });

  it('writes behind a symbolic link', async () => {
    const file = path.join(folder, 'real.ipynb');
    const link = path.join(folder, 'link.ipynb');
    writeFileSync(file, 'old');
    symlinkSync(file, link);
    await saveNotebook(parseNotebook(notebook([])), link);
    expect(readNotebook(file).cells).toEqual([]);
    expect(readdirSync(folder).sort()).toEqual(['link.ipynb', 'real.ipynb']);
  });

  it('keeps what was there when it fails, and cleans up', async () => {
    const file = path.join(folder, 'out.ipynb');
    writeFileSync(file, 'old');
    const broken = parseNotebook(notebook([]));
    broken.metadata.cycle = {
      toJSON: () => {
        throw new Error('cannot be written');
      },
    };
    await expect(saveNotebook(broken, file)).rejects.toThrow('cannot be written');
    const nowhere = path.join(folder, 'none', 'out.ipynb');
    await expect(saveNotebook(parseNotebook(notebook([])), nowhere)).rejects.toThrow('ENOENT');
    expect(readFileSync(file, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['out.ipynb']);
  });
});
