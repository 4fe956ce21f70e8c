import { describe, expect, it } from 'vitest';
import { isComplete } from '../../../kernel/language/index.js';

const complete = [
  '',
  '  \n',
  '// a comment',
  '/* a comment */',
  '1 + 1',
  '1 + 1;',
  'const x: number = "type errors are no syntax errors"',
  'let x',
  'let x: Map<string, number[]>',
  'foo(\n  1,\n  2\n)',
  'foo()\n  .bar()',
  'if (x) y',
  'if (x) { y } else z',
  'for (const x of y) {}',
  'function f() {}',
  'function f(): number\nfunction f(x?: number) { return 1 }',
  'declare function f(): void;',
  'declare function f(): void',
  'class A<T> extends B<T> implements C {}',
  'class A { override f() {}\n override x = 1 }',
  'interface A { b: string }',
  'type A<T> = T extends (infer U)[] ? U : never',
  'enum E { A }',
  'namespace N { export const a = 1 }',
  'const f = <T,>(x: T) => x',
  'const f = async <T>(x: T): Promise<T> => x',
  'await Promise.resolve()',
  'for await (const x of y) z(x)',
  '`template ${1 + `nested ${2}`}`',
  '`two\nlines`',
  '/regular[/]expression/g',
  '/[{(]/.test(x)',
  'a / b / c',
  'x = y /1/ z',
  '"{ ( ["',
  "'\\''",
  '"a\\\nb"',
  '{ a: 1, b: 2 }',
  '{}',
  'a as B',
  'a!',
  'a satisfies B',
  '<T>x',
  '<div class="x">don\'t {y} <br/></div>',
  '@dec class A { @dec() m() {} }',
  'using x = y()',
  'import a, { type B } from "c"',
  'export const a = 1',
  'x => ({ y: x })',
  'label: for (;;) break label',
  'do x(); while (y)',
  'try {} finally {}',
  'a?.b?.[c]?.()',
  'async',
  'type',
  'const 变量 = "😀"',
  'x\n++\ny',
];

const incomplete: readonly (readonly [code: string, indent: string])[] = [
  ['function f(a = 1): string', '  '],
  ['switch (x) {\n  case 1:', '    '],
  ['switch (x) {\n  default:', '    '],
  ['switch (x) {\n  case 1:\n    y();', '    '],
  ['const f = <T,>(a: T) => {', '  '],
  ['const f = <T>(a: T): T => {\n  return a;', '  '],
  ['%time foo(', '  '],
  ['foo(', '  '],
  ['foo(1,', '  '],
  ['foo(1, // a comment', '  '],
  ['foo(\n    1,', '    '],
  ['[1, 2', '  '],
  ['const x = {', '  '],
  ['const x = {\n  a: {', '    '],
  ['const x = {\n  a: {\n    b: 1,\n  },', '  '],
  ['{ a: 1,', '  '],
  ['{ a: 1, b: 2', '  '],
  ['{ a: 1,\n  b: 2', '  '],
  ['{', '  '],
  ['if (x', '  '],
  ['if (x)', '  '],
  ['if (x) {', '  '],
  ['if (x) {\n\ty();', '\t'],
  ['if (x) {\n    y();\n', '    '],
  ['if (x) {\n    y();\n    if (z) {', '        '],
  ['if (x) {\n  if (z) {\n    a;\n  }', '  '],
  ['if (x) y; else', '  '],
  ['for (const x of y)', '  '],
  ['for (const x of', '  '],
  ['while (true', '  '],
  ['do {', '  '],
  ['do x()', '  '],
  ['try {', '  '],
  ['try {}', '  '],
  ['try {} catch', '  '],
  ['function', '  '],
  ['function f', '  '],
  ['function f(a: number,', '  '],
  ['function f()', '  '],
  ['function f(): number', '  '],
  ['const y = 1\nasync function f()', '  '],
  ['function f() {\n  return [', '    '],
  ['async () =>', '  '],
  ['(a, b', '  '],
  ['(a: number, b?: string', '  '],
  ['class A', '  '],
  ['class A {', '  '],
  ['class A {\n  x = 1;', '  '],
  ['class A {\n  m() {', '    '],
  ['class A extends', '  '],
  ['interface A {', '  '],
  ['interface', '  '],
  ['type A =', '  '],
  ['type A = {\n  b: string;', '  '],
  ['enum E {', '  '],
  ['enum', '  '],
  ['namespace N {', '  '],
  ['let', '  '],
  ['const', '  '],
  ['const x', '  '],
  ['const x:', '  '],
  ['const x =', '  '],
  ['let x: Map<string,', '  '],
  ['const { a', '  '],
  ['const { a }', '  '],
  ['const f = <T', '  '],
  ['const f = <T,>(x: T)', '  '],
  ['x +', '  '],
  ['x + // a comment', '  '],
  ['x ? y', '  '],
  ['x ? y :', '  '],
  ['x &&\n  y &&', '  '],
  ['a,', '  '],
  ['x.', '  '],
  ['x?.', '  '],
  ['x as', '  '],
  ['!', '  '],
  ['new', '  '],
  ['typeof', '  '],
  ['throw', '  '],
  ['await', '  '],
  ['`template', ''],
  ['`template ${', '  '],
  ['`template ${x', '  '],
  ['`template ${x}', ''],
  ['  f(`\n  template', ''],
  ['"string', '  '],
  ["f('string", '  '],
  ['"string\\', '  '],
  ['/* comment', ''],
  ['foo(1 /* comment', ''],
  ['import', '  '],
  ['import {', '  '],
  ['import { a } from', '  '],
  ['export', '  '],
  ['export const', '  '],
  ['@dec', '  '],
  ['using x', '  '],
  ['<div>', '  '],
  ['const f = (x: T):', '  '],
  ['const f = (x: T): T =>', '  '],
  ['const f = (x: T): T => {', '  '],
  ['f(x, (y: T', '  '],
  ['if (m >', '  '],
  ['{ if (m > 1 &&', '  '],
  ['const x = <div>\n  <b>', '  '],
  ['const x = <div className="a"', '  '],
  ['f(\n  <>\n    <List a={[1]}', '    '],
  ['class A {\n  constructor(private x: number)', '  '],
  ['class A { constructor(private', '  '],
  ['const 变量 = "😀" + (', '  '],
  ['const x = 1;\r\nfoo(\r\n', '  '],
];

