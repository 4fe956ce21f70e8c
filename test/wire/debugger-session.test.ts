/** A debugging session as a person has it: stepping, what variables hold, modules, exceptions, Stop, a crash. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { executeContent, type Client } from './client.js';
import { DebugClient, valuesOf, type Variable } from './debug-client.js';
import { KernelProcess } from './kernel-process.js';

let kernel: KernelProcess;
let client: Client;
let debug: DebugClient;

beforeAll(async () => {
  ({ kernel, client } = await KernelProcess.connected({ node: process.env.NABLA_TEST_NODE }));
  debug = new DebugClient(client);
});
afterAll(() => kernel.dispose());

async function goOn(): Promise<void> {
  await debug.ask('continue', { threadId: 1 });
  await debug.event('continued');
}

async function evaluate(expression: string, frame = 0, context = 'repl'): Promise<string> {
  const { id } = (await debug.frames())[frame];
  return (await debug.ask<{ result: string }>('evaluate', { expression, frameId: id, context })).result;
}

/** What a failed test leaves paused goes on. */
function eachWithADebuggerOfItsOwn(): void {
  beforeEach(() => debug.start());
  afterEach(async () => {
    await debug.ask('disconnect');
    await client.ask('interrupt_request', {}, { channel: 'control' });
  });
}

describe('protocol 27: stepping', () => {
  eachWithADebuggerOfItsOwn();
  const code = `const double = (x: number): number => x * 2;
let sum: number = 0;
for (const value of [1, 2]) {
  sum += double(value);
}
sum`;

  test('over, into and out of calls, line by line of what was written', async () => {
    await debug.breakAt(code, 2);
    const id = debug.run(code);
    await debug.stopped();
    const title = (await debug.frames())[0].name;
    expect(await debug.place()).toBe(`${title}:2`);
    while ((await debug.place()) !== `${title}:4`) await debug.step('next');
    expect(await debug.step('stepIn')).toBe('double:1');
    expect((await debug.frames()).map(({ name }) => name)).toEqual(['double', title]);
    expect(await debug.values('Locals')).toMatchObject({ x: '1' });
    // The statement that called ends with the call, so it is the head of the loop that comes next.
    expect(await debug.step('stepOut')).toMatch(/:[34]$/);
    expect(await debug.values('Locals')).toMatchObject({ sum: '2' });
    await goOn();
    expect((await client.finish(id)).result).toBe('6');
  });

  test('a step over the last line ends the cell', async () => {
    const last = '// the last line is all there is\n"end" + "ed"';
    await debug.breakAt(last, 2);
    const id = debug.run(last);
    await debug.stopped();
    for (;;) {
      await debug.ask('next');
      await debug.event('continued');
      const more = await Promise.race([
        debug.stopped().then(() => true),
        client.finish(id).then(() => false),
      ]);
      if (!more) break;
      expect((await debug.frames())[0].line).toBe(2);
    }
    expect((await client.finish(id)).result).toBe("'ended'");
    expect(await debug.ask('debugInfo')).toMatchObject({ stoppedThreads: [] });
  });

  test('over an await, in a cell and in an async function', async () => {
    const waits = `async function later(x: number) {
  const y = await Promise.resolve(x);
  return y + 1;
}
const first = await later(1);
const second = await later(first);
second`;
    await debug.breakAt(waits, 5);
    const id = debug.run(waits);
    await debug.stopped();
    const title = (await debug.frames())[0].name;
    const steps = [await debug.step('next')];
    while (steps.at(-1) !== `${title}:6`) steps.push(await debug.step('next'));
    expect(await debug.values('Locals')).toMatchObject({ first: '2' });
    expect(await debug.step('stepIn')).toBe('later:2');
    expect(await debug.step('next')).toBe('later:3');
    expect(await debug.values('Locals')).toMatchObject({ x: '2', y: '2' });
    await goOn();
    expect((await client.finish(id)).result).toBe('3');
  });

  test('pause stops a loop that runs, wherever it is', async () => {
    const id = debug.run('let turns = 0;\nconsole.log("in");\nwhile (turns >= 0) {\n  turns++;\n}\nturns');
    await client.output(id, 'stream');
    await debug.ask('pause', { threadId: 1 });
    expect((await debug.stopped()).reason).toBe('pause');
    expect([3, 4]).toContain((await debug.frames())[0].line);
    expect(Number(await evaluate('turns'))).toBeGreaterThan(0);
    await client.ask('interrupt_request', {}, { channel: 'control' });
    expect((await client.finish(id)).reply.ename).toBe('KeyboardInterrupt');
    expect((await client.execute('turns > 0')).result).toBe('true');
  });

  test('lines of a cell with magics are those that were written', async () => {
    const code =
      '%time 1 + 1\nconst before = 2;\n!echo from \\\n  the shell\nconst after = before + 1;\nafter';
    await debug.breakAt(code, 2, 5);
    const id = debug.run(code);
    await debug.stopped();
    expect(await debug.place()).toMatch(/:2$/);
    await debug.ask('continue', { threadId: 1 });
    await debug.stopped();
    expect(await debug.place()).toMatch(/:5$/);
    expect(await evaluate('before')).toBe('2');
    await goOn();
    const { result, stdout } = await client.finish(id);
    expect(result).toBe('3');
    expect(stdout).toContain('from the shell');
  });

  test('over a line that loads a local module with a breakpoint elsewhere', async () => {
    writeFileSync(
      path.join(kernel.folder, 'pair.ts'),
      'export const a: number = 1;\nexport const b = a + 1;\n',
    );
    const code = "const one = 1;\nconst { b } = await import('./pair.ts');\nb + one";
    await debug.breakAt(code, 2);
    const id = debug.run(code);
    await debug.stopped();
    expect(await debug.step('next')).toMatch(/:3$/);
    await goOn();
    expect((await client.finish(id)).result).toBe('3');
  });

  test('a `debugger` statement stops', async () => {
    const id = debug.run('let before = 1;\ndebugger;\nbefore');
    expect((await debug.stopped()).reason).toBe('breakpoint');
    expect((await debug.frames())[0].line).toBe(2);
    await goOn();
    expect((await client.finish(id)).result).toBe('1');
  });
});

