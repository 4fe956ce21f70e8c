/**
 * Writes the loops over a few elements: from what is computed of one element, or of one line of elements, the source of a
 * function that checks its operands, makes the result and fills it in one pass. Each op gets source of its own, because
 * V8 compiles by source: a loop that all ops share, and that calls a function for each element, takes three times as long.
 */
import { gradMode } from '../autograd/mode.js';
import { Layout, sameShape } from '../layout.js';
import { f32, f64, i32, u8 } from '../memory.js';
import { allocate, Tensor } from '../tensor.js';
import { fewElements } from './few.js';
import type { Few } from './record.js';

/** Up to so many elements a loop takes less time than kernels. */
const FEW = 96;

/** A pass over the elements of a line: variables at the start, statements for each element `x`, number `k` of `n`. */
interface Pass {
  readonly start: string;
  readonly step: string;
}

/** Each element of the result. */
export interface ElementCode {
  readonly element: string;
  readonly result?: 'bool';
  /** The dtypes of operands that there is a loop for; by default those of floats. */
  readonly dtypes?: readonly LoopDType[];
  /** The expression for int32, where products have more digits than numbers. */
  readonly int32?: string;
  /** Where this is true of an element, it is left to the op. */
  readonly unless?: string;
  /** Up to how many elements, where one kernel does the same. */
  readonly most?: number;
}

/** What is computed along lines of elements. */
export interface LineCode {
  readonly passes: readonly Pass[];
  /** The result of the line; */
  readonly end?: string;
  /** or of each of its elements, once all passes are done. */
  readonly each?: string;
  readonly result?: 'bool' | 'int64';
  /** The dimension where no parameter says it, by default all; and how many dimensions the tensor must have. */
  readonly dim?: number;
  readonly ndim?: number;
  /** Results of lines are summed up, by the parameter `reduction`. */
  readonly reduce?: true;
}

/**
 * What a loop computes. The code is an expression of JavaScript in the names of the parameters: tensors stand for one
 * element, numbers for themselves; `exp`, `max`, … are those of `Math`, `largest` is the largest number of the dtype.
 */
export type LoopCode =
  | ElementCode
  /** The loss of an element; the last parameter is the reduction. */
  | { readonly loss: string }
  /** Whether something holds for all elements, as a boolean. */
  | { readonly all: string }
  | LineCode;

/**
 * Parameters in the op's order:
 *
 * - `x`, `y`, `z`: float tensors of one dtype. In elementwise loops the first has the shape of the result, and further
 *   ones have it too, or are repeated: one element, or its last dimensions.
 * - `y#`: the same, or a number; `y.`: one element.
 * - `m`: a bool tensor of the shape of the result; `l`: an int64 tensor with a `label` for each line, the number of one of
 *   its elements; `t`: the same with any number, as `goal`.
 * - `dim?`: the dimension of the lines, all elements where it is left out; `dim=-1`: another where it is left out;
 *   `keepdim`, `reduction`.
 * - `value=1`: a number with what it is when it is left out; `value`: one that may not be; `p:2`: no other than this.
 * - `-name`: what must be left out, or false; `+name`: or true.
 */
export function fewLoop(name: string, params: string, code: LoopCode): Few {
  return make(name.replace('.', '_'), params.split(' '), code);
}

/** Where elements of the dtypes lie: the name of the array, and the binary logarithm of their bytes. */
const ARRAYS = {
  float32: ['f32', 2],
  float64: ['f64', 3],
  int32: ['i32', 2],
  int64: ['f64', 3],
  uint8: ['u8', 0],
  bool: ['u8', 0],
} as const;

export type LoopDType = keyof typeof ARRAYS;

const FLOATS: readonly LoopDType[] = ['float32', 'float64'];

const ARGUMENTS = ['a', 'b', 'c', 'd', 'e', 'f'];
export const MOST_ARGUMENTS = ARGUMENTS.length;

/** What a written function refers to. */
const scope = {
  Tensor,
  Layout,
  sameShape,
  allocate,
  fewElements,
  gradMode,
  f32,
  f64,
  i32,
  u8,
  repeats,
  lineLayout,
  areLabels,
  lines: { outer: 1, size: 1, inner: 1 },
};

/** Whether all are whole numbers from 0 up to below `size`: negative ones and errors are the op's. */
function areLabels(x: Tensor, size: number): boolean {
  const from = x.ptr / 8;
  for (let i = from; i < from + x.layout.size; i++) {
    const label = f64[i];
    if (!(label >= 0 && label < size && (label | 0) === label)) return false;
  }
  return true;
}

