/** Claims about recorded values. */
import { describe, expect, it } from 'vitest';
import { parseAssertion, violation } from '../../../kernel/run/assertions.js';

const records = new Map<string, string | number | boolean>([
  ['finalLoss', 0.25],
  ['final loss', 0.5],
  ['diverged', 'NaN'],
  ['best', 'Infinity'],
  ['converged', true],
  ['optimizer', 'adam'],
]);
const judge = (text: string) => violation(parseAssertion(text), records);

describe('holds', () => {
  it.each([
    'finalLoss < 0.3',
    'finalLoss<=2.5e-1',
    'finalLoss == .25',
    'finalLoss === 0.25',
    'finalLoss > -1',
    'final loss >= 0.5',
    "'final loss' != 0",
    'finalLoss < final loss',
    'converged == true',
    'optimizer == "adam"',
    "optimizer !== 'sgd'",
    'best > 1e300',
    'diverged != NaN',
  ])('%s', (text) => expect(judge(text)).toBeUndefined());
});

describe('does not hold', () => {
  it.each([
    ['finalLoss < 0.1', 'finalLoss < 0.1: finalLoss is 0.25'],
    ['finalLoss > final loss', 'finalLoss > final loss: finalLoss is 0.25, final loss is 0.5'],
    ['diverged < 1', 'diverged < 1: diverged is NaN'],
    ['diverged >= 1', 'diverged >= 1: diverged is NaN'],
    ['converged == false', 'converged == false: converged is true'],
    ['converged == 1', 'converged == 1: converged is true'],
    ['optimizer < 1', 'optimizer < 1: optimizer is adam'],
    ['final_los < 1', 'final_los < 1: the notebook recorded no final_los; did you mean finalLoss?'],
    ['accuracy > 0.9', 'accuracy > 0.9: the notebook recorded no accuracy'],
  ])('%s', (text, why) => expect(judge(text)).toBe(why));
});

it.each(['', 'finalLoss', 'finalLoss < ', '< 1', 'finalLoss = 1', '0 < a < 1', 'a <> 1', 'process.exit()'])(
  '%j is no claim',
  (text) => {
    expect(() => parseAssertion(text)).toThrow(expect.objectContaining({ name: 'RunError', exitCode: 2 }));
  },
);