describe('protocol 27: breakpoints', () => {
  eachWithADebuggerOfItsOwn();

  test('conditions, hit conditions and log messages', async () => {
    const code = `let seen = 0;
for (let i = 0; i < 10; i++) {
  seen = i;
}
seen`;
    await debug.breakAt(code, { line: 3, condition: 'i === 4' });
    let id = debug.run(code);
    await debug.stopped();
    expect(await debug.values('Locals')).toMatchObject({ i: '4' });
    await goOn();
    await client.finish(id);

    await debug.breakAt(code, { line: 3, hitCondition: '% 8' });
    id = debug.run(code);
    await debug.stopped();
    expect(await debug.values('Locals')).toMatchObject({ i: '7' });
    await goOn();
    await client.finish(id);

    await debug.breakAt(code, { line: 3, condition: 'i > 7', logMessage: 'i is {i}, twice {i * 2}' });
    const { stdout, result } = await client.execute(code);
    expect(stdout).toBe('i is 8, twice 16\ni is 9, twice 18\n');
    expect(result).toBe('9');
    await debug.breakAt(code);
  });

  test('a condition that is none is refused with its text', async () => {
    const { sourcePath: path } = await debug.ask('dumpCell', { code: '1 + 1' });
    const args = { source: { path }, breakpoints: [{ line: 1, condition: 'i ===' }] };
    expect((await debug.request('setBreakpoints', args)).message).toContain("'i ==='");
    const hit = { source: { path }, breakpoints: [{ line: 1, hitCondition: 'often' }] };
    expect((await debug.request('setBreakpoints', hit)).message).toContain("'often'");
    await debug.breakIn(String(path));
  });

  test('one in a function of a cell that has run already; a line without code leads to the next', async () => {
    const code = `function late(x) {
  // nothing here

  return x + 1;
}`;
    await client.execute(code);
    const { sourcePath: path } = await debug.ask('dumpCell', { code });
    expect(await debug.breakIn(String(path), 2)).toMatchObject([{ verified: true, line: 4 }]);
    const id = debug.run('late(41)');
    await debug.stopped();
    expect((await debug.frames()).map(({ name, line }) => `${name}:${line}`)[0]).toBe('late:4');
    await goOn();
    expect((await client.finish(id)).result).toBe('42');
    expect(await debug.breakIn(String(path), 99)).toMatchObject([{ verified: false }]);
    await debug.breakIn(String(path));
    expect((await client.execute('late(1)')).result).toBe('2');
  });

  test('in a local module, before it is loaded and after it was edited', async () => {
    const file = path.join(kernel.folder, 'lib', 'area.ts');
    mkdirSync(path.dirname(file), { recursive: true });
    const text = (factor: string) => `interface Box { w: number; h: number }

export function area({ w, h }: Box): number {
  const product = w * h;
  return product * ${factor};
}
`;
    writeFileSync(file, text('1'));
    await debug.breakIn(file, 4);
    const code = "import { area } from './lib/area.ts';\narea({ w: 2, h: 3 })";
    let id = debug.run(code);
    await debug.stopped();
    const [top, below] = await debug.frames();
    expect(top).toMatchObject({ name: 'area', line: 4, source: { path: file } });
    expect(below).toMatchObject({ line: 2 });
    expect(await debug.values('Locals')).toMatchObject({ w: '2', h: '3' });
    expect(await debug.step('next')).toBe('area:5');
    expect(await debug.values('Locals')).toMatchObject({ product: '6' });
    await goOn();
    expect((await client.finish(id)).result).toBe('6');
    const { modules } = await debug.ask<{ modules: object[] }>('modules');
    expect(modules).toContainEqual(expect.objectContaining({ name: 'area.ts', path: file }));
    expect(await debug.ask('source', { source: { path: file } })).toMatchObject({ content: text('1') });

    writeFileSync(file, text('10'));
    id = debug.run(code);
    await debug.stopped();
    expect(await debug.place()).toBe('area:4');
    await debug.breakIn(file);
    await goOn();
    expect((await client.finish(id)).result).toBe('60');
  });
});

