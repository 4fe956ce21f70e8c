/**
 * The functions that ops are called by, where an op has a loop over few elements. Each has source code of its own,
 * because V8 compiles by source: a function that all ops shared could not be made one with any of their loops, and would
 * need an array for its arguments. What only few calls need is in the function that everything else is left to.
 */
import { levels } from '../autograd/levels/wrapped.js';
import { gradMode } from '../autograd/mode.js';
import type { Few } from './record.js';

type Call = (...args: unknown[]) => unknown;
/** The function, and the method of the same op. */
type Entries = readonly [call: Call, method: (this: unknown, ...args: unknown[]) => unknown];
type Maker = (find: () => Few, rest: Call) => Entries;

/** Makers are written so many at once, for which V8 needs less time than one by one. */
const BATCH = 64;
/** By how many arguments the loop looks at. */
const makers: Maker[][] = [];

/** Arguments that are not undefined but too many are the op's; `find` gives the loop, once somebody calls. */
export function entriesOf(count: number, find: () => Few, rest: Call): Entries {
  try {
    const spare = (makers[count] ??= []);
    if (spare.length === 0) spare.push(...write(count));
    return spare.pop()!(find, rest);
  } catch (error) {
    // Where Node was started so that text may not become code, there is no loop written as text either.
    if (error instanceof EvalError) return [rest, viaMethod(rest)];
    throw error;
  }
}

function viaMethod(rest: Call): Entries[1] {
  return function (this: unknown, ...args) {
    return rest(this, ...args);
  };
}

function write(count: number): readonly Maker[] {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'].slice(0, count);
  const further = names.slice(1).join(', ');
  const body = (first: string, most: number, otherwise: string): string => `
    if (levels.top === null && gradMode.watch === null && arguments.length <= ${most}) {
      if (loop === null) loop = find();
      const result = loop(${[first, ...names.slice(1)].join(', ')});
      if (result !== null) return result;
    }
    return ${otherwise};`;
  const maker = `(find, rest) => {
  let loop = null;
  return [
    function (${names.join(', ')}) {${body('a', count, 'rest(...arguments)')}},
    function (${further}) {${body('this', count - 1, 'rest(this, ...arguments)')}},
  ];
}`;
  const text = `'use strict';
const levels = someLevels, gradMode = someMode;
return [${new Array<string>(BATCH).fill(maker).join(',\n')}];`;
  // The text is made of constants of this library only.
  // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call
  return new Function('someLevels', 'someMode', text)(levels, gradMode) as readonly Maker[];
}
