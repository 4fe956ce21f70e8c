import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CellTransformer, isComplete } from '../../../kernel/language/index.js';

const where = { count: 1, cwd: '/' };

/** A generator of numbers below `n` that gives the same ones every time (Park and Miller, 1988). */
function numbers(seed: number): (n: number) => number {
  let state = seed;
  return (n) => (state = (state * 48271) % 2147483647) % n;
}

describe('nesting that would take the parser, and the process with it, too deep', () => {
  const times = 30_000;
  it.each([
    ['parentheses', '('.repeat(times)],
    ['closed brackets', '['.repeat(times) + ']'.repeat(times)],
    ['objects', '({ a: '.repeat(times)],
    ['calls', `f${'(f'.repeat(times)}`],
    ['calls of calls', `a${'.b()'.repeat(times)}`],
    ['calls of calls on lines', `a${'\n  .b()'.repeat(times)}`],
    ['templates', '`${'.repeat(times)],
    ['elements', '<div>'.repeat(times)],
    ['type arguments', `type T = ${'A<'.repeat(times)}`],
    ['arrow functions', `${'a => '.repeat(times)}a`],
    ['statements', `${'if (a) '.repeat(times)}a`],
    ['statements on lines', `${'if (a)\n'.repeat(times)}a`],
    ['classes', `${'class A extends '.repeat(times)}B {}`],
    ['operators', `${'x + '.repeat(times)}x`],
    ['operators on lines', `x${'\n + x'.repeat(times)}`],
    ['alternatives', `${'if (a) b; else '.repeat(times)}c`],
    ['assignments', `${'a = '.repeat(times)}1`],
    ['words', `${'await '.repeat(times)}x`],
  ])('is an error: %s', (_, code) => {
    expect(isComplete(code).status).not.toBe('complete');
    expect(new CellTransformer().compile(code, where)).toMatchObject({
      kind: 'syntax-error',
      message: 'The code is nested too deeply',
    });
  });

  it.each([
    [
      'lines without semicolons',
      'const a = f(b) + c\nif (a) f(a)\nlet g = (x) => x * 2\n'
        .repeat(500)
        .replaceAll(/\b(?:const|let) /g, 'var '),
    ],
    ['rows of a table', `[${'[1, 2, "a(b"], '.repeat(800)}]`],
    ['a long text', `\`${'(a) + [b] = {c} '.repeat(4000)}\``],
    ['elements side by side', `var a = <div>${'<p>text (a) [b]</p>'.repeat(1500)}</div>`],
  ])('is not taken for what is only long: %s', (_, code) => {
    expect(new CellTransformer().compile(code, where).kind).toBe('compiled');
  });
});

describe('a mistake further behind in a line than the compiler can draw', () => {
  it.each([
    ['behind spaces', `x =${' '.repeat(100_000)}.`],
    ['behind a string', `const x = '${'a'.repeat(100_000)}' y`],
    ['behind tabs', `x =${'\t'.repeat(30_000)}.`],
  ])('is an error of its line, and the process goes on: %s', (_, code) => {
    expect(isComplete(code).status).not.toBe('complete');
    expect(new CellTransformer().compile(`1;\n${code}`, where)).toMatchObject({
      kind: 'syntax-error',
      position: { line: 2 },
    });
  });

  it.each([
    ['behind spaces', ' '.repeat(60_000)],
    ['behind letters', `'${'a'.repeat(60_000)}' +`],
    ['behind tabs', '\t'.repeat(15_000)],
    ['behind wide letters', `'${'漢'.repeat(30_000)}' +`],
  ])('has its place where the compiler can draw it: %s', (_, long) => {
    const code = `x = ${long}.`;
    expect(new CellTransformer().compile(code, where)).toMatchObject({
      kind: 'syntax-error',
      position: { line: 1, column: code.length - 1 },
    });
  });

  it('does not concern long lines without one', () => {
    const code = `const long = '${'a'.repeat(100_000)}'; long.length`;
    expect(new CellTransformer().compile(code, where).kind).toBe('compiled');
  });
});

describe('any text', () => {
  it('compiles, or is a syntax error inside of it, and is complete, incomplete or invalid', () => {
    const files = ['scope.ts', 'context.ts', 'fault.ts'].map((name) =>
      readFileSync(new URL(`../../../kernel/language/${name}`, import.meta.url), 'utf8'),
    );
    const pick = numbers(1);
    const noise = [
      '(',
      ')',
      '{',
      '}',
      '`',
      '"',
      '/',
      '<',
      '>',
      '\t',
      '\r\n',
      '漢',
      '😀',
      '\\',
      ';',
      '=>',
      '@',
      '\0',
    ];
    for (let i = 0; i < 300; i++) {
      const file = files[pick(files.length)];
      const start = pick(file.length);
      let code = file.slice(start, start + pick(400));
      for (let k = pick(3); k > 0; k--) {
        const at = pick(code.length + 1);
        code = code.slice(0, at) + noise[pick(noise.length)] + code.slice(at + pick(3));
      }
      const cell = new CellTransformer().compile(code, where);
      if (cell.kind === 'syntax-error') {
        const line = code.split('\n')[cell.position.line - 1];
        expect(line, JSON.stringify(code)).toBeDefined();
        expect(cell.position.column, JSON.stringify(code)).toBeLessThanOrEqual(line.length);
        expect(cell.message).not.toBe('Syntax error');
      }
      const { status } = isComplete(code);
      expect(
        cell.kind === 'compiled' ? status !== 'invalid' : status !== 'complete',
        JSON.stringify(code),
      ).toBe(true);
    }
  });

  it.each([
    ['comments', '// a // b /* c */ // d\n'.repeat(200) + '/* e */ '.repeat(200) + 'x'],
    ['brackets', '('.repeat(500)],
    ['braces', '{'.repeat(500)],
    ['angles', 'a<'.repeat(200)],
    ['quotes', '"'.repeat(2001)],
    ['backquotes', '`${'.repeat(300)],
    ['spaces', ' '.repeat(100_000) + ';'],
    ['one long line', 'x = [' + '1,'.repeat(50_000) + ']'],
    ['arrow functions', 'const f = ' + '(x: number) => '.repeat(100) + '{'],
  ])('made of many %s is answered in time', (_, code) => {
    const start = performance.now();
    new CellTransformer().compile(code, where);
    isComplete(code);
    expect(performance.now() - start).toBeLessThan(5000);
  });
});
