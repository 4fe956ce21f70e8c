/**
 * Writes the loops over a few elements: from what is computed of one element, or of one line of elements, the source of a
 * function that checks its operands, makes the result and fills it in one pass. Each op gets source of its own, because
 * V8 compiles by source: a loop that all ops share, and that calls a function for each element, takes three times as long.
 */
import { gradMode } from '../autograd/mode.js';
import { Layout, sameShape } from '../layout.js';
import { f32, f64, i32, u8 } from '../memory.js';
import { allocate, allocateFew, Tensor } from '../tensor.js';
import { fewElements, inOrder } from './few.js';
import { ARGUMENTS, bodyOf, type LoopCode, type Operands } from './few-bodies.js';
import { type Quick, quickOf } from './few-quick.js';
import type { Few } from './record.js';
import { pairsOf } from './results.js';

/** Up to so many elements a loop takes less time than kernels. */
const FEW = 96;

export const MOST_ARGUMENTS = ARGUMENTS.length;

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

/** What a written function refers to. */
const scope = {
  Tensor,
  Layout,
  sameShape,
  allocate,
  allocateFew,
  fewElements,
  gradMode,
  f32,
  f64,
  i32,
  u8,
  repeats,
  lineLayout,
  areLabels,
  inOrder,
  dense,
  spread,
  turnedBack,
  apart: new Int32Array(6),
  pairsOf,
  lines: { outer: 1, size: 1, inner: 1 },
};

