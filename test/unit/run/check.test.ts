import { describe, expect, it } from 'vitest';
import { textDifference } from '../../../kernel/run/check/index.js';

const differs = (a: string, b: string, tolerance = 1e-3): boolean =>
  textDifference(a, b, tolerance) !== undefined;

describe('comparing what was printed with what is stored', () => {
  it.each([
    ['the same', 'loss 0.5', 'loss 0.5'],
    ['a number within the tolerance', 'loss 1.0000', 'loss 1.0009'],
    ['a last digit that was rounded the other way', 'loss 0.0541', 'loss 0.0542'],
    ['columns that are wider', '│ 1.0   │\n│ 100.0 │', '│ 1.00 │\n│ 100.00 │'],
    ['durations', 'took 12 ms (3.5 s, 2 min)', 'took 900 ms (1.5 s, 4 min)'],
    ['rates', '1200 steps/s', '17 steps/s'],
    ['colours', '\x1b[33m3\x1b[39m', '3'],
    ['negative numbers and exponents', '−1.5e-7 -2', '-1.5e-7 -2'],
    ['thousands', '12,000 images', '12000 images'],
    ['charts drawn with characters', 'loss ▁▂▃ 0.5', 'loss ▂▂▅ 0.5'],
  ])('lets pass %s', (_, a, b) => expect(differs(a, b)).toBe(false));

  it.each([
    ['a number beyond the tolerance', 'loss 1.0000', 'loss 1.0021'],
    ['whole numbers by one', '97 of 100', '98 of 100'],
    ['few digits', 'accuracy 0.8', 'accuracy 0.9'],
    ['another sign', '1.5', '-1.5'],
    ['other words', 'cat 1', 'dog 1'],
    ['a line less', 'a\nb', 'a'],
    ['a line more', 'a', 'a\nb'],
    ['NaN in place of a number', 'loss 0.5', 'loss NaN'],
    ['a unit that changed', '5 ms', '5 kB'],
  ])('finds %s', (_, a, b) => expect(differs(a, b)).toBe(true));

  it('says where, and shows both lines', () => {
    expect(textDifference('step 1\nloss 0.5', 'step 1\nloss 0.7', 1e-3)).toEqual({
      line: 2,
      expected: 'loss 0.5',
      actual: 'loss 0.7',
    });
  });

  it('takes the tolerance as a share of the number', () => {
    expect(differs('1000', '1010', 0.02)).toBe(false);
    expect(differs('1.000', '1.100', 0.02)).toBe(true);
  });
});
