/** Which frame catches an exception is read from the code of the frames. */
import { expect, test } from 'vitest';
import type { CallFrame } from '../../../kernel/debug/cdp.js';
import { Catches } from '../../../kernel/debug/exceptions.js';
import type { DebugTarget } from '../../../kernel/session/session.js';

const target = (scriptSource: string): DebugTarget => ({
  listen: () => undefined,
  setMode: () => undefined,
  post: () => Promise.resolve({ scriptSource }),
  scriptName: (name) => name,
  compile: () => ({ js: '', declares: [], suspends: false }),
});

/** A frame of the function that begins at `from` (V8: where its parameters do), standing at `at`. */
function frame(source: string, at: string, from: string): CallFrame {
  const place = (text: string) => {
    const before = source.slice(0, source.indexOf(text)).split('\n');
    return { scriptId: '1', lineNumber: before.length - 1, columnNumber: before[before.length - 1].length };
  };
  return {
    callFrameId: '',
    functionName: '',
    url: '',
    functionLocation: place(from),
    location: place(at),
    scopeChain: [],
    this: { type: 'undefined' },
  };
}

test.each([
  ['a try with a catch', 'function f() { try { here(); } catch {} }', '() {', true],
  ['a try with only a finally', 'function f() { try { here(); } finally {} }', '() {', false],
  ['the catch itself', 'function f() { try {} catch { here(); } }', '() {', false],
  ['an async method', 'class A { async m(x) { try { await here(); } catch {} } }', '(x) {', true],
  ['an arrow function', 'const f = (x) => { try { here(); } catch {} }', '(x) =>', true],
  ['a function inside of the try', 'function f() { try { g(() => here()) } catch {} }', '() =>', false],
  [
    'the try around a call, seen from outside',
    'function f() { try { here(() => 1) } catch {} }',
    '() {',
    true,
  ],
  ['code that nobody can read', 'function f() { try { here( } catch {} }', '() {', false],
])('%s', async (_, source, from, isCaught) => {
  const catches = new Catches(target(source));
  expect(await catches.catcher([frame(source, 'here', from)])).toBe(isCaught ? 0 : -1);
});
