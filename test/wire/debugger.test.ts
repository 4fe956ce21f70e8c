/**
 * The debugger over Jupyter's protocol: the scenarios of ipykernel's test_debugger.py, one by one, in TypeScript. The
 * messages are those that JupyterLab sends.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Client, Received } from './client.js';
import { DebugClient, type Variable } from './debug-client.js';
import { KernelProcess } from './kernel-process.js';

let kernel: KernelProcess;
let client: Client;
let debug: DebugClient;

const ADD = `function f(a, b) {
  const c = a + b;
  return c;
}

f(2, 3)`;

beforeAll(async () => {
  ({ kernel, client } = await KernelProcess.connected({ node: process.env.NABLA_TEST_NODE }));
  debug = new DebugClient(client);
});
afterAll(() => kernel.dispose());

test('protocol 27: the debugger is announced, and answers debugInfo before it is started', async () => {
  const { content } = await client.ask('kernel_info_request');
  expect(content.supported_features).toContain('debugger');
  expect(content.debugger).toBe(true);
  expect(await debug.ask('debugInfo')).toMatchObject({
    isStarted: false,
    hashMethod: 'Murmur2',
    breakpoints: [],
    stoppedThreads: [],
    richRendering: true,
    copyToGlobals: true,
    tmpFileSuffix: '.ts',
  });
});

test('what needs a started debugger says so', async () => {
  const reply = await debug.request('setBreakpoints', { source: { path: '/x.ts' }, breakpoints: [] });
  expect(reply).toMatchObject({ type: 'response', success: false, command: 'setBreakpoints' });
  expect(reply.message).toContain('initialize');
  expect((await debug.request('goto')).message).toContain('goto');
});

describe("the scenarios of ipykernel's tests", () => {
  let running: string | undefined;

  beforeEach(() => debug.start());
  afterEach(async () => {
    // What is paused goes on.
    await debug.ask('disconnect', { restart: false, terminateDebuggee: false });
    await debug.event('terminated');
    if (running !== undefined) expect((await client.finish(running)).reply.status).toBe('ok');
    running = undefined;
  });

  async function stopIn(code: string, line: number): Promise<string> {
    const path = await debug.breakAt(code, line);
    await debug.ask('debugInfo');
    await debug.ask('configurationDone');
    running = debug.run(code);
    expect(await debug.stopped()).toMatchObject({ reason: 'breakpoint', threadId: 1 });
    return path;
  }

  test('initialize, attach: evaluates without a frame', async () => {
    const { result } = await debug.ask('evaluate', { expression: "'a' + 'b'", context: 'repl' });
    expect(result).toBe("'ab'");
    expect(await debug.ask('debugInfo')).toMatchObject({ isStarted: true });
  });

  test('set breakpoints: verified, with the path of the cell, and listed by debugInfo', async () => {
    const { sourcePath: path } = await debug.ask('dumpCell', { code: ADD });
    const args = { breakpoints: [{ line: 2 }], source: { path }, sourceModified: false };
    const { breakpoints } = await debug.ask('setBreakpoints', args);
    expect(breakpoints).toMatchObject([{ verified: true, line: 2, source: { path } }]);
    const info = await debug.ask('debugInfo');
    expect(info.breakpoints).toEqual([{ source: path, breakpoints: [{ line: 2 }] }]);
    await debug.ask('configurationDone');
    expect(await debug.ask('source', { source: { path } })).toMatchObject({ content: ADD });
  });

  test('stops on a breakpoint', async () => {
    const path = await stopIn(ADD, 2);
    const frames = await debug.frames();
    expect(frames.map(({ name, line }) => [name, line])).toEqual([
      ['f', 2],
      [frames[1].source.name, 6],
    ]);
    expect(frames[1].source.name).toMatch(/^Cell \[\d+\]$/);
    expect(frames.map(({ source }) => source.path)).toEqual([path, path]);
    expect(await debug.ask('debugInfo')).toMatchObject({ stoppedThreads: [1] });
    expect(await debug.ask('threads')).toEqual({ threads: [{ id: 1, name: 'main' }] });
  });

  test('a breakpoint in a cell with leading empty lines', async () => {
    await stopIn(`\n\n${ADD}`, 8);
    expect((await debug.frames())[0].line).toBe(8);
  });

  test('rich inspection, not at a breakpoint', async () => {
    await client.execute("const text = 'Hello the world';\nconsole.log(text)");
    const { variables } = await debug.ask<{ variables: Variable[] }>('inspectVariables');
    expect(variables).toContainEqual(
      expect.objectContaining({ name: 'text', value: "'Hello the world'", type: 'string' }),
    );
    const { data } = await debug.ask('richInspectVariables', { variableName: 'text' });
    expect(data).toEqual({ 'text/plain': "'Hello the world'" });
  });

  test('rich inspection at a breakpoint', async () => {
    await stopIn(ADD, 2);
    const [{ id: frameId }] = await debug.frames();
    const [first] = await debug.scope(frameId, 'Locals');
    const { data } = await debug.ask('richInspectVariables', { variableName: first.name, frameId });
    expect(data).toEqual({ 'text/plain': first.value });
  });

  test('copies a local variable to the globals', async () => {
    const code = `function inner() {
  const local = { html: '<p>test content</p>' };
  return local;
}
const a = 2;
inner().html`;
    await stopIn(code, 3);
    const [{ id }] = await debug.frames();
    const names = { srcVariableName: 'local', dstVariableName: 'copied' };
    await debug.ask('copyToGlobals', { ...names, srcFrameId: id });
    const local = (await debug.scope(id, 'Locals')).find(({ name }) => name === 'local');
    const copied = (await debug.scope(id, 'Globals')).find(({ name }) => name === 'copied');
    expect(local).toBeDefined();
    expect(copied).toMatchObject({ value: local?.value, type: local?.type, evaluateName: 'copied' });
    await debug.ask('continue');
    expect((await client.execute('copied.html')).result).toBe("'<p>test content</p>'");
  });

  test('requests that come in quick succession are answered one after the other', async () => {
    await stopIn(ADD, 2);
    const [{ id: frameId }] = await debug.frames();
    const { scopes } = await debug.ask<{ scopes: { variablesReference: number }[] }>('scopes', { frameId });
    const ids = scopes.map(({ variablesReference }, seq) => {
      const content = { type: 'request', seq, command: 'variables', arguments: { variablesReference } };
      return client.send('debug_request', content, { channel: 'control' });
    });
    const replies = await Promise.all(ids.map((id) => client.reply(id)));
    await Promise.all(ids.map((id) => client.idle(id)));
    const [locals, globals] = replies.map(
      ({ content }) => (content.body as { variables: Variable[] }).variables,
    );
    expect(locals).toMatchObject([
      { name: 'a', value: '2', type: 'number' },
      { name: 'b', value: '3', type: 'number' },
      { name: 'c', value: 'undefined' },
    ]);
    expect(globals.map(({ name }) => name)).toContain('f');
    const states = client.received
      .filter(({ type, parent }: Received) => type === 'status' && ids.includes(String(parent.msg_id)))
      .map(({ content }) => content.execution_state);
    expect(states).toEqual(['busy', 'idle', 'busy', 'idle']);
  });
});
