/** What the debugger tells of variables: values, their parts, expressions, changes, and the panel of variables. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { valuesOf, type Variable } from './debug-client.js';
import { client, debug, eachWithADebuggerOfItsOwn, useDebuggedKernel } from './debugger-stage.js';
useDebuggedKernel();

describe('protocol 27: variables', () => {
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
    expect(await debug.evaluate('(point.x as number) + half!')).toBe('3.5');
    expect(await debug.evaluate('URL')).toBe("'shadows a global'");
    expect(await debug.evaluate('{ a: 1, URL }')).toBe("{a: 1, URL: 'shadows a global'}");
    expect(await debug.evaluate('weights.shape', 0, 'watch')).toBe('[2, 3]');
    expect(await debug.evaluate('code', 1).catch(String)).toContain('code is not defined');
    expect(await debug.evaluate('point.x', 0, 'hover')).toBe('3');
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
    expect(await debug.evaluate('half')).toBe('0.5');
    const args = { variablesReference, name: 'half', value: '0.25 as number' };
    expect(await debug.ask('setVariable', args)).toMatchObject({ value: '0.25', type: 'number' });
    expect(await debug.evaluate('half * 2')).toBe('0.5');
    const refused = await debug.request('setVariable', {
      variablesReference,
      name: 'half',
      value: 'nowhere',
    });
    expect(refused.message).toBe('ReferenceError: nowhere is not defined');
  });

  test('JupyterLab, which reads variables anew for other frames only, gets frames with other numbers after an expression', async () => {
    const before = await debug.frames();
    await debug.evaluate('half = 0.75');
    expect((await debug.frames())[0].id).toBe(before[0].id);
    await debug.ask('initialize', { clientID: 'jupyterlab' });
    await debug.ask('evaluate', { expression: 'half = 0.5', context: 'repl', frameId });
    const after = await debug.frames();
    await debug.ask('initialize', { clientID: 'test-client' });
    expect(after.map(({ name, line }) => `${name}:${line}`)).toEqual(
      before.map(({ name, line }) => `${name}:${line}`),
    );
    expect(after[0].id).not.toBe(before[0].id);
    expect(valuesOf(await debug.scope(after[0].id, 'Locals'))).toMatchObject({ half: '0.5' });
    expect(valuesOf(await debug.scope(before[0].id, 'Locals'))).toMatchObject({ half: '0.5' });
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

  // A page asks while the program is on its way to the next stop, where nothing that waits would end.
  test('a variable that is asked for just before a stop keeps no other answer', async () => {
    const code = 'const drawn = tensor([[1, 2], [3, 4]]);\nlet turns = 0;\nturns += 1;\nturns';
    await debug.breakAt(code, 3);
    const id = debug.run(code);
    await debug.stopped();
    const asked = ['next', 'richInspectVariables', 'richInspectVariables'].map((command) =>
      debug.request(command, { threadId: 1, variableName: 'drawn' }),
    );
    const [, ...rich] = await Promise.all(asked);
    await debug.stopped();
    expect((await debug.frames())[0].line).toBe(4);
    for (const { success, body } of rich) {
      expect(success).toBe(true);
      expect(body.data).toMatchObject({ 'text/plain': expect.stringContaining('shape=[2, 2]') as unknown });
    }
    await debug.breakAt(code);
    await debug.goOn();
    expect((await client.finish(id)).result).toBe('1');
  });

  test('what draws itself late is drawn while nothing stands still, and keeps no answer while something does', async () => {
    const late = `({ [Symbol.for('Jupyter.display')]: async () => ({ 'text/html': '<b>late</b>' }) })`;
    await client.execute(`const slow = ${late}`);
    const body = await debug.ask('richInspectVariables', { variableName: 'slow' });
    expect(body.data).toMatchObject({ 'text/html': '<b>late</b>' });
    const code = 'let stands = 1;\nstands';
    await debug.breakAt(code, 2);
    const id = debug.run(code);
    const asked = debug.request('richInspectVariables', { variableName: 'slow' });
    await debug.stopped();
    expect((await asked).success).toBe(true);
    expect((await debug.frames())[0].line).toBe(2);
    await debug.breakAt(code);
    await debug.goOn();
    await client.finish(id);
  });
});
