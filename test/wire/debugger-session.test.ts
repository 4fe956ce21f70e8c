/** A debugging session beyond single steps: exceptions, Stop, a crash, a second frontend, its end. */
import { describe, expect, test } from 'vitest';
import { executeContent } from './client.js';
import { DebugClient } from './debug-client.js';
import { client, debug, eachWithADebuggerOfItsOwn, kernel, useDebuggedKernel } from './debugger-stage.js';
useDebuggedKernel();

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
    await debug.goOn();
    expect((await client.finish(id)).reply).toMatchObject({ status: 'error', ename: 'RangeError' });

    await debug.ask('setExceptionBreakpoints', { filters: ['uncaught'] });
    id = debug.run(code);
    expect(await debug.stopped()).toMatchObject({ reason: 'exception', text: 'RangeError: x is 3' });
    expect(await debug.values('Locals')).toMatchObject({ x: '3' });
    await debug.goOn();
    expect((await client.finish(id)).reply.status).toBe('error');

    await debug.ask('setExceptionBreakpoints', { filters: [] });
    expect((await client.execute(code)).reply.status).toBe('error');
  });

  test("one that the library throws is shown at the person's line; one that is awaited only once", async () => {
    await debug.ask('setExceptionBreakpoints', { filters: ['uncaught'] });
    let id = debug.run('const a = zeros(2, 3);\na.matmul(zeros(4, 5))');
    await debug.stopped();
    expect((await debug.frames())[0].line).toBe(2);
    await debug.goOn();
    expect((await client.finish(id)).reply.status).toBe('error');

    id = debug.run('async function fails() {\n  await null;\n  throw new Error("late");\n}\nawait fails()');
    await debug.stopped();
    expect(await debug.place()).toBe('fails:3');
    await debug.goOn();
    expect((await client.finish(id)).reply).toMatchObject({ status: 'error', evalue: 'late' });
  });
});

describe('protocol 27: Stop, crashes and other frontends', () => {
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
