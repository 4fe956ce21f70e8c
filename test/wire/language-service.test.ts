/** Completion and inspection by types, through the wire: beside running cells, after the server's death, with hard input. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Client } from './client.js';
import { eventually, isAlive, KernelProcess } from './kernel-process.js';

let kernel: KernelProcess;
let client: Client;
/** Those that a test has started for itself. */
const others: KernelProcess[] = [];

/** However busy the machine is, the types are waited for. */
const env = { NABLA_TYPES_MS: '9000' };

beforeAll(async () => {
  ({ kernel, client } = await KernelProcess.connected({ env }));
  await client.execute('const early = randn([2, 5])');
  await typesAreThere();
});
afterAll(() => Promise.all([kernel, ...others].map((each) => each.dispose())));

async function complete(marked: string) {
  const [before] = marked.split('|');
  const cursor_pos = Array.from(before).length;
  const { content } = await client.ask('complete_request', { code: marked.replace('|', ''), cursor_pos });
  const { _jupyter_types_experimental: types } = content.metadata as Record<string, unknown>;
  return {
    ...content,
    matches: content.matches as string[],
    types: types as { text: string; type: string }[],
  };
}

async function inspect(marked: string, detail_level = 0) {
  const code = marked.replace('|', '');
  const { content } = await client.ask('inspect_request', {
    code,
    cursor_pos: marked.indexOf('|'),
    detail_level,
  });
  const data = content.data as Record<string, string | undefined>;
  return { found: content.found, plain: data['text/plain'] ?? '', markdown: data['text/markdown'] ?? '' };
}

/** What no value can tell: the server has started. */
async function typesAreThere(): Promise<void> {
  let matches: string[] = [];
  for (let turn = 0; turn < 40 && matches.length === 0; turn++)
    ({ matches } = await complete('[1].map((v) => v.toFix|'));
  expect(matches).toEqual(['toFixed']);
}

/** The children of the kernel process that are language servers. */
function servers(): number[] {
  const pids = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(kernel.pid)], { encoding: 'utf8' });
  return pids
    .split('\n')
    .filter((line) => line.includes('--lsp'))
    .map((line) => Number(line.trim().split(' ')[0]));
}

