/**
 * The functions that ops are called by. Each has source code of its own, because V8 compiles by source: a function that
 * all ops shared could not be made one with any of their loops or implementations, and would need an array for its
 * arguments. What only few calls need is in the function that everything else is left to.
 */
import { levels } from '../autograd/levels/wrapped.js';
import { gradMode } from '../autograd/mode.js';
import { isHalf } from '../dtype.js';
import { Tensor } from '../tensor.js';
import type { Few } from './record.js';

type Call = (...args: unknown[]) => unknown;
/** The function, and the method of the same op. */
type Entries = readonly [call: Call, method: (this: unknown, ...args: unknown[]) => unknown];
type Maker<Own> = (own: Own, rest: Call) => Entries;
type MakeEntries<Own> = (count: number, own: Own, rest: Call) => Entries;

/** Makers are written so many at once, for which V8 needs less time than one by one. */
const BATCH = 32;

/** Entries that need `own` things of their op, written as text for a number of arguments. */
function maker(text: (count: number) => string): MakeEntries<never> {
  const makers: Maker<never>[][] = [];
  return (count, own, rest) => {
    try {
      const spare = (makers[count] ??= []);
      if (spare.length === 0) spare.push(...compile(text(count)));
      return spare.pop()!(own, rest);
    } catch (error) {
      // Where Node was started so that text may not become code, there is no loop written as text either.
      if (error instanceof EvalError) return [rest, viaMethod(rest)];
      throw error;
    }
  };
}

/** What gives the loop, once somebody calls, and the same for operands that are recorded, where there is a rule for gradients. */
interface Loops {
  readonly find: () => Few;
  readonly recorded: Few | null;
  /** Arguments are the entries of a list, in which undefined is none left out. */
  readonly list: boolean;
}

/** Entries that try a loop over few elements first. Arguments that are not undefined but too many are the op's. */
export const entriesOf = maker(loopFirst) as MakeEntries<Loops>;

/** An implementation, and which of its arguments have to be tensors. */
interface Direct {
  readonly direct: Call;
  readonly tensors: readonly boolean[];
}

/**
 * Entries that call the implementation. Most calls are of positional arguments that nothing has to be done to: float32
 * tensors, numbers and dimensions, outside of function transforms.
 */
export const directEntriesOf = maker(directFirst) as MakeEntries<Direct>;

/** Whether an argument is what an op computes with as it is. */
export function isPlain(value: unknown, wantsTensor: boolean): boolean {
  switch (typeof value) {
    case 'number':
    case 'boolean':
    case 'string':
    case 'undefined':
      return !wantsTensor;
    case 'object':
      if (value instanceof Tensor) return !isHalf(value.dtype);
      return !wantsTensor && Array.isArray(value) && typeof value[0] === 'number';
    default:
      return false;
  }
}

function viaMethod(rest: Call): Entries[1] {
  return function (this: unknown, ...args) {
    return rest(this, ...args);
  };
}

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];
/** Longer calls take so long themselves that this is nothing to them. */
export const MOST_NAMED = 4;

function loopFirst(count: number): string {
  const names = NAMES.slice(0, count);
  const further = names.slice(1).join(', ');
  const given = (first: string): string => [first, ...names.slice(1)].join(', ');
  const body = (first: string, most: number, otherwise: string): string => `
    if (levels.top === null && gradMode.watch === null && arguments.length <= ${most} &&
      !(list && arguments.length > 1 && arguments[arguments.length - 1] === undefined)) {
      if (loop === null) loop = find();
      const result = loop(${given(first)});
      if (result !== null) return result;
      if (recorded !== null && gradMode.enabled) {
        const result = recorded(${given(first)});
        if (result !== null) return result;
      }
    }
    return ${otherwise};`;
  return `(function ({ find, recorded, list }, rest) {
  let loop = null;
  return [
    function (${names.join(', ')}) {${body('a', count, 'rest(...arguments)')}},
    function (${further}) {${body('this', count - 1, 'rest(this, ...arguments)')}},
  ];
})`;
}

function directFirst(count: number): string {
  const names = NAMES.slice(0, count);
  // Whether an argument has to be a tensor is the name in capitals.
  const body = (own: 0 | 1): string => {
    const given = own === 0 ? names : ['this', ...names.slice(1)];
    const tests = given.map(
      (name, i) =>
        `if(p(${name},${names[i].toUpperCase()})){if(n===${i + 1 - own})return direct(${given.slice(0, i + 1).join()});`,
    );
    return `if(levels.top===null&&gradMode.watch===null){const n=arguments.length;
${tests.join('')}${'}'.repeat(count + 1)}
return rest(${own === 0 ? '' : 'this,'}...arguments)`;
  };
  return `(function({direct,tensors:[${names.join().toUpperCase()}]},rest){return [
function(${names.join()}){${body(0)}},
function(${names.slice(1).join()}){${body(1)}}]})`;
}

function compile(maker: string): readonly Maker<never>[] {
  const text = `'use strict';
const levels = someLevels, gradMode = someMode, p = isPlain;
return [${new Array<string>(BATCH).fill(maker).join(',\n')}];`;
  // The text is made of constants of this library only.
  // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call
  return new Function('someLevels', 'someMode', 'isPlain', text)(
    levels,
    gradMode,
    isPlain,
  ) as readonly Maker<never>[];
}
