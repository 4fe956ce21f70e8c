/** The debugger by line: steps, pause, breakpoints in cells and local modules, conditions. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { client, debug, eachWithADebuggerOfItsOwn, kernel, useDebuggedKernel } from './debugger-stage.js';
useDebuggedKernel();

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
    await debug.goOn();
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
    await debug.goOn();
    expect((await client.finish(id)).result).toBe('3');
  });

  test('pause stops a loop that runs, wherever it is', async () => {
    const id = debug.run('let turns = 0;\nconsole.log("in");\nwhile (turns >= 0) {\n  turns++;\n}\nturns');
    await client.output(id, 'stream');
    await debug.ask('pause', { threadId: 1 });
    expect((await debug.stopped()).reason).toBe('pause');
    expect([3, 4]).toContain((await debug.frames())[0].line);
    expect(Number(await debug.evaluate('turns'))).toBeGreaterThan(0);
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
    expect(await debug.evaluate('before')).toBe('2');
    await debug.goOn();
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
    await debug.goOn();
    expect((await client.finish(id)).result).toBe('3');
  });

  test('a `debugger` statement stops', async () => {
    const id = debug.run('let before = 1;\ndebugger;\nbefore');
    expect((await debug.stopped()).reason).toBe('breakpoint');
    expect((await debug.frames())[0].line).toBe(2);
    await debug.goOn();
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
    await debug.goOn();
    await client.finish(id);

    await debug.breakAt(code, { line: 3, hitCondition: '% 8' });
    id = debug.run(code);
    await debug.stopped();
    expect(await debug.values('Locals')).toMatchObject({ i: '7' });
    await debug.goOn();
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
    await debug.goOn();
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
    await debug.goOn();
    expect((await client.finish(id)).result).toBe('6');
    const { modules } = await debug.ask<{ modules: object[] }>('modules');
    expect(modules).toContainEqual(expect.objectContaining({ name: 'area.ts', path: file }));
    expect(await debug.ask('source', { source: { path: file } })).toMatchObject({ content: text('1') });

    writeFileSync(file, text('10'));
    id = debug.run(code);
    await debug.stopped();
    expect(await debug.place()).toBe('area:4');
    await debug.breakIn(file);
    await debug.goOn();
    expect((await client.finish(id)).result).toBe('60');
  });
});
