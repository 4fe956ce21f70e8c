/** CSV files; values as pandas 3.1.1 reads them, where a comment says so. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { data, tensor } from '../../../core/index.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-csv-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string): string => path.join(folder, name);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const read = (text: string, options?: data.CsvOptions): data.Table => data.readCsv(bytes(text), options);
const values = (table: data.Table, name: string): unknown[] => [...table.column(name).values];

const PEOPLE = `name,age,score,ok,city
"Doe, Jane",31,1.5e3,true,"New
York"
O'Neil,,-.5,False,NA
"say ""hi""",7,inf,TRUE,Ulm
`;

describe('readCsv', () => {
  it('reads quotes, numbers, booleans and missing values as pandas does', () => {
    // pandas.read_csv(...).to_dict('list') and .dtypes
    const table = read(PEOPLE);
    expect(table.columns.map((name) => table.column(name).type)).toEqual([
      'string',
      'number',
      'number',
      'boolean',
      'string',
    ]);
    expect(values(table, 'name')).toEqual(['Doe, Jane', "O'Neil", 'say "hi"']);
    expect(values(table, 'age')).toEqual([31, NaN, 7]);
    expect(values(table, 'score')).toEqual([1500, -0.5, Infinity]);
    expect(table.row(1)).toEqual({ name: "O'Neil", age: NaN, score: -0.5, ok: false, city: null });
    expect(values(table, 'city')).toEqual(['New\nYork', null, 'Ulm']);
    expect(table.notes).toEqual([
      'column "age": 1 of 3 values is missing (NaN)',
      'column "city": 1 of 3 values is missing (null)',
    ]);
    expect(inspect(table)).toContain('Table(3 rows: name string, age number');
  });

  it.each([
    ['\n', 'a,b\n1,2\n\n3,4'],
    ['\r\n and a byte order mark', '\ufeffa,b\r\n1,2\r\n3,4\r\n'],
    ['\r', 'a,b\r1,2\r\r3,4\r'],
  ])('reads lines that end with %j', (_, text) => {
    expect(read(text).tensor().toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it('takes delimiters, quotes, decimal marks, comments, names and types as told', () => {
    const table = read("preamble\n#x\n1,5;'a;b';007\n#y\n2,5;c;8\n", {
      delimiter: ';',
      quote: "'",
      decimal: ',',
      comment: '#',
      skipLines: 1,
      header: ['x', 'text', 'id'],
      types: { id: 'string' },
      columns: ['id', 'x', 'text'],
    });
    expect(table.columns).toEqual(['id', 'x', 'text']);
    expect([values(table, 'id'), values(table, 'x'), values(table, 'text')]).toEqual([
      ['007', '8'],
      [1.5, 2.5],
      ['a;b', 'c'],
    ]);
    writeFileSync(file('tabs.tsv'), 'a\tb\n1\t2,5\n');
    expect(values(data.readCsv(file('tabs.tsv')), 'b')).toEqual(['2,5']);
    expect(read('1,2\n3,4', { header: false }).columns).toEqual(['column0', 'column1']);
  });

  it('finds out the types from all values, not from the first ones', () => {
    const head = Array.from({ length: 3000 }, (_, i) => `${i},,${i % 2 === 0}`).join('\n');
    const table = read(`a,b,c\n${head}\nx,5,maybe\n`);
    expect(table.columns.map((name) => table.column(name).type)).toEqual(['string', 'number', 'string']);
    expect(table.column('a').values[2999]).toBe('2999');
    expect(table.column('b')).toMatchObject({ missing: 3000 });
    expect(table.column('b').values[3000]).toBe(5);
    // An integer that a number would change stays text; a column without values is NaN.
    expect(values(read('id,none\n9007199254740993,\n'), 'id')).toEqual(['9007199254740993']);
    expect(values(read('id,none\n1,\n'), 'none')).toEqual([NaN]);
    // In quotes, only nothing means that there is nothing.
    expect(values(read('a\n"NA"\n""\nNA\n'), 'a')).toEqual(['NA', null, null]);
    expect([read('').length, read('a,b\n').columns]).toEqual([0, ['a', 'b']]);
  });

  it.each<[string, string, data.CsvOptions, RegExp]>([
    ['a missing field', 'a,b\n1,2\n3\n', {}, /line 3: has 1 field, and there are 2 columns/],
    ['a field too many', 'a,b\n"x\ny",2\n3,4,5\n', {}, /line 4: has 3 fields/],
    ['a quote that is not closed', 'a,b\n1,"2\n3,4\n', {}, /line 2, column 2: the quote .* never closed/],
    ['text behind a quote', 'a,b\n"x\ny"z,1\n', {}, /line 3, column 1: "z" follows the closing quote/],
    [
      'text among numbers',
      'a,b\n1,2\n3,four\n',
      { types: { b: 'number' } },
      /line 3, column 2 \("b"\): "four" is not a number/,
    ],
    ['a name given twice', 'a,b,a\n1,2,3\n', {}, /columns 1 and 3 are both called "a"/],
    ['a column that there is not', 'a,b\n1,2\n', { columns: ['c'] }, /no column "c"; there are "a", "b"/],
    ['a long delimiter', 'a', { delimiter: '||' }, /must be one character/],
    ['a delimiter that is the decimal mark', 'a', { decimal: ',' }, /decimal mark too/],
  ])('says where there is %s', (_, text, options, message) => {
    expect(() => read(text, options)).toThrow(message);
  });

  it('refuses bytes that are no text', () => {
    expect(() => data.readCsv(Uint8Array.from([97, 10, 0xff, 0xfe]))).toThrow(/csv .*not UTF-8/);
  });
});

describe('csvChunks', () => {
  it('gives what readCsv gives, in pieces', () => {
    const rows = Array.from({ length: 25_000 }, (_, i) => `${i},"line\n${i}, and a ""quote""",${i / 7}`);
    writeFileSync(file('large.csv'), `i,text,x\n${rows.join('\r\n')}`);
    const whole = data.readCsv(file('large.csv'));
    const pieces = [...data.csvChunks(file('large.csv'), { rows: 9999 })];
    expect(pieces.map(({ length }) => length)).toEqual([9999, 9999, 5002]);
    for (const name of whole.columns) {
      expect(pieces.flatMap((piece) => values(piece, name))).toEqual(values(whole, name));
    }
    expect(values(whole, 'text')[24_999]).toBe('line\n24999, and a "quote"');
  });

  it('cannot change its mind, and says what to do', () => {
    const text = bytes('a\n1\n2\nx\n');
    expect(() => [...data.csvChunks(text, { rows: 2 })]).toThrow(
      /line 4, column 1 \("a"\).*types: \{ "a": 'string' \}/,
    );
    expect([...data.csvChunks(text, { rows: 2, types: { a: 'string' } })].map((t) => values(t, 'a'))).toEqual(
      [['1', '2'], ['x']],
    );
    expect(Array.from(data.csvChunks(bytes('a,b\n')), ({ columns, length }) => [columns, length])).toEqual([
      [['a', 'b'], 0],
    ]);
  });

  it('reads no further than it is asked to', () => {
    const broken = bytes(`a,b\n1,2\n${'3,4\n'.repeat(10)}5\n`);
    for (const table of data.csvChunks(broken, { rows: 1 })) {
      expect(table.row(0)).toEqual({ a: 1, b: 2 });
      break;
    }
  });
});

describe('a table', () => {
  const table = read('kind,size,big,n\ncat,1,false,10\ndog,2,true,9\ncat,,false,10\n');

  it('becomes tensors, classes and data sets', () => {
    expect(table.tensor('size').toArray()).toEqual([[1], [2], [NaN]]);
    expect(table.tensor(['n', 'big'], { dtype: 'float64' }).toArray()).toEqual([
      [10, 0],
      [9, 1],
      [10, 0],
    ]);
    const { codes, classes } = table.encode('kind');
    expect([codes.dtype, codes.toArray(), classes]).toEqual(['int64', [0, 1, 0], ['cat', 'dog']]);
    expect(table.encode('kind', ['dog', 'cat']).codes.toArray()).toEqual([1, 0, 1]);
    expect(table.encode('n').classes).toEqual(['9', '10']);
    expect(table.oneHot('kind').toArray()).toEqual([
      [1, 0],
      [0, 1],
      [1, 0],
    ]);
    const [x, y] = table.dropMissing().dataset({ target: 'big' }).tensors;
    expect([x.toArray(), y.toArray()]).toEqual([
      [
        [1, 0, 1, 10],
        [0, 1, 2, 9],
      ],
      [0, 1],
    ]);
    expect(table.dataset({ target: 'n', features: ['big'] }).tensors[1].shape).toEqual([3, 1]);
  });

  it('says what does not fit', () => {
    expect(() => table.tensor('kind')).toThrow(/holds text; use encode\("kind"\)/);
    expect(() => table.tensor('kin')).toThrow(/no column "kin"; there are "kind", "size"/);
    expect(() => table.encode('kind', ['dog'])).toThrow(
      /row 0 .* is "cat", which is not among the 1 classes/,
    );
    expect(() => table.encode('size')).toThrow(/row 2 .* is missing/);
    expect(() => table.dataset({ target: 'size' })).toThrow(/1 values of the target "size" are missing/);
    expect(() => table.row(3)).toThrow(/no row 3 among 3/);
  });
});

describe('writeCsv', () => {
  it('writes what readCsv gives back', () => {
    data.writeCsv(file('people.csv'), read(PEOPLE));
    const again = data.readCsv(file('people.csv'));
    expect(again.toString()).toBe(read(PEOPLE).toString());
    data.writeCsv(file('columns.csv'), { x: tensor([0.5, NaN]), 'a,b': ['', ' "q"'], ok: [true, false] });
    expect(readFileSync(file('columns.csv'), 'utf8')).toBe('x,"a,b",ok\n0.5,,true\n," ""q""",false\n');
    data.writeCsv(file('one.csv'), { x: [1, null, 2] });
    expect(values(data.readCsv(file('one.csv')), 'x')).toEqual([1, NaN, 2]);
    expect(() => data.writeCsv(file('x.csv'), { a: [1], b: [1, 2] })).toThrow(/"b" has 2 values, "a" has 1/);
    expect(() => data.writeCsv(file('x.csv'), { a: tensor([[1, 2]]) })).toThrow(/\[1, 2\]/);
  });
});
