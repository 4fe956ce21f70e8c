import ts from 'typescript';
import { expect, test } from 'vitest';
import { TYPESCRIPT_VERSION } from '../../../kernel/language/version.js';
import { check } from '../../../kernel/language/typescript.js';

test("the version that kernel_info gives is that of the project's TypeScript", () => {
  expect(TYPESCRIPT_VERSION).toBe(ts.version);
});

// The newest syntax of each release from 4.7 on, none of which an older compiler reads.
test.each([
  ['4.7', 'interface Box<in out T> { value: T }'],
  ['4.7', 'const makeBox = Array<string>; makeBox'],
  ['4.9', 'const palette = { red: 1 } satisfies Record<string, number>'],
  ['5.0', 'function id<const T>(value: T): T { return value }'],
  ['5.0', 'class A { @((value: unknown) => value) m() {} }'],
  ['5.2', '{ using handle = { [Symbol.dispose]() {} } }'],
  ['5.3', "import data from './data.json' with { type: 'json' }; data"],
])('TypeScript %s: %s', (_, code) => {
  expect(check(code)).toBeNull();
  const { diagnostics } = ts.transpileModule(code, {
    reportDiagnostics: true,
    compilerOptions: { target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext },
  });
  expect(diagnostics).toEqual([]);
});
