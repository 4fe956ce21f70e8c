/** Parameters: what a cell declares, which values are accepted, and what is injected. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseNotebook } from '../../../kernel/run/notebook/index.js';
import {
  checkParameters,
  declaredParameters,
  injectParameters,
  parametersOf,
  parametersTable,
  readParametersFile,
  splitParameter,
  type GivenParameters,
} from '../../../kernel/run/parameters/index.js';

const SOURCE = `
import { readFileSync } from 'node:fs';
type Optimizer = 'sgd' | 'adam';
interface Data { path: string; rows?: number }
const learningRate: number = 0.1; // step size
let optimizer: Optimizer = 'sgd'; // 'sgd' // or 'adam'
export const layers: number[] = [8, 8];
let name = 'https://example.org';
const mode = 'fast' as 'fast' | 'slow' | 3;
let limit: number | null = null, verbose = false;
const data: Data = { path: 'a.csv' };
let shape: readonly [number, string] = [1, 'x'];
const rates: Record<string, number> = {};
const mixed = [1, 'a'];
const started = Date.now();
let seed: number;
const { a, b } = { a: 1, b: 2 };
function helper() { const inner = 1; return inner; }
`;

const check = async (given: GivenParameters, source = SOURCE) =>
  Object.fromEntries(
    checkParameters(await declaredParameters(source), given).map(({ parameter, value }) => [
      parameter.name,
      value,
    ]),
  );

const fails = (given: GivenParameters, message: string | RegExp) =>
  expect(check(given)).rejects.toMatchObject({
    exitCode: 2,
    message: typeof message === 'string' ? message : (expect.stringMatching(message) as string),
  });

describe('what a cell declares', () => {
  it('are its top-level variables, with types as TypeScript reads them, values and comments', async () => {
    expect(
      parametersTable(await declaredParameters(SOURCE)).map((line) => line.replace(/ {2,}/, '  ')),
    ).toEqual([
      'learningRate: number = 0.1  step size',
      `optimizer: "sgd" | "adam" = "sgd"  'sgd' // or 'adam'`,
      'layers: number[] = [8,8]',
      'name: string = "https://example.org"',
      'mode: "fast" | "slow" | 3 = "fast"',
      'limit: number | null = null',
      'verbose: boolean = false',
      'data: { path: string; rows?: number } = {"path":"a.csv"}',
      'shape: [number, string] = [1,"x"]',
      'rates: Record<string, number> = {}',
      'mixed: (number | string)[] = [1,"a"]',
      'started: unknown = (computed)',
      'seed: number',
    ]);
  });

  it('cannot be read from a cell that is no TypeScript', async () => {
    // The second would take the process along.
    for (const source of ['const = 1', `const x = ${'['.repeat(50_000)}`])
      await expect(declaredParameters(source)).rejects.toMatchObject({
        exitCode: 2,
        message: expect.stringContaining('not valid TypeScript') as string,
      });
  });
});

describe('texts of the command line', () => {
  it.each([
    ['learningRate', '1e-3', 0.001],
    ['learningRate', '-.5', -0.5],
    ['learningRate', 'NaN', NaN],
    ['learningRate', '-Infinity', -Infinity],
    ['optimizer', 'adam', 'adam'],
    ['layers', '[16, 32]', [16, 32]],
    ['name', '5', '5'],
    ['name', 'a=b', 'a=b'],
    ['name', '', ''],
    ['mode', 'slow', 'slow'],
    ['mode', '3', 3],
    ['limit', 'null', null],
    ['limit', '3', 3],
    ['verbose', 'true', true],
    ['data', '{"path": "b", "rows": 2}', { path: 'b', rows: 2 }],
    ['shape', '[2, "y"]', [2, 'y']],
    ['rates', '{"a": 1}', { a: 1 }],
    ['mixed', '["b", 2]', ['b', 2]],
    ['started', '7', 7],
    ['started', 'now', 'now'],
  ])('%s=%s', async (name, text, value) => {
    expect(await check({ texts: { [name]: text } })).toEqual({ [name]: value });
  });

  it.each([
    ['learningRate', 'fast', 'parameter learningRate must be number, not "fast"'],
    ['learningRate', '', 'parameter learningRate must be number, not ""'],
    ['verbose', '1', 'parameter verbose must be boolean, not "1"'],
    ['optimizer', 'Adam', 'parameter optimizer must be "sgd" | "adam", not "Adam"'],
    ['layers', '8', 'parameter layers must be number[], not 8'],
    ['layers', '8,8', 'parameter layers must be number[], not "8,8", in JSON, such as [0.5]'],
    ['layers', '[8, "9"]', 'parameter layers[1] must be number, not "9"'],
    ['shape', '[1]', 'parameter shape must be [number, string], not [1]'],
    [
      'data',
      '{"rows": 1}',
      'parameter data.path is missing: parameter data is { path: string; rows?: number }',
    ],
    ['data', '{"path": "", "row": 1}', /parameter data has no field row/],
    ['rates', '{"a": "b"}', 'parameter rates.a must be number, not "b"'],
    ['mode', 'medium', 'parameter mode must be "fast" | "slow" | 3, not "medium"'],
  ])('%s=%s is refused', (name, text, message) => fails({ texts: { [name]: text } }, message));
});

describe('values that have a type already', () => {
  it('are not converted', async () => {
    expect(await check({ values: { learningRate: 1, name: 'x' } })).toEqual({ learningRate: 1, name: 'x' });
    await fails({ values: { learningRate: '1' } }, 'parameter learningRate must be number, not "1"');
    await fails({ values: { started: () => 1 } }, /must be a value that JSON can hold/);
  });

  it('give way to texts', async () => {
    expect(await check({ values: { learningRate: 1 }, texts: { learningRate: '2' } })).toEqual({
      learningRate: 2,
    });
  });
});

describe('unknown names', () => {
  it.each([
    ['learning_rate', 'the notebook has no parameter learning_rate; did you mean learningRate?'],
    ['optimiser', 'the notebook has no parameter optimiser; did you mean optimizer?'],
    ['sede', 'the notebook has no parameter sede; did you mean seed?'],
    ['batchSize', /^the notebook has no parameter batchSize; there are: learningRate, optimizer, .*seed$/],
    ['inner', /no parameter inner/],
    ['toString', /no parameter toString/],
  ])('%s', (name, message) => fails({ texts: { [name]: '1' } }, message));
});

describe('injecting', () => {
  const cell = (source: string, tags: string[] = []) => ({
    id: `c${source.length}`,
    cell_type: 'code',
    metadata: { tags },
    source,
    outputs: [],
    execution_count: null,
  });
  const notebook = (cells: object[], metadata: object = {}) =>
    parseNotebook(JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata, cells }));

  it('puts the values behind the declarations, typed as declared', async () => {
    const book = notebook([cell('1'), cell(SOURCE, ['parameters']), cell('22')]);
    const texts = { learningRate: '-0', optimizer: 'adam', started: '7', mode: 'slow', name: 'a"\n`' };
    await injectParameters(book, { texts, values: { rates: { a: Infinity, __proto__x: 1 } } });
    expect(book.cells.map(({ metadata }) => metadata.tags)).toEqual([
      [],
      ['parameters'],
      ['injected-parameters'],
      [],
    ]);
    expect(book.cells[2]).toMatchObject({
      cell_type: 'code',
      id: expect.stringMatching(/^[\w-]+$/) as string,
    });
    expect(book.cells[2].source).toBe(
      [
        '// Parameters',
        'const rates: Record<string, number> = { "a": Infinity, "__proto__x": 1 };',
        'const learningRate: number = -0;',
        'let optimizer: "sgd" | "adam" = "adam";',
        'const started = 7;',
        'const mode: "fast" | "slow" | 3 = "slow";',
        String.raw`let name = "a\"\n` + '`";',
      ].join('\n'),
    );
  });

  it('takes the place of what an earlier run injected, as papermill does', async () => {
    const book = notebook([
      cell('let n = 1', ['parameters']),
      cell('let n = 2', ['injected-parameters']),
      cell('n'),
    ]);
    await injectParameters(book, { texts: { n: '3' } });
    expect(book.cells.map(({ source }) => source)).toEqual(['let n = 1', '// Parameters\nlet n = 3;', 'n']);
  });

  it('changes nothing where nothing is given, nor when it fails', async () => {
    const book = notebook([cell('let n = 1', ['parameters'])]);
    await injectParameters(book, {});
    await expect(injectParameters(book, { texts: { m: '1' } })).rejects.toThrow('did you mean n?');
    expect(book.cells).toHaveLength(1);
  });

  it('is refused where no cell declares parameters, and in another language', async () => {
    await expect(injectParameters(notebook([cell('1')]), { texts: { n: '1' } })).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('no cell tagged "parameters"') as string,
    });
    const other = notebook([cell('n = 1', ['parameters'])], { language_info: { name: 'julia' } });
    await expect(parametersOf(other)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('from TypeScript and Python') as string,
    });
  });

  describe('a notebook in Python', () => {
    const source = [
      'import os',
      'steps: int = 1_000  # how many',
      'name = "a # b"',
      'flag = True',
      'rates: list[float] = [0.1]',
      'if flag == 2: inner = 1',
      '    indented = 1',
      'home = os.getcwd()',
    ].join('\n');
    const book = () => notebook([cell(source, ['parameters'])], { language_info: { name: 'python' } });

    it('declares what its cell assigns at the top level', async () => {
      expect(parametersTable(await parametersOf(book())).map((line) => line.replace(/ {2,}/, '  '))).toEqual([
        'steps: number = 1000  how many',
        'name: string = "a # b"',
        'flag: boolean = true',
        'rates: unknown = (computed)',
        'home: unknown = (computed)',
      ]);
    });

    it('gets values as Python writes them, checked where their type is plain', async () => {
      const given = book();
      await injectParameters(given, {
        values: { rates: [1, null, NaN, { a: true, 'b"': -Infinity }] },
        texts: { steps: '5', name: '7', flag: 'false' },
      });
      expect(given.cells[1].source).toBe(
        '# Parameters\nrates = [1, None, float("NaN"), {"a": True, "b\\"": float("-Infinity")}]\nsteps = 5\nname = "7"\nflag = False',
      );
      await expect(injectParameters(book(), { texts: { steps: 'many' } })).rejects.toMatchObject({
        exitCode: 2,
      });
      await expect(injectParameters(book(), { texts: { step: '1' } })).rejects.toMatchObject({
        message: 'the notebook has no parameter step; did you mean steps?',
      });
    });
  });
});

describe('where values come from', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-parameters-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('a JSON file with an object', () => {
    const file = path.join(folder, 'values.json');
    writeFileSync(file, '{"steps": 3, "layers": [1]}');
    expect(readParametersFile(file)).toEqual({ steps: 3, layers: [1] });
    writeFileSync(file, '[1]');
    expect(() => readParametersFile(file)).toThrow(/must be one object/);
    writeFileSync(file, '{');
    expect(() => readParametersFile(file)).toThrow(/values\.json: no parameters could be read/);
    expect(() => readParametersFile(path.join(folder, 'none.json'))).toThrow(/ENOENT/);
  });

  it('a YAML file with an object', () => {
    const file = path.join(folder, 'values.yaml');
    writeFileSync(file, '# comment\nsteps: 3\nlayers: [1, 2]\nname: tanh\nrate: 1e-3\n');
    expect(readParametersFile(file)).toEqual({ steps: 3, layers: [1, 2], name: 'tanh', rate: 0.001 });
    writeFileSync(file, '');
    expect(readParametersFile(file)).toEqual({});
    writeFileSync(file, '- 1\n');
    expect(() => readParametersFile(file)).toThrow('parameters must be one object, as in steps: 100');
    writeFileSync(file, 'a: [1');
    expect(() => readParametersFile(file)).toThrow(/values\.yaml: no parameters could be read: .* line 1/);
  });

  it('name=value', () => {
    expect(splitParameter('a=b=c')).toEqual(['a', 'b=c']);
    expect(() => splitParameter('abc')).toThrow('-p abc: write it as name=value');
    expect(() => splitParameter('=1')).toThrow('name=value');
  });
});