describe('variables', () => {
  let id: string;
  let frameId: number;
  const code = `class Point {
  #secret = 7;
  constructor(public x: number, public y: number) {}
  get length(): number { throw new Error('a getter was called'); }
}
const URL = 'shadows a global';
function look() {
  const point = new Point(3, 4);
  const long = Array.from({ length: 1000 }, (_, index) => index * 2);
  const bytes = new Float64Array(250_000);
  const map = new Map<unknown, unknown>([['key', { deep: [1, 2] }], [point, null]]);
  const set = new Set(['a', 'b']);
  const trap = new Proxy({}, { ownKeys() { throw new Error('a trap was called'); }, get() { throw new Error('a trap was called'); } });
  const lazy = { get costly() { throw new Error('a getter was called'); }, plain: 1n };
  const weights = tensor([[1, 2, 3], [4, 5, 6]]);
  const error = new RangeError('too far');
  const text = 'it\\'s', flag = true, nothing = null, missing = undefined, half = 0.5;
  const call = (a: number, b = 2) => a + b;
  return [point, long, bytes, map, set, trap, lazy, weights, error, text, flag, nothing, missing, half, call].length;
}
look()`;

  beforeAll(async () => {
    await debug.start();
    await debug.breakAt(code, 19);
    id = debug.run(code);
    await debug.stopped();
    frameId = (await debug.frames())[0].id;
  });
  afterAll(async () => {
    await debug.ask('disconnect');
    expect((await client.finish(id)).result).toBe('15');
  });

  async function local(name: string): Promise<Variable> {
    const found = (await debug.scope(frameId, 'Locals')).find((each) => each.name === name);
    if (!found) throw new Error(`there is no ${name}`);
    return found;
  }
  const inside = async (name: string) => debug.variables((await local(name)).variablesReference);

  test('read in one line each, with their types', async () => {
    const locals = await debug.scope(frameId, 'Locals');
    expect(valuesOf(locals)).toMatchObject({
      point: 'Point {#secret: 7, x: 3, y: 4}',
      map: "Map(2) {'key' => {…}, Point => null}",
      set: "Set(2) {'a', 'b'}",
      lazy: '{costly: (…), plain: 1n}',
      weights: 'Tensor shape [2, 3], float32 · mean 3.5, std 1.871, min 1, max 6 · values 1, 2, 3, 4, 5, 6',
      error: 'RangeError: too far',
      text: '"it\'s"',
      flag: 'true',
      nothing: 'null',
      missing: 'undefined',
      half: '0.5',
      call: '(a, b = 2) => …',
    });
    const types = Object.fromEntries(locals.map(({ name, type }) => [name, type]));
    expect(types).toMatchObject({
      point: 'Point',
      long: 'Array(1000)',
      map: 'Map(2)',
      weights: 'Tensor [2, 3] float32',
      text: 'string',
      half: 'number',
    });
  });

  test('hold their members; getters and traps are not called', async () => {
    expect(valuesOf(await inside('point'))).toMatchObject({ x: '3', y: '4', '#secret': '7' });
    expect(valuesOf(await inside('lazy'))).toMatchObject({ costly: '(…)', plain: '1n' });
    expect(valuesOf(await inside('trap'))).toHaveProperty('[[Target]]');
    expect(valuesOf(await inside('set'))).toMatchObject({ 0: "'a'", 1: "'b'" });
    const entries = await inside('map');
    expect(valuesOf(entries)).toMatchObject({ "'key'": '{deep: Array(2)}' });
    const [deep] = await debug.variables(entries[0].variablesReference);
    expect(deep).toMatchObject({ name: 'deep', value: '[1, 2]' });
    expect(valuesOf(await inside('weights'))).toMatchObject({ shape: '[2, 3]', dtype: 'float32' });
  });

  test('long ones come in parts', async () => {
    const long = await local('long');
    expect(long.indexedVariables).toBe(1000);
    const ranges = await debug.variables(long.variablesReference);
    expect(ranges.map(({ name }) => name).slice(0, 2)).toEqual(['[0 … 99]', '[100 … 199]']);
    expect(ranges).toHaveLength(10);
    const second = await debug.variables(ranges[1].variablesReference);
    expect(second[0]).toMatchObject({ name: '100', value: '200', evaluateName: 'long[100]' });
    expect(second).toHaveLength(100);
    const page = { filter: 'indexed', start: 998, count: 10 };
    expect(valuesOf(await debug.variables(long.variablesReference, page))).toEqual({
      998: '1996',
      999: '1998',
    });
    const parts = await inside('bytes');
    expect(parts.length).toBeLessThanOrEqual(100);
    const [finer] = await debug.variables(parts[1].variablesReference);
    expect(finer.name).toBe('[10000 … 10099]');
  });

  test('a tensor is drawn as the result of a cell would be', async () => {
    const { data } = await debug.ask<{ data: Record<string, string> }>('richInspectVariables', {
      variableName: 'weights',
      frameId,
    });
    expect(Object.keys(data)).toContain('text/html');
    expect(await debug.ask('richInspectVariables', { variableName: '[0 … 99]', frameId })).toEqual({
      data: {},
      metadata: {},
    });
  });

  test('expressions are TypeScript, see the locals, and fail with their error', async () => {
    expect(await evaluate('(point.x as number) + half!')).toBe('3.5');
    expect(await evaluate('URL')).toBe("'shadows a global'");
    expect(await evaluate('{ a: 1, URL }')).toBe("{a: 1, URL: 'shadows a global'}");
    expect(await evaluate('weights.shape', 0, 'watch')).toBe('[2, 3]');
    expect(await evaluate('code', 1).catch(String)).toContain('code is not defined');
    expect(await evaluate('point.x', 0, 'hover')).toBe('3');
    const changes = { expression: 'point.x = 5', frameId, context: 'hover' };
    expect((await debug.request('evaluate', changes)).success).toBe(false);
    const wrong = await debug.request('evaluate', { expression: 'a +', frameId, context: 'repl' });
    expect(wrong).toMatchObject({ success: false });
    const endless = await debug.request('evaluate', { expression: 'point.', frameId });
    expect(endless.success).toBe(false);
  });

  test('can be set', async () => {
    const [top] = await debug.frames();
    const { scopes } = await debug.ask<{ scopes: { variablesReference: number }[] }>('scopes', {
      frameId: top.id,
    });
    const { variablesReference } = scopes[0];
    expect(await evaluate('half')).toBe('0.5');
    const args = { variablesReference, name: 'half', value: '0.25 as number' };
    expect(await debug.ask('setVariable', args)).toMatchObject({ value: '0.25', type: 'number' });
    expect(await evaluate('half * 2')).toBe('0.5');
    const refused = await debug.request('setVariable', {
      variablesReference,
      name: 'half',
      value: 'nowhere',
    });
    expect(refused.message).toBe('ReferenceError: nowhere is not defined');
  });

  test('JupyterLab gets the names of types by which it shows values', async () => {
    await debug.ask('initialize', { clientID: 'jupyterlab' });
    const types = Object.fromEntries(
      (await debug.scope(frameId, 'Locals')).map(({ name, type }) => [name, type]),
    );
    expect(types).toMatchObject({
      text: 'str',
      flag: 'bool',
      half: 'float',
      point: 'Point',
      nothing: undefined,
    });
    await debug.ask('initialize', { clientID: 'test-client' });
  });
});