const invalid = [
  'foo(]',
  'foo(1,]',
  ')',
  '}',
  'foo bar',
  'const = 1',
  'const x: number = ;',
  '1 +* 2',
  'else',
  'let x = 1 let y',
  'const x = 1; const x = 2',
  '"string\nx',
  "f('string\n)",
  'const “x” = 1',
  'return 1',
  'break',
  'class A { #a; #a }',
  'function f() { await 1 }',
  'a ?? b || c',
  'for (const x of y) }',
  'if (x) else',
  'import x form "y"',
  'var 1x',
  '/[/',
  'x = }',
  'foo(1, 2))',
  'await = 1',
  'const f = (x: number): => {',
  'const f = (x:: T) => {',
  'const f = (x: T) => { let 1x;',
  'if (m > }',
  'const x = <div a b=>',
  '<a></b>',
  'a <b c d',
];

/** Whatever comes in the end is right, so none of its beginnings is wrong. */
const cells = {
  'all kinds of statements': `import { a, b } from 'c';
const { d, e: [f = 1] } = await g<number>({ h: \`i \${j} k\`, ...l });
for (const m of n) { if (m > 1 && /o[/]p/.test(m)) continue; else q?.r(m); }
class S<T extends U> extends V { private w = new X<T>(); async *y(z: number) { yield z; } }
try { await d(); } catch (error) { throw error; } finally { f++; }
export const aa = async <T,>(bb: T): Promise<T> => { switch (bb) { case 1: return bb; default: } return a ? b : bb; };`,
  decorators: `@sealed
@Component({ selector: [1, 2], template: \`<b>\${x}</b>\` })
export class A extends B<C> implements D {
  @Input() name = "x";
  @memo() @bound get size() { return 1 }
  constructor(private readonly a: string, public b = 1) { super() }
  @listen("click")
  async on(event: Event): Promise<void> { await this.a }
}`,
  elements: `const list = (
  <>
    <List items={[1, 2]} render={(x) => <li key={x} {...rest}>{\`n \${x}\`}</li>} />
    text with &amp; and {value} <b className="bold" hidden>more</b>
    <c.d />
  </>
)
render(<App a="1" b={2}
  c />, root)`,
  types: `type A<T> = T extends (infer U extends string)[] ? { readonly [K in keyof U as \`get\${K}\`]?: U[K] } : never
function f<T extends { a: string }, U = keyof T>(this: Foo, x: T, ...r: U[]): x is string { return x as unknown as T }
abstract class B<in out T> { abstract m(): void; protected readonly z?: string; static { this.n++ } [key: string]: any }
const s = x satisfies { a: unique symbol }, v = new Map<string, Array<[number, A<B>]>>([["a", []]])
declare module "m" { export const a: number }
enum E { A = 1 << 2, B = "x".length }`,
  'regular expressions and templates': `const r = /[a-z/]+(?<name>\\d{1,2})\\/x/giu.exec(s)?.groups!.name ?? null
const t = \`a \${b ? \`c \${d / 2 / e}\` : "e"} f\`, q = a / b / /c/.source.length
if (x) /=/.test(y) || tag\`\${ { a: 1 } }\`
label: for await (const { a = 1, ...b } of c()) { if (a) continue label; else break }
do x++; while (x < 3)`,
};

describe('is_complete', () => {
  it.each(complete)('%j is complete', (code) => {
    expect(isComplete(code)).toEqual({ status: 'complete' });
  });
  it.each(incomplete)('%j is incomplete', (code, indent) => {
    expect(isComplete(code)).toEqual({ status: 'incomplete', indent });
  });
  it.each(invalid)('%j is invalid', (code) => {
    expect(isComplete(code)).toEqual({ status: 'invalid' });
  });

  it.each(Object.entries(cells))(
    'calls every beginning of a cell with %s complete or incomplete, where tokens end',
    (_, cell) => {
      const ends = [...cell.matchAll(/\s+/g)].map(({ index }) => index);
      expect(ends.length).toBeGreaterThan(12);
      for (const end of ends)
        expect(isComplete(cell.slice(0, end)).status, cell.slice(0, end)).not.toBe('invalid');
      expect(isComplete(cell).status).toBe('complete');
    },
  );
});