describe('types and values answer together', () => {
  test('a name declared again has its new type, and every match a kind', async () => {
    await client.execute('const shop = { apples: 1, pears: 2 }');
    expect((await complete('shop.|')).matches).toEqual(['apples', 'pears']);
    await client.execute('const shop = "closed"');
    const { matches, types } = await complete('shop.toUpper|');
    expect(matches).toEqual(['toUpperCase']);
    expect(types).toMatchObject([{ text: 'toUpperCase', type: 'method', start: 5, end: 12 }]);
  });

  test('keys of any come from the value', async () => {
    await client.execute('const parsed: any = JSON.parse(`{"alpha": {"beta": 1}}`)');
    expect((await complete('parsed.al|')).matches).toEqual(['alpha']);
    expect((await complete('parsed.alpha.|')).matches).toContain('beta');
    // What every object has comes last.
    expect((await complete('parsed.alpha.|')).matches[0]).toBe('beta');
    await client.execute('parsed["two words"] = 2');
    expect(await complete('parsed["|')).toMatchObject({ matches: ['alpha', 'two words'], cursor_start: 8 });
    expect((await complete("parsed['two|']")).matches).toEqual(['two words']);
  });

  test('cells that ran before the first question have the types of the library', async () => {
    expect((await inspect('ear|ly')).plain).toContain('Tensor<[2, 5]');
  });

  test('in a string files are completed, in a comment and where a name is declared nothing', async () => {
    mkdirSync(path.join(kernel.folder, 'tables/inner'), { recursive: true });
    writeFileSync(path.join(kernel.folder, 'tables/first.csv'), 'a,b');
    expect(await complete("const csv = read('tab|')")).toMatchObject({
      matches: ['tables/'],
      cursor_start: 18,
      types: [{ text: 'tables/', type: 'folder' }],
    });
    expect((await complete('`./tables/|')).matches).toEqual(['first.csv', 'inner/']);
    expect((await complete('// parsed.|')).matches).toEqual([]);
    expect((await complete('"parsed.|')).matches).toEqual([]);
    expect((await complete('const parse|')).matches).toEqual([]);
    expect((await complete('%cd tab|')).matches).toEqual(['tables/']);
    expect((await complete('!cat tables/fi|')).matches).toEqual(['first.csv']);
    expect((await complete('%typecheck st|')).matches).toEqual(['strict']);
    expect((await complete('%timeit -|')).matches).toEqual(['-n', '-r']);
    expect((await complete('%timeit -n 5 -n|')).matches).toEqual(['-n']);
    expect((await complete('%npm install |')).matches).toEqual([]);
    expect((await complete('%time earl|')).matches).toEqual(['early']);
    await client.execute('%cd tables');
    expect((await complete('%load fi|')).matches).toEqual(['first.csv']);
    await client.execute('%cd');
  });

  test('positions are in code points, also where types answer', async () => {
    expect(await complete('"🎉🎉"; [1].fl|')).toMatchObject({
      matches: ['flatMap', 'flat'],
      cursor_start: 10,
      cursor_end: 12,
    });
    expect(await complete('const o: { "🎉"?: "a-b" } = { "🎉": "a|')).toMatchObject({
      matches: ['a-b'],
      cursor_start: 35,
    });
  });

  test('a name that nothing in scope begins with brings its import along', async () => {
    // The first time all modules are read.
    let found = await complete('const one = 1;\nconst text = readFileSyn|');
    for (let turn = 0; turn < 10 && found.matches.length === 0; turn++)
      found = await complete('const one = 1;\nconst text = readFileSyn|');
    const text = "import { readFileSync } from 'node:fs';\nconst text = readFileSync";
    expect(found).toMatchObject({
      // In one line, as a frontend shows it.
      matches: [text.replace('\n', ' ')],
      cursor_start: 15,
      cursor_end: 39,
      types: [{ text, type: 'function', signature: "from 'node:fs'" }],
    });
    expect((await client.execute(`${text}; typeof text`)).result).toBe("'function'");
    await client.execute('const readlinkMine = 1');
    expect((await complete('readlink|')).matches).toEqual(['readlinkMine']);
  });

  test('inspection: declaration, documentation and value, as text and Markdown', async () => {
    await client.execute('/** Counts *sheep*. */\nlet sheep: number = 7');
    const found = await inspect('she|ep + 1');
    expect(found.plain).toContain('let sheep: number');
    expect(found.plain).toContain('Counts *sheep*.');
    expect(found.plain).toContain('7');
    expect(found.markdown).toContain('```typescript\nlet sheep: number\n```');
  });

  test('inspection: more detail shows the source of a function', async () => {
    await client.execute('function shear(count: number) { return count - 1 /* wool */ }');
    expect((await inspect('shear(|)')).plain).toBe('shear(count: number): number');
    expect((await inspect('she|ar')).plain).not.toContain('wool');
    expect((await inspect('she|ar', 1)).plain).toContain('wool');
  });

  test('inspection: a tensor with its shape, dtype and statistics', async () => {
    await client.execute('const weights = tensor([[1, 2, 3], [4, 5, 9]]).t()');
    const { plain } = await inspect('weigh|ts');
    expect(plain).toContain('const weights: Tensor<[3, 2], "float32">');
    expect(plain).toContain('weights: shape [3, 2], float32');
    // numpy.std([1, 2, 3, 4, 5, 9], ddof=1) = 2.8284271247461903
    expect(plain).toContain('mean 4, std 2.828, min 1, max 9');
    expect(plain).toContain('values 1, 4, 2, 5, 3, 9');
  });

  test('inspection: the library, with its formula', async () => {
    const { plain, markdown } = await inspect('nn.Lin|ear');
    expect(plain).toContain('y = x Wᵀ + b');
    expect(markdown).toContain('class Linear');
  });

  test('inspection: every method of a tensor has the documentation of its op, every op its parameters', async () => {
    await client.execute('const logits = zeros([2, 3])');
    for (const marked of ['logits.soft|max', 'logits.softmax(|', 'softmax(|', 'soft|max', 'F.soft|max'])
      expect((await inspect(marked)).plain).toContain('exp(xᵢ) / Σⱼ exp(xⱼ)');
    expect((await inspect('logits.exp|_')).plain).toContain('eˣ');
    // Methods that are no function of that name, twins of such, those with a type of their own, and aliases.
    expect((await inspect('logits.repe|at')).plain).toContain('repeated along each dimension');
    expect((await inspect('logits.si|lu_')).plain).toContain('x σ(x)');
    expect((await inspect('logits.ma|x')).plain).toContain('The largest element');
    expect((await inspect('logits.arctan|2')).plain).toContain('in the right quadrant');
    expect((await inspect('logits.unifor|m_')).plain).toContain('uniform in [from, to)');
    // A key of the same name is none of them.
    await client.execute('const figures = { mean: logits.mean() }');
    expect((await inspect('figures.me|an')).plain).not.toContain('The mean');
    expect((await inspect('soft|max')).plain).toContain('softmax(input: Tensor, dim: number');
    expect((await inspect('logits.add(|')).plain).toContain('input + alpha · other');
  });

  test('inspection: parts of the library, and links that lead to files', async () => {
    expect((await inspect('n|n')).plain).toMatch(/^namespace nn\n\nNetworks: layers/);
    expect((await inspect('Tens|or')).plain).toContain('Numbers of one dtype in n dimensions');
    await client.execute("import { readFileSync } from 'node:fs'");
    const { plain } = await inspect('readFile|Sync');
    expect(plain).toContain('the documentation of the asynchronous version of\nthis API: readFile.');
    expect(plain).not.toContain('file:');
  });

  test('inspection: of a long array its first elements, of a map its entries', async () => {
    await client.execute(
      'const longList = Array.from({ length: 1000 }, (_, at) => at), pairs = new Map([["a", 1]])',
    );
    expect((await inspect('longLi|st')).plain).toMatch(/Array\(1000\) \[0, 1, 2, .*19, …\]$/);
    expect((await inspect('pai|rs')).plain).toMatch(/Map\(1\) \{ a → 1 \}$/);
  });
});

