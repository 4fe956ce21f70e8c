/** Magics in a cell's text: where they are, where they are not, and what they leave of the text's places. */
import { describe, expect, test } from 'vitest';
import { CellTransformer, isComplete } from '../../../kernel/language/index.js';
import { autoImports, importableWord } from '../../../kernel/language/service/auto-imports.js';
import {
  blankMagics,
  expandMagics,
  magicCompletions,
  magicHelpAt,
  scanMagics,
} from '../../../kernel/language/magics/index.js';

const found = (code: string): string[] =>
  scanMagics(code).magics.map(({ kind, start, end }) => `${kind} ${code.slice(start, end)}`);

function expanded(code: string): { text: string; original: (offset: number) => number } {
  const result = expandMagics(code);
  if (!result || 'problem' in result) throw new Error('nothing was expanded');
  return result;
}

function message(code: string): string {
  const cell = new CellTransformer().compile(code, { count: 1, cwd: '/notebooks' });
  return cell.kind === 'syntax-error' ? `${cell.position.line}:${cell.position.column} ${cell.message}` : '';
}

describe('scan', () => {
  test.each([
    ['%time f(1)\nx', ['line %time f(1)']],
    ['x\n%who', ['line %who']],
    ['x;\r\n  %cd ..\r\ny', ['line %cd ..']],
    ['// %who\n%whos // note', ['line %whos // note']],
    ['%time f(a,\n  b)\nc', ['line %time f(a,\n  b)']],
    ['%time `a\nb`\nc', ['line %time `a\nb`']],
    ["const s = '😀'\n!echo it's 😀 `x\n%who", ["shell !echo it's 😀 `x", 'line %who']],
    ['!echo a \\\n  b\n%who', ['shell !echo a \\\n  b', 'line %who']],
    ['%%html\n<b>`${x}`</b>\n%who', ['cell %%html\n<b>`${x}`</b>\n%who']],
    ['x = 1\nx?', ['help x?']],
    ['??tensor.sum', ['help ??tensor.sum']],
    ['i++\n%who', ['line %who']],
  ])('finds the magics of %j', (code, magics) => expect(found(code)).toEqual(magics));

  test.each([
    'a\n% b',
    'a\n%b',
    'f(a\n%time)',
    '`\n%who\n!ls\n`',
    '`${\n%who\n}`',
    '/*\n%who\n!ls\n*/',
    '// %who',
    'const s = "%who"',
    'const a = b +\n%time',
    'const ready = true\n!ready',
    '!isNaN(1)',
    '!(a && b)',
    '![1].length',
    '!f(x)',
    'a ? b : c',
    '/* x?',
    '`\nx?\n`',
  ])('finds none in %j', (code) => expect(scanMagics(code)).toEqual({ magics: [], problem: null }));

  test('a name that cells have declared is negated, any other is a command', () => {
    expect(scanMagics('!ready', (name) => name === 'ready').magics).toEqual([]);
    expect(found('!ready')).toEqual(['shell !ready']);
  });

  test('an unknown magic is an error with the nearest name, at its place', () => {
    expect(message('let x = 1;\n  %tmie x')).toBe('2:2 There is no %tmie; did you mean %time?');
    expect(message('%%htlm\n<b>')).toBe('1:0 There is no %%htlm; did you mean %%html?');
    expect(message('let x = 1;\n%%html')).toBe('2:0 %%html takes a whole cell: it must be the first line');
    expect(message('%html')).toBe('1:0 There is no %html; %%html takes a whole cell');
  });

  test.each([
    ['%timeit -n x', "1:11 %timeit -n wants how many loops a run has, a whole number such as 10; got 'x'"],
    ['%timeit -n', '1:10 %timeit -n wants how many loops a run has, a whole number such as 10; got nothing'],
    [
      '%timeit -n 5 -r 2.5 f()',
      "1:16 %timeit -r wants how many runs there are, a whole number such as 10; got '2.5'",
    ],
    ['%timeit -r 0 f()', "1:11 %timeit -r wants how many runs there are, a whole number such as 10; got '0'"],
    [
      '%%timeit -n -5\nf()',
      "1:12 %timeit -n wants how many loops a run has, a whole number such as 10; got '-5'",
    ],
    ['%timeit -q f()', '1:8 %timeit has no -q: it takes -n LOOPS and -r RUNS before the code'],
    ['let x = 1;\n%lsmagic all', "2:9 %lsmagic takes nothing, got 'all'"],
    ['%reset everything', "1:7 %reset takes nothing, got 'everything'"],
  ])('%j says what the magic takes', (code, said) => expect(message(code)).toBe(said));

  test.each([
    '%timeit -x',
    '%timeit -5 + x',
    '%timeit -n5 -r 3 -f(x)',
    '%timeit -n.length',
    '%timeit -f (1)',
    '%reset -f',
  ])('nothing is wrong with %j', (code) => expect(scanMagics(code).problem).toBeNull());
});

