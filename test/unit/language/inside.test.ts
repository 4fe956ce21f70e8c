/** What a text breaks off in, and places in texts. */
import { expect, test } from 'vitest';
import { insideOf, openCall } from '../../../kernel/language/brackets.js';
import {
  offsetAt,
  offsetInCell,
  placeAt,
  placeInDocument,
} from '../../../kernel/language/service/positions.js';

test('a text breaks off in code, in a string or in a comment', () => {
  expect(insideOf('const a = "b"; a.')).toBeNull();
  expect(insideOf('read("da')).toEqual({ kind: 'string', start: 6 });
  expect(insideOf("x['")).toEqual({ kind: 'string', start: 3 });
  expect(insideOf('"a\\"b')).toEqual({ kind: 'string', start: 1 });
  expect(insideOf('"a" + "b"')).toBeNull();
  expect(insideOf('"open\nnext')).toBeNull();
  expect(insideOf('`a ${b} c')).toEqual({ kind: 'string', start: 1 });
  expect(insideOf('`a ${b')).toBeNull();
  expect(insideOf('a // it\'s "')).toEqual({ kind: 'comment' });
  expect(insideOf('a /* b')).toEqual({ kind: 'comment' });
  expect(insideOf('a /* b */ c')).toBeNull();
  expect(insideOf('a // b\nc')).toBeNull();
  expect(insideOf('/["]/.test(')).toBeNull();
});

test('the call in whose arguments a text breaks off', () => {
  expect(openCall('f(a, g(1), { b: ')).toBe(1);
  expect(openCall('f(")", (')).toBe(7);
  expect(openCall('f(")", ')).toBe(1);
  expect(openCall('f(a)')).toBe(-1);
});

test('places and offsets belong to each other, whatever ends the lines', () => {
  for (const text of ['one\ntwo\n\nfour', 'one\r\ntwo\r\n', 'one\rtwo', '', 'a\u{1f389}\nb']) {
    for (let offset = 0; offset <= text.length; offset++) {
      if (text[offset - 1] === '\r' && text[offset] === '\n') continue;
      expect(offsetAt(text, placeAt(text, offset))).toBe(offset);
      expect(offsetInCell(text, placeInDocument(text, offset))).toBe(offset);
    }
  }
  expect(offsetAt('one\ntwo', { line: 0, character: 99 })).toBe(3);
  expect(offsetAt('one\ntwo', { line: 9, character: 0 })).toBe(7);
  expect(offsetInCell('one', { line: 0, character: 5 })).toBe(0);
  expect(placeInDocument('a\nbc', 3)).toEqual({ line: 2, character: 1 });
});