test('types answer while a cell spins', async () => {
  const id = client.send('execute_request', {
    code: 'const spun = { turns: 0 }; for (;;) spun.turns++',
    silent: false,
    store_history: true,
    user_expressions: {},
    allow_stdin: false,
    stop_on_error: false,
  });
  expect((await complete('[1].map((v) => v.toFix|')).matches).toEqual(['toFixed']);
  expect((await complete('spun.|')).matches).toEqual(['turns']);
  await client.ask('interrupt_request', {}, { channel: 'control' });
  await client.finish(id);
});

test('a server that dies is replaced, and knows the cells', async () => {
  await client.execute('const kept = [{ deep: 1 }]');
  const [pid] = servers();
  process.kill(pid, 'SIGKILL');
  await eventually('the end of the server', () => !isAlive(pid) || servers()[0] !== pid);
  let matches: string[] = [];
  for (let turn = 0; turn < 40 && matches.length === 0; turn++)
    ({ matches } = await complete('kept.map((it) => it.de|'));
  expect(matches).toEqual(['deep']);
  expect(servers()).not.toContain(pid);
});

describe('hard input gets an answer', () => {
  /** On a busy machine a megabyte takes a while. */
  const patient = { wait: 30_000 };

  test.each([
    ['half-typed code', 'class A { method( { if (x ||| '],
    ['an open template', '`${ [1].map((v) => { `${v'],
    ['nothing but brackets', '(((([[[[{{{{'],
    ['a type that goes on for ever', 'type T<N> = N extends 0 ? [] : [...T<N>, T<[N]>]; let t: T<1>; t.'],
    ['a megabyte of one name', `"${'a'.repeat(1_000_000)}".`],
    ['a megabyte of one word behind a magic', `!${'a'.repeat(1_000_000)};`],
    ['a megabyte of spaces', `x =${' '.repeat(1_000_000)}.`],
    ['a megabyte of plus signs', `${'x+'.repeat(500_000)}x`],
    ['a megabyte', `${'const row = { value: 1, other: [2, 3] };\n'.repeat(25_000)}row.`],
  ])('%s', async (_, code) => {
    const reply = await client.ask('complete_request', { code, cursor_pos: code.length }, patient);
    expect(reply.content).toMatchObject({ status: 'ok' });
    const inspection = await client.ask(
      'inspect_request',
      { code, cursor_pos: code.length, detail_level: 0 },
      patient,
    );
    expect(inspection.content).toMatchObject({ status: 'ok' });
    const whole = await client.ask('is_complete_request', { code }, patient);
    expect(['complete', 'incomplete', 'invalid']).toContain(whole.content.status);
  });

  test('a package with broken types, and a tsconfig.json whose base is missing', async () => {
    const broken = path.join(kernel.folder, 'node_modules', 'broken-types');
    mkdirSync(broken, { recursive: true });
    writeFileSync(
      path.join(broken, 'package.json'),
      '{"name":"broken-types","version":"1.0.0","types":"a.d.ts"}',
    );
    writeFileSync(path.join(broken, 'a.d.ts'), 'export declare const fine: { here: 1 }; export type = {{{;');
    writeFileSync(
      path.join(kernel.folder, 'tsconfig.json'),
      '{ "extends": "./missing.json", "include": ["src"] }',
    );
    expect((await complete("import { fine } from 'broken-types'; fine.he|")).matches).toEqual(['here']);
  });

  test('the kernel goes on', async () => {
    expect((await client.execute('1 + 1')).result).toBe('2');
    expect(kernel.stderr).not.toContain('internal error');
  });
});