describe('expand', () => {
  test('lines stay, and so do the columns of other lines', () => {
    const code = 'const a = 1\r\n%time f(a,\n  2) // note\n!ls ${a} `x` \\${HOME}\n%cd ..\nlast(a)';
    const { text, original } = expanded(code);
    const [lines, written] = [text.split('\n'), code.split('\n')];
    expect(lines.length).toBe(written.length);
    for (const line of [0, 5]) expect(lines[line]).toBe(written[line]);
    expect(original(text.indexOf('last(a)'))).toBe(code.indexOf('last(a)'));
    expect(original(text.indexOf('f(a,'))).toBe(code.indexOf('f(a,'));
    expect(lines[3]).toContain('`ls ${a} \\`x\\` \\${HOME}`');
  });

  test.each([
    ['let a = 1\n%time a +', '2:9'],
    ['😀;\n', '1:0'],
    ['%time [1, 2\n', '1:11'],
    ['%timeit -n 3 1 +* 2', '1:16'],
  ])('an error in %j is where the person sees it', (code, place) =>
    expect(message(code)).toMatch(new RegExp(`^${place} `)),
  );

  test('an error speaks of the text that the person has written', () => {
    expect(message('%time a +')).toBe('1:9 Unexpected end of what %time is given');
  });

  test('a cell without magics is not touched', () => expect(expandMagics('a % b\n!c()')).toBeNull());
});

describe('blank', () => {
  test.each([
    ['%time f(x)', '      f(x)'],
    ['%timeit -n 5 -r 2 f(x)', '                  f(x)'],
    ['a\n!echo 😀\nb', 'a\n        \nb'],
    ['%%time\r\nx', '      \r\nx'],
    ['%%html\n<b>', '      \n   '],
    ['x?', 'x '],
    ['a\n% b', 'a\n% b'],
  ])('%j leaves TypeScript at its place', (code, blank) => {
    expect(blankMagics(code)).toBe(blank);
  });
});

test('is_complete looks past magics', () => {
  expect(isComplete('%time f(').status).toBe('incomplete');
  expect(isComplete('%cd a(b').status).toBe('complete');
  expect(isComplete('!echo a \\').status).toBe('incomplete');
  expect(isComplete('%%html\n<b').status).toBe('complete');
  expect(isComplete('%tmie x').status).toBe('invalid');
  expect(isComplete('x?').status).toBe('complete');
});

test('magics complete where they may stand, cell magics on the first line', () => {
  const texts = (code: string) => magicCompletions(code, code.length)?.entries.map(({ text }) => text);
  expect(texts('%ti')).toEqual(['%time', '%timeit']);
  expect(texts('%%ti')).toEqual(['%%time', '%%timeit']);
  expect(texts('a;\n  %wh')).toEqual(['%who', '%whos']);
  expect(texts('a;\n%%h')).toEqual([]);
  expect(texts('`\n%w')).toBeUndefined();
  expect(texts('f(\n%w')).toBeUndefined();
  expect(texts('a % b')).toBeUndefined();
  expect(magicCompletions('a;\n  %wh', 8)?.start).toBe(5);
});

test('a name that is completed with its import leaves the magics before it', () => {
  const item = { label: 'readFile', text: 'readFile', kind: 3, sort: '16', detail: '', from: null };
  const items = [{ ...item, auto: { module: 'node:fs', kind: 0 } }];
  const texts = (code: string) => {
    const word = importableWord(code, code.length);
    return word === null ? null : autoImports(items, code, code.length, word).map(({ text }) => text);
  };
  expect(texts('!ls\nreadF')).toEqual(["import { readFile } from 'node:fs';\n!ls\nreadFile"]);
  // Before `%%time` nothing may stand.
  expect(texts('%%time\nreadF')).toBeNull();
});

test('the help of a magic is found at its name only', () => {
  expect(magicHelpAt('%timeit f(x)', 3)).toContain('%timeit [-n LOOPS]');
  expect(magicHelpAt('%timeit f(x)', 9)).toBeNull();
  expect(magicHelpAt('!ls', 0)).toContain('sh');
});