describe('the variable panel', () => {
  eachWithADebuggerOfItsOwn();

  test('lists what cells have declared, and nothing of the library, also while a cell runs', async () => {
    await client.execute(
      'const own = [1, 2], tensorLike = zeros(2, 2); function helper() {}; import path from "node:path"',
    );
    const names = async () =>
      (await debug.ask<{ variables: Variable[] }>('inspectVariables')).variables.map(({ name }) => name);
    expect(await names()).toEqual(expect.arrayContaining(['own', 'tensorLike', 'helper', 'path']));
    for (const other of ['tensor', 'nn', 'In', 'Out', '_', 'process', 'globalThis'])
      expect(await names()).not.toContain(other);
    const id = debug.run('console.log("in"); for (;;) {}');
    await client.output(id, 'stream');
    expect(await names()).toContain('own');
    await client.ask('interrupt_request', {}, { channel: 'control' });
    await client.finish(id);
  });
});

describe('exceptions', () => {
  eachWithADebuggerOfItsOwn();

  const code = `function risky(x: number): number {
  if (x > 1) throw new RangeError('x is ' + x);
  return x;
}
try { risky(2); } catch { /* expected */ }
risky(3)`;

  test('all of them, or those that nothing catches', async () => {
    await debug.ask('setExceptionBreakpoints', { filters: ['all'] });
    let id = debug.run(code);
    expect(await debug.stopped()).toMatchObject({ reason: 'exception', text: 'RangeError: x is 2' });
    expect(await debug.place()).toBe('risky:2');
    expect(await debug.ask('exceptionInfo')).toMatchObject({
      exceptionId: 'RangeError',
      breakMode: 'always',
    });
    await debug.step('continue');
    expect(await debug.ask('exceptionInfo')).toMatchObject({
      description: 'RangeError: x is 3',
      breakMode: 'unhandled',
    });
    await goOn();
    expect((await client.finish(id)).reply).toMatchObject({ status: 'error', ename: 'RangeError' });

    await debug.ask('setExceptionBreakpoints', { filters: ['uncaught'] });
    id = debug.run(code);
    expect(await debug.stopped()).toMatchObject({ reason: 'exception', text: 'RangeError: x is 3' });
    expect(await debug.values('Locals')).toMatchObject({ x: '3' });
    await goOn();
    expect((await client.finish(id)).reply.status).toBe('error');

    await debug.ask('setExceptionBreakpoints', { filters: [] });
    expect((await client.execute(code)).reply.status).toBe('error');
  });

  test("one that the library throws is shown at the person's line; one that is awaited only once", async () => {
    await debug.ask('setExceptionBreakpoints', { filters: ['uncaught'] });
    let id = debug.run('const a = zeros(2, 3);\na.matmul(zeros(4, 5))');
    await debug.stopped();
    expect((await debug.frames())[0].line).toBe(2);
    await goOn();
    expect((await client.finish(id)).reply.status).toBe('error');

    id = debug.run('async function fails() {\n  await null;\n  throw new Error("late");\n}\nawait fails()');
    await debug.stopped();
    expect(await debug.place()).toBe('fails:3');
    await goOn();
    expect((await client.finish(id)).reply).toMatchObject({ status: 'error', evalue: 'late' });
  });
});

