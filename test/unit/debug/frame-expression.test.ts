/** What a person types into a debugger, as JavaScript: types go, and names that are held under other ones are replaced. */
import { expect, test } from 'vitest';
import { frameExpression } from '../../../kernel/language/frame-expression.js';

const nameOf = (name: string) => (name === 'URL' ? 'URL$cell' : name);

test.each([
  ['x as number', '(x)'],
  ['<number>x + y!', '(x + y)'],
  ['{ a: 1 }', '({\n    a: 1\n})'],
  ['URL', '(URL$cell)'],
  ['{ URL }', '({\n    URL: URL$cell\n})'],
  ['o.URL + o[URL]', '(o.URL + o[URL$cell])'],
  ['({ URL: 1 })', '({\n    URL: 1\n})'],
])('%s', (text, expected) => {
  // Parentheses around what is in parentheses already do no harm.
  expect(frameExpression(text, nameOf).replace(/^\(\((.*)\)\)$/s, '($1)')).toBe(expected);
});

test('statements stay statements, and a syntax error is one', () => {
  expect(frameExpression('x = 1; y', nameOf)).toMatch(/^x = 1;\s*y;?\s*$/);
  expect(() => frameExpression('a +', nameOf)).toThrow(SyntaxError);
});