/** Whether all are whole numbers from 0 up to below `size`: negative ones and errors are the op's. */
function areLabels(x: Tensor, size: number): boolean {
  const from = x.start(3);
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

/**
 * Whether elements of a tensor can be read beside those of another, of which it has the shape or is repeated to it; how
 * far apart they are from row to row and from column to column is put into `apart`.
 */
function spread(own: Layout, whole: Layout, at: number): boolean {
  const { shape, strides, ndim } = own;
  const lead = whole.ndim - ndim;
  if (lead < 0) return false;
  let row = 0;
  let step = 0;
  for (let d = 0; d < ndim; d++) {
    const size = shape[d];
    const stride = size === 1 ? 0 : strides[d];
    if (size !== 1 && size !== whole.shape[lead + d]) return false;
    if (d === ndim - 1) step = stride;
    else row = stride;
  }
  scope.apart[at] = row;
  scope.apart[at + 1] = step;
  return true;
}

/** The matrix without gaps that another is the transpose of, or null. */
function turnedBack({ storage, layout, dtype }: Tensor): Tensor | null {
  if (layout.ndim !== 2) return null;
  const turned = layout.transpose(0, 1);
  return turned.contiguous ? new Tensor(storage, turned, dtype) : null;
}

/** A further operand in order, where it has gaps or is repeated otherwise than `repeats` says. */
function dense(other: unknown, { layout, dtype }: Tensor): Tensor | null {
  if (!(other instanceof Tensor) || other.dtype !== dtype || (gradMode.enabled && other.requiresGrad))
    return null;
  return inOrder(other, layout.shape);
}

/** Whether all dimensions are listed, in their order. */
function areAll(dims: readonly unknown[]): boolean {
  for (let d = 0; d < dims.length; d++) if (dims[d] !== d) return false;
  return true;
}

/** Looks at one dimension, or all (undefined, or listed), of a tensor; the layout of the result, null where it is no such thing. */
function lineLayout(layout: Layout, given: unknown, keepdim: unknown): Layout | null {
  const { lines } = scope;
  const { ndim } = layout;
  lines.outer = lines.inner = 1;
  if (given === undefined || (Array.isArray(given) && given.length === ndim && ndim > 1 && areAll(given))) {
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
  // As constants: what V8 knows to be one it need not look at in every call.
  const names = Object.keys(scope);
  const constants = names.map((own) => `const ${own} = _${own};`).join(' ');
  try {
    // The text is made of constants of this library only.
    // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call
    return new Function(
      ...names.map((own) => `_${own}`),
      `'use strict'; ${constants}${write(name, params, code)}`,
    )(...Object.values(scope)) as Few;
  } catch (error) {
    if (error instanceof EvalError) return nothing;
    throw error;
  }
}

function write(name: string, params: readonly string[], code: LoopCode): string {
  const operands: Operands = { checks: [], starts: [], reads: [] };
  const isElementwise = 'element' in code || 'loss' in code || 'all' in code;
  const first = params.findIndex((param) => /^[xyz]$/.test(param));
  params.forEach((param, i) => {
    // What sums gaps has to round as kernels do, so that compiled steps give the same numbers.
    const copied = (argument: string): string =>
      again(name, argument, `dense(${argument}, ${ARGUMENTS[first]})`);
    operand(param, ARGUMENTS[i], i === first, isElementwise, operands, copied);
  });
  const { checks } = operands;
  const [functions, body] = bodyOf(name, params, code, operands);
  const x = ARGUMENTS[first];
  const quick = quickOf(name, params, code);
  const most = `${code.most ?? FEW}`;
  return `
const { abs, exp, log, log1p, sqrt, max, min, sign, floor, ceil, trunc, PI } = Math;
function roundEven(x) {
  const f = floor(x), d = x - f, r = d < 0.5 || (d === 0.5 && f % 2 === 0) ? f : f + 1;
  return r === 0 ? 0 * x : r;
}
${'second' in code && code.second !== undefined ? `const pair = pairsOf(${JSON.stringify(code.second.names)});` : ''}
${functions}
function ${quick === null ? 'few' : 'further'}_${name}(${ARGUMENTS.join(', ')}) {
  if (!(${x} instanceof Tensor)) return null;
  const layout = ${x}.layout, dtype = ${x}.dtype, size = layout.size;
  ${quick === null ? '' : quick.spread}
  if (size > ${most} || size > fewElements.limit || size === 0 || (gradMode.enabled && ${x}.requiresGrad))
    return null;
  if (!layout.contiguous) {
    ${'passes' in code ? turn(name, params, x) : ''}
    ${again(name, x, `inOrder(${x}, layout.shape)`)}
  }
  ${ARGUMENTS.slice(params.length)
    .map((rest) => `if (${rest} !== undefined) return null;`)
    .join(' ')}
  ${checks.join('\n  ')}
  ${body}
}
${quick === null ? '' : quickFirst(name, x, most, quick)}
return few_${name};`;
}

/** The loop of the usual call, which leaves others to the further one. */
function quickFirst(name: string, x: string, most: string, { functions, calls }: Quick): string {
  return `${functions}
function few_${name}(${ARGUMENTS.join(', ')}) {
  if (${x} instanceof Tensor) {
    const layout = ${x}.layout, dtype = ${x}.dtype, size = layout.size;
    if (size <= ${most} && size <= fewElements.limit && size !== 0 && layout.contiguous && layout.offset === 0 && !(gradMode.enabled && ${x}.requiresGrad)) {
      ${calls}
    }
  }
  return further_${name}(${ARGUMENTS.join(', ')});
}`;
}

/** Calls the loop with a copy of an operand. */
function again(name: string, argument: string, copy: string): string {
  return `{ const copy = ${copy}; return copy === null ? null : ${callWith(name, { [argument]: 'copy' })}; }`;
}

function callWith(name: string, instead: Readonly<Record<string, string>>): string {
  return `few_${name}(${ARGUMENTS.map((own) => instead[own] ?? own).join(', ')})`;
}

/** Lines along a dimension of a transposed matrix are those along the other one of the matrix, which has no gaps. */
function turn(name: string, params: readonly string[], x: string): string {
  const dim = ARGUMENTS[params.indexOf('dim?')] as string | undefined;
  if (dim === undefined) return '';
  const keepdim = ARGUMENTS[params.indexOf('keepdim')] as string | undefined;
  return `if ((${dim} === 0 || ${dim} === 1 || ${dim} === -1)${keepdim === undefined ? '' : ` && ${keepdim} !== true`}) {
      const turned = turnedBack(${x});
      if (turned !== null) return ${callWith(name, { [x]: 'turned', [dim]: `1 - (${dim} & 1)` })};
    }`;
}

function operand(
  param: string,
  argument: string,
  isFirst: boolean,
  isElementwise: boolean,
  { checks, starts, reads }: Operands,
  copied: (argument: string) => string,
): void {
  if (param === 'm') {
    checks.push(
      `if (!(${argument} instanceof Tensor) || ${argument}.dtype !== 'bool' || repeats(${argument}.layout, layout) !== size) return null;`,
    );
    starts.push(() => `const mAt = ${argument}.start(0);`);
    reads.push((_, at) => `const m = u8[mAt + ${at}];`);
    return;
  }
  if (param === 'l' || param === 't') {
    const isDType = `${argument}.dtype !== 'int64'${param === 't' ? ` && (${argument}.dtype !== dtype || (gradMode.enabled && ${argument}.requiresGrad))` : ''}`;
    checks.push(
      `if (!(${argument} instanceof Tensor) || ${isDType} || !${argument}.layout.contiguous) return null;`,
    );
    starts.push(
      (shift) =>
        `if (${argument}.layout.size !== outer * inner${param === 'l' ? ` || !areLabels(${argument}, n)` : ''}) return null; const ${param}Whole = ${argument}.dtype === 'int64', ${param}At = ${argument}.start(${param}Whole ? 3 : ${shift});`,
    );
    return;
  }
  const tensor = /^([xyz])([#.]?)$/.exec(param);
  if (tensor !== null) {
    const [, letter, kind] = tensor;
    starts.push((shift) =>
      kind === '#'
        ? `const ${letter}At = ${letter}Is ? 0 : ${argument}.start(${shift});`
        : `const ${letter}At = ${argument}.start(${shift});`,
    );
    if (isFirst) {
      reads.push((array, at) => `const ${letter} = ${array}[${letter}At + ${at}];`);
      return;
    }
    const isTensor = `${argument} instanceof Tensor && ${argument}.dtype === dtype && !(gradMode.enabled && ${argument}.requiresGrad)`;
    const repeated = `${argument}.layout === layout ? size : repeats(${argument}.layout, layout)`;
    if (kind === '#') checks.push(`const ${letter}Is = typeof ${argument} === 'number';`);
    checks.push(
      kind === '#'
        ? `const ${letter}Size = ${letter}Is ? 0 : ${isTensor} ? ${repeated} : -1;`
        : `const ${letter}Size = ${isTensor} ? ${repeated} : -1;`,
      kind === '.'
        ? `if (${letter}Size !== 1 || ${argument}.layout.size !== 1) return null;`
        : `if (${isElementwise ? `${letter}Size < 0` : `${letter}Size !== size`}) ${copied(argument)}`,
    );
    const number = (array: string): string => (array === 'f32' ? `Math.fround(${argument})` : argument);
    reads.push((array, place, way) => {
      if (way === 'number' && kind === '#') return `const ${letter} = ${number(array)};`;
      if (way !== 'repeated' || !isElementwise) return `const ${letter} = ${array}[${letter}At + ${place}];`;
      const next = `${array}[${letter}At + ${letter}Next]; if (++${letter}Next >= ${letter}Size) ${letter}Next = 0;`;
      return kind === '#'
        ? `let ${letter}; if (${letter}Is) ${letter} = ${number(array)}; else { ${letter} = ${next} }`
        : `const ${letter} = ${next}`;
    });
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