test('type errors are warnings of the cell, when asked for', async () => {
  const { kernel: other, client: asks } = await KernelProcess.connected({
    env: { ...env, NABLA_TYPECHECK: 'warn' },
  });
  others.push(other);
  await asks.execute('const size: number = 3');
  let text = '';
  for (let turn = 0; turn < 40 && text === ''; turn++) {
    const cell = await asks.execute('"x";\nconst wrong: string = size;\nwrong + 1');
    expect(cell.result).toBe('4');
    text = cell.stderr;
  }
  expect(text).toMatch(/Cell \[\d+\]:2:7/);
  expect(text).toContain("TS2322: Type 'number' is not assignable to type 'string'.");
  expect(text).toContain('const wrong: string = size;');
  expect(text).toMatch(/\^\^\^\^\^/);
  const clean = await asks.execute('const size = "redeclared"; const unused = await Promise.resolve(1);');
  expect(clean.stderr).toBe('');
  const shapes = await asks.execute('try { randn([2, 3]).matmul(randn([2, 3])) } catch {}');
  expect(shapes.stderr).toContain('matmul: shapes [2, 3] and [2, 3] do not fit');
  // Types do not know of it, and it is there.
  await asks.execute('(globalThis as Record<string, unknown>).onlyAtRunTime = 4');
  const names = await asks.execute('onlyAtRunTime;\ntry { notEvenThere } catch {}');
  expect(names.stderr).toContain("Cannot find name 'notEvenThere'");
  expect(names.stderr).not.toContain('onlyAtRunTime');
});

test('the server ends with the kernel', async () => {
  const { kernel: other, client: asks } = await KernelProcess.connected({ env });
  others.push(other);
  // Each thread has its own.
  const children = () =>
    readdirSync(`/proc/${other.pid}/task`)
      .map((thread) => readFileSync(`/proc/${other.pid}/task/${thread}/children`, 'utf8').trim())
      .filter((pids) => pids !== '')
      .flatMap((pids) => pids.split(' ').map(Number));
  await asks.ask('complete_request', { code: 'Math.', cursor_pos: 5 });
  const before = children();
  // The process of the cells, and the server.
  expect(before).toHaveLength(2);
  await asks.ask('shutdown_request', { restart: false }, { channel: 'control' });
  await other.ended();
  await eventually('the end of its children', () => before.every((pid) => !isAlive(pid)));
});