describe('Stop, crashes and other frontends', () => {
  eachWithADebuggerOfItsOwn();

  test.each([
    ['a cell', 'let n = 1;\nn = 2;\nn'],
    ['a cell with locals', 'let sum = 0;\nfor (let i = 0; i < 5; i++) sum += i;\nsum'],
    ['a cell after an await', 'await null;\nlet m = 2;\nm'],
  ])('Stop ends %s that stands at a breakpoint', async (_, code) => {
    await debug.breakAt(code, 2);
    const id = debug.run(code);
    await debug.stopped();
    await client.ask('interrupt_request', {}, { channel: 'control' });
    await debug.event('continued');
    expect((await client.finish(id)).reply).toMatchObject({ status: 'error', ename: 'KeyboardInterrupt' });
    await debug.breakAt(code);
    expect((await client.execute(code)).reply.status).toBe('ok');
  });

  test('Stop keeps the values that the cell had', async () => {
    const code = 'let total = 0;\nfor (let i = 0; i < 5; i++) {\n  total += 10;\n}\ntotal';
    await debug.breakAt(code, { line: 3, condition: 'i === 2' });
    const id = debug.run(code);
    await debug.stopped();
    await client.ask('interrupt_request', {}, { channel: 'control' });
    expect((await client.finish(id)).reply.ename).toBe('KeyboardInterrupt');
    await debug.breakAt(code);
    expect((await client.execute('total')).result).toBe('20');
  });

  test('completion and a second frontend work while the first stands still', async () => {
    const code = 'const shown = { alpha: 1, beta: 2 };\nconst after = 1;\nafter';
    await debug.breakAt(code, 2);
    const id = debug.run(code);
    await debug.stopped();
    const { content } = await client.ask('complete_request', { code: 'shown.al', cursor_pos: 8 });
    expect(content.matches).toContain('alpha');
    const other = new DebugClient(kernel.client());
    await other.client.ready();
    expect(await other.ask('debugInfo')).toMatchObject({ isStarted: true, stoppedThreads: [1] });
    expect(await other.values('Locals')).toMatchObject({ shown: '{alpha: 1, beta: 2}' });
    await other.ask('continue', { threadId: 1 });
    await debug.event('continued');
    expect((await client.finish(id)).result).toBe('1');
    await debug.breakAt(code);
  });

  test('breakpoints outlive the process that runs cells', async () => {
    const code = 'const again = 1;\nagain + 1';
    await debug.breakAt(code, 2);
    const dying = await client.execute('process.kill(process.pid, "SIGKILL")');
    expect(dying.reply.status).toBe('error');
    const id = debug.run(code);
    await debug.stopped();
    expect((await debug.frames())[0].line).toBe(2);
    const killed = client.send('execute_request', executeContent('1'));
    await debug
      .ask('evaluate', {
        expression: 'process.kill(process.pid, "SIGKILL")',
        frameId: (await debug.frames())[0].id,
      })
      .catch(() => undefined);
    expect((await client.finish(id)).reply.status).toBe('error');
    await client.finish(killed);
    expect(await debug.ask('debugInfo')).toMatchObject({ isStarted: true, stoppedThreads: [] });
    await debug.breakAt(code);
  });

  test('after disconnect nothing stops, and a cell is as it was', async () => {
    const code = 'const free = 3;\nfree';
    await debug.breakAt(code, 2);
    await debug.ask('disconnect');
    expect((await client.execute(code)).result).toBe('3');
    expect((await client.execute('debugger; 4')).result).toBe('4');
    expect(await debug.ask('debugInfo')).toMatchObject({ isStarted: false, breakpoints: [] });
    await debug.start();
  });
});
