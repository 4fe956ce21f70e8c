import { describe, expect, it } from 'vitest';
import { TraceMap, originalPositionFor } from '@jridgewell/trace-mapping';
import { LineIndex } from '../../../kernel/language/lines.js';
import { Evaluator } from './evaluator.js';

/** The cell's text without the mark ¦, and where the mark was. */
function marked(text: string): { code: string; line: number; column: number } {
  const at = text.indexOf('¦');
  return { code: text.replace('¦', ''), ...new LineIndex(text).position(at) };
}

const boom = `const boom = (x?: unknown) => { throw Object.assign(new Error('boom'), { x }) };
  const later = async () => { await null; };
  const reject = () => { const e = new Error('boom'); throw e };`;

/** Cells that fail where ¦ is. V8 puts a call at the name of what is called, and `new` at itself. */
const failing: readonly string[] = [
  `throw ¦new Error('x')`,
  `const a: number = 1;\nthrow ¦new Error('x')`,
  `const a = ¦missing`,
  `const f = () => a;\nlet a = 5 + ¦missing; f()`,
  `const f = () => [a, b]; const a = 1, b = ¦missing, c = 3`,
  `export const { a } = ¦missing; const f = () => a`,
  `const f = () => [a, b]; let { a } = { a: 1 }, { b } = ¦missing`,
  `const f = () => a; const [a] = ¦missing`,
  `if (true) { var a = ¦missing } const f = () => a`,
  `\n\n\n   throw ¦new Error('x')`,
  `interface A {\n  b: number;\n}\n\ntype C = A;\n¦missing.x`,
  `const a = ¦boom()`,
  `const { a, b: [c = ¦missing] } = { a: 1, b: [] as number[] };`,
  `const a = 1, b = 2,\n  c = ¦boom();`,
  `let a: Array<number> = [1], b = (¦boom() as any);`,
  `null!.¦x`,
  `const o: any = undefined;\no.¦x.y`,
  `const o: any = {};\no\n  .a\n  ?.b;\no.c\n  .¦d`,
  `const f = (x: number): number => {\n  return x + ¦missing;\n};\nf(1)`,
  `function f<T>(x: T): T {\n  if (x)\n    throw ¦new Error('x');\n  return x;\n}\nf(1)`,
  `f(1);\n\nfunction f(x: number) {\n  ¦missing(x);\n}`,
  `f(1);\nclass K {}\nasync function g() {}\nfunction f(x: number) { return ¦boom(x); }`,
  `class A {\n  private x = ¦missing;\n}\nnew A()`,
  `class A<T> {\n  constructor(private readonly x: T) {\n    ¦missing;\n  }\n}\nnew A<number>(1)`,
  `class A {\n  static y = 1;\n  m(): void {\n    this.¦z();\n  }\n  declare z: any;\n}\nnew A().m()`,
  `enum E { A, B }\nnamespace N {\n  export const x = 1;\n}\n¦missing(E.A, N.x)`,
  `namespace N {\n  export const x = ¦missing;\n}`,
  `await null;\n¦missing`,
  `const a = await later(), b = await later();\nawait later(); ¦missing;`,
  `const x = [await 1, await 2, ¦missing];`,
  `for (const x of [1]) {\n  await later();\n  for await (const y of [x]) {\n    ¦missing(y);\n  }\n}`,
  `for await (const x of [1]) ¦missing;`,
  `for await (const x of ¦missing) {}`,
  `for (let i = 0; i < 3; i++) {\n  const t = i * 2;\n  if (i === 1) ¦missing(t);\n}`,
  `import { sep } from 'node:path';\nimport type { X } from 'y';\n\n¦missing(sep)`,
  `¦missing(1);\nimport { sep } from 'node:path';\nfunction f() {}`,
  `const s = \`a\n\${1}\nb \${¦missing}\`;`,
  `const 变量 = '😀😀';\n变量; '😀'; ¦missing;`,
  `\tif (true) {\n\t\t¦missing;\n\t}`,
  `const a = 1;\r\nconst b = 2;\r\n  ¦missing;\r\n`,
  `{ a: ¦missing }`,
  `\n{ a: 1,\n  b: ¦missing }`,
  `1 + 1;\n2 + ¦missing`,
  `const URL = 1;\nURL + ¦missing`,
  `const URL = () => {\n  return ¦boom();\n};\nURL()`,
  `const c = 1;\n\n¦c = 2;`,
  `using x = null;\nconst y = 1;\n¦missing`,
  `const a = [1, 2]\n  .map((x) => x * 2)\n  .filter((x) => x > 1)\n  .¦nothing()`,
  `export const x = 1;\nexport default ¦boom();`,
  `label: for (;;) {\n  ¦missing;\n}`,
  `switch (1 as number) {\n  case 1:\n    ¦missing;\n}`,
  `\ufeff¦missing`,
  `let x = 5; let y = 6; function g() { return 1; } x = y; ¦missing`,
  `@¦missing\nclass A {}`,
];

describe('an error of a cell', () => {
  for (const text of failing)
    it(`is found in ${JSON.stringify(text)}`, async () => {
      const { code, line, column } = marked(text);
      const session = new Evaluator();
      await session.run(boom);
      const found = await session.failure(code);
      expect({ line: found.line, column: found.column }).toEqual({ line, column });
    });
});

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}

describe('the source map', () => {
  it('leads every name that is kept back to the same name, and one that is declared with a value to the value', () => {
    const code = `import d, { sep as s } from 'node:path';
const { alpha, beta: { gamma = alpha }, ...delta } = await d.parse<{ alpha: number }>(s);
let epsilon: number, zeta = alpha + gamma;
function eta<T extends object>(theta: T, iota?: number): number { return kappa(theta, iota! + zeta); }
for await (const lambda of delta) { if (lambda) epsilon = await eta(lambda); }
export class Mu<T> extends Nu { private xi = epsilon!; omicron(): void { this.xi.pi(sep as T) } }
enum Rho { Sigma = 1 }
epsilon satisfies number`;
    const cell = new Evaluator().compile(code);
    const map = new TraceMap(cell.map);
    const made = new LineIndex(cell.js);
    const source = new LineIndex(code);
    const names = /\b(?:alpha|beta|gamma|delta|epsilon|zeta|theta|iota|kappa|lambda|Nu|omicron)\b/g;
    let count = 0;
    // Where the function takes and leaves its locals, the names stand for nothing in the text.
    const kept = /,.*\)$/.exec(cell.keep ?? '')?.[0] ?? '';
    expect(kept).toBe(', delta)');
    const inText = cell.js.replaceAll(kept, blank).replace(/^.*\n/, blank);
    for (const { 0: name, index } of inText.matchAll(names)) {
      const { line, column } = made.position(index);
      const from = originalPositionFor(map, { line, column });
      if (from.line === null) throw new Error(`${name} is unmapped`);
      const sought = inText.startsWith('zeta = ', index) ? 'alpha + gamma' : name;
      expect(code.slice(source.offset(from)).startsWith(sought), `${name} at ${line}:${column}`).toBe(true);
      count++;
    }
    expect(count).toBeGreaterThan(20);
  });

  it('names the file of the cell as its source and holds no text', () => {
    const map = JSON.parse(new Evaluator().compile('1').map) as Record<string, unknown>;
    expect(map).toMatchObject({ version: 3, sources: ['/notebooks/cell-1.ts'], names: [] });
    expect(map).not.toHaveProperty('sourcesContent');
  });
});