/** How `other` is read beside `shape`: the number of its elements before they repeat, −1 where it cannot be. */
function repeats(other: Layout, layout: Layout): number {
  if (!other.contiguous) return -1;
  if (other === layout || sameShape(other.shape, layout.shape)) return layout.size;
  if (other.ndim > layout.ndim || other.size === 0) return -1;
  if (other.size === 1) return 1;
  const lead = layout.ndim - other.ndim;
  for (let i = 0; i < other.ndim; i++) if (other.shape[i] !== layout.shape[lead + i]) return -1;
  return other.size;
}

/** Looks at one dimension, or all (undefined), of a tensor; the layout of the result, null where it is no such thing. */
function lineLayout(layout: Layout, given: unknown, keepdim: unknown): Layout | null {
  const { lines } = scope;
  const { ndim } = layout;
  lines.outer = lines.inner = 1;
  if (given === undefined) {
    lines.size = layout.size;
    return keepdim === true ? null : Layout.scalar;
  }
  const dim: unknown = Array.isArray(given) && given.length === 1 ? given[0] : given;
  if (typeof dim !== 'number' || (dim | 0) !== dim) return null;
  const at = dim < 0 ? dim + ndim : dim;
  if (at < 0 || at >= ndim) return null;
  const { shape } = layout;
  lines.size = shape[at];
  for (let i = 0; i < at; i++) lines.outer *= shape[i];
  for (let i = at + 1; i < ndim; i++) lines.inner *= shape[i];
  return layout.without(at, keepdim === true);
}

const nothing: Few = () => null;

/** The compiled function; one that takes nothing where code may not be made of text. */
function make(name: string, params: readonly string[], code: LoopCode): Few {
  const names = Object.keys(scope);
  try {
    // The text is made of constants of this library only.
    // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call
    return new Function(...names, write(name, params, code))(...Object.values(scope)) as Few;
  } catch (error) {
    if (error instanceof EvalError) return nothing;
    throw error;
  }
}

function bodyOf(name: string, params: readonly string[], code: LoopCode, operands: Operands): string {
  if ('element' in code) return elements(name, code, operands);
  if ('loss' in code) return loss(name, params, code.loss, operands);
  return 'all' in code ? all(code.all, operands) : lines(name, params, code, operands);
}

/** Code that reads the element number `at`; `whole` where it is known that nothing is repeated. */
type Reader = (array: string, at: string, whole: boolean) => string;

interface Operands {
  /** Checks, each of which leaves with null. */
  readonly checks: string[];
  /** Where tensors begin, as counted in elements of four or eight bytes (`shift`). */
  readonly starts: ((shift: number) => string)[];
  /** Reads the elements number `at`. */
  readonly reads: Reader[];
}

function write(name: string, params: readonly string[], code: LoopCode): string {
  const operands: Operands = { checks: [], starts: [], reads: [] };
  const isElementwise = 'element' in code || 'loss' in code || 'all' in code;
  const first = params.findIndex((param) => /^[xyz]$/.test(param));
  params.forEach((param, i) => operand(param, ARGUMENTS[i], i === first, isElementwise, operands));
  const { checks } = operands;
  const body = bodyOf(name, params, code, operands);
  const x = ARGUMENTS[first];
  return `'use strict';
const { abs, exp, log, log1p, sqrt, max, min, sign, floor, ceil, trunc, PI } = Math;
function roundEven(x) {
  const f = floor(x), d = x - f, r = d < 0.5 || (d === 0.5 && f % 2 === 0) ? f : f + 1;
  return r === 0 ? 0 * x : r;
}
return function few_${name}(${ARGUMENTS.join(', ')}) {
  if (!(${x} instanceof Tensor)) return null;
  const layout = ${x}.layout, dtype = ${x}.dtype, size = layout.size;
  if (size > ${'element' in code ? (code.most ?? FEW) : FEW} || size > fewElements.limit || size === 0 || !layout.contiguous || (gradMode.enabled && ${x}.requiresGrad))
    return null;
  ${ARGUMENTS.slice(params.length)
    .map((rest) => `if (${rest} !== undefined) return null;`)
    .join(' ')}
  ${checks.join('\n  ')}
  ${body}
};`;
}

function operand(
  param: string,
  argument: string,
  isFirst: boolean,
  isElementwise: boolean,
  { checks, starts, reads }: Operands,
): void {
  if (param === 'm') {
    checks.push(
      `if (!(${argument} instanceof Tensor) || ${argument}.dtype !== 'bool' || repeats(${argument}.layout, layout) !== size) return null;`,
    );
    starts.push(() => `const mAt = ${argument}.ptr;`);
    reads.push((_, at) => `const m = u8[mAt + ${at}];`);
    return;
  }
  if (param === 'l' || param === 't') {
    checks.push(
      `if (!(${argument} instanceof Tensor) || ${argument}.dtype !== 'int64' || !${argument}.layout.contiguous) return null;`,
    );
    starts.push(
      () =>
        `if (${argument}.layout.size !== outer * inner${param === 'l' ? ` || !areLabels(${argument}, n)` : ''}) return null; const ${param}At = ${argument}.ptr / 8;`,
    );
    return;
  }
  const tensor = /^([xyz])([#.]?)$/.exec(param);
  if (tensor !== null) {
    const [, letter, kind] = tensor;
    starts.push((shift) =>
      kind === '#'
        ? `const ${letter}At = ${letter}Is ? 0 : ${argument}.ptr >>> ${shift};`
        : `const ${letter}At = ${argument}.ptr >>> ${shift};`,
    );
    if (isFirst) {
      reads.push((array, at) => `const ${letter} = ${array}[${letter}At + ${at}];`);
      return;
    }
    const isTensor = `${argument} instanceof Tensor && ${argument}.dtype === dtype && !(gradMode.enabled && ${argument}.requiresGrad)`;
    if (kind === '#') checks.push(`const ${letter}Is = typeof ${argument} === 'number';`);
    checks.push(
      kind === '#'
        ? `const ${letter}Size = ${letter}Is ? 0 : ${isTensor} ? repeats(${argument}.layout, layout) : -1;`
        : `const ${letter}Size = ${isTensor} ? repeats(${argument}.layout, layout) : -1;`,
      `if (${kind === '.' ? `${letter}Size !== 1 || ${argument}.layout.size !== 1` : isElementwise ? `${letter}Size < 0` : `${letter}Size !== size`}) return null;`,
    );
    const at = (place: string, whole: boolean): string =>
      isElementwise && !whole ? `(${letter}Size === size ? ${place} : ${place} % ${letter}Size)` : place;
    reads.push((array, place, whole) =>
      kind === '#' && !whole
        ? `const ${letter} = ${letter}Is ? ${array === 'f32' ? `Math.fround(${argument})` : argument} : ${array}[${letter}At + ${at(place, whole)}];`
        : `const ${letter} = ${array}[${letter}At + ${at(place, whole)}];`,
    );
    return;
  }
  if (param === 'keepdim') {
    checks.push(`if (${argument} !== undefined && typeof ${argument} !== 'boolean') return null;`);
  } else if (param === 'reduction') {
    checks.push(
      `if (${argument} !== undefined && ${argument} !== 'mean' && ${argument} !== 'sum') return null;`,
    );
  } else if (param.startsWith('-')) {
    checks.push(`if (${argument} !== undefined && ${argument} !== false) return null;`);
  } else if (param.startsWith('+')) {
    checks.push(`if (${argument} !== undefined && ${argument} !== true) return null;`);
  } else if (param.includes(':')) {
    checks.push(`if (${argument} !== undefined && ${argument} !== ${param.split(':')[1]}) return null;`);
  } else if (param !== 'dim?') {
    const [own, usual] = param.split('=');
    checks.push(
      own === param
        ? `const ${own} = ${argument};`
        : `const ${own} = ${argument} === undefined ? ${usual} : ${argument};`,
      `if (typeof ${own} !== 'number') return null;`,
    );
  }
}

/** The same code once for each dtype, with its array. */
function forEach(
  dtypes: readonly LoopDType[],
  write: (dtype: LoopDType, array: string, shift: number) => string,
): string {
  const branches = dtypes.map((dtype) => {
    const [array, shift] = ARRAYS[dtype];
    return `if (dtype === '${dtype}') {
    ${write(dtype, array, shift)}
  }`;
  });
  return `${branches.join('\n  ')}
  return null;`;
}

/** How a result begins, of a dtype beside elements of `array`. */
function target(result: 'bool' | 'int64' | undefined, array: string, shift: number): [string, string] {
  if (result === 'bool') return ['u8', 'out.ptr'];
  return result === 'int64' ? ['f64', 'out.ptr >>> 3'] : [array, `out.ptr >>> ${shift}`];
}

function elements(
  name: string,
  { element, result, dtypes = FLOATS, int32 = element, unless }: ElementCode,
  { checks, starts, reads }: Operands,
): string {
  // Where nothing is repeated, which is usual, nothing has to be looked at for each element.
  const others = checks.flatMap((check) => /^const (\w)Size =/.exec(check)?.[1] ?? []);
  const asUsual = others.map((letter) => `${letter}Size === size`).join(' && ');
  // A number beside integers may be of another dtype.
  const numbers = checks.flatMap((check) => /^const (\wIs) =/.exec(check)?.[1] ?? []);
  return forEach(dtypes, (dtype, array, shift) => {
    const [into, to] = target(result, array, shift);
    const value = dtype === 'int32' ? int32 : element;
    const loop = (each: (read: Reader) => string): string => `for (let i = 0; i < size; i++) {
      ${reads.map(each).join(' ')}
      ${unless === undefined ? '' : `if (${unless}) return null;`}
      ${into}[to + i] = ${result === 'bool' ? `(${value}) ? 1 : 0` : value};
    }`;
    const refuse = FLOATS.includes(dtype) ? [] : numbers;
    return `const largest = ${dtype === 'float32' ? 3.4028234663852886e38 : Number.MAX_VALUE};
    ${refuse.map((isNumber) => `if (${isNumber}) return null;`).join(' ')}
    const out = allocate(layout.compact(), '${result ?? dtype}', '${name}');
    ${starts.map((start) => start(shift)).join(' ')}
    const to = ${to};
    ${asUsual === '' ? '' : `if (${asUsual}) {\n${loop((read) => read(array, 'i', true))}\n} else`}
    ${loop((read) => read(array, 'i', false))}
    return out;`;
  });
}

function loss(name: string, params: readonly string[], code: string, { starts, reads }: Operands): string {
  const reduction = ARGUMENTS[params.indexOf('reduction')];
  return forEach(
    FLOATS,
    (dtype, array, shift) => `const out = allocate(Layout.scalar, '${dtype}', '${name}');
    ${starts.map((start) => start(shift)).join(' ')}
    let total = 0;
    for (let i = 0; i < size; i++) {
      ${reads.map((read) => read(array, 'i', false)).join(' ')}
      total += ${code};
    }
    ${array}[out.ptr >>> ${shift}] = ${reduction} === 'sum' ? total : total / size;
    return out;`,
  );
}

function all(code: string, { starts, reads }: Operands): string {
  return forEach(
    FLOATS,
    (_, array, shift) => `${starts.map((start) => start(shift)).join(' ')}
    for (let i = 0; i < size; i++) {
      ${reads.map((read) => read(array, 'i', false)).join(' ')}
      if (!(${code})) return false;
    }
    return true;`,
  );
}

function lines(name: string, params: readonly string[], code: LineCode, operands: Operands): string {
  const { starts, reads } = operands;
  const dim = params.findIndex((param) => param.startsWith('dim'));
  const given = dim < 0 ? String(code.dim) : params[dim] === 'dim?' ? ARGUMENTS[dim] : 'dim';
  const keepdim = params.includes('keepdim') ? ARGUMENTS[params.indexOf('keepdim')] : 'undefined';
  const layout = code.reduce ? 'Layout.scalar' : code.each === undefined ? 'left' : 'layout.compact()';
  const labels = [
    params.includes('l') ? 'const label = f64[lAt + o * inner + r];' : '',
    params.includes('t') ? 'const goal = f64[tAt + o * inner + r];' : '',
  ].join(' ');
  return `${code.ndim === undefined ? '' : `if (layout.ndim !== ${code.ndim}) return null;`}
  const left = lineLayout(layout, ${given}, ${keepdim});
  if (left === null) return null;
  const outer = lines.outer, n = lines.size, inner = lines.inner;
  ${forEach(FLOATS, (dtype, array, shift) => {
    const over = (step: string): string => `for (let k = 0, at = from; k < n; k++, at += inner) {
          ${reads.map((read) => read(array, 'at', true)).join(' ')}
          ${step}
        }`;
    const [into, to] = target(code.result, array, shift);
    const result =
      code.each !== undefined
        ? over(`${into}[to + at] = ${code.each};`)
        : code.reduce
          ? `total += ${code.end};`
          : `${into}[to++] = ${code.end};`;
    return `${starts.map((start) => start(shift)).join(' ')}
    const out = allocate(${layout}, '${code.result ?? dtype}', '${name}');
    let to = ${to}, total = 0;
    for (let o = 0; o < outer; o++)
      for (let r = 0; r < inner; r++) {
        const from = o * n * inner + r;
        ${labels}
        ${code.passes.map(({ start, step }) => `let ${start};\n        ${over(step)}`).join('\n        ')}
        ${result}
      }
    ${code.reduce ? `${array}[to] = ${ARGUMENTS[params.indexOf('reduction')]} === 'sum' ? total : total / (outer * inner);` : ''}
    return out;`;
  })}`;
}
