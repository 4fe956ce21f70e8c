/**
 * Writes the loops that compute gradients of few elements (`few-gradients.ts`): from the derivative of one element, or of
 * one line of elements, the source of a function that makes the gradients and fills them in one pass. As for the loops of
 * the ops (`few-code.ts`), each has source of its own, because V8 compiles by source.
 */
import { cleared } from './few-lines.js';
import { sameShape, type Shape } from '../layout.js';
import { f32, f64, u8 } from '../memory.js';
import { allocate, type Tensor } from '../tensor.js';
import type { FewRule } from './few-recorded.js';

/**
 * Parameters in the op's order: `x`, `y`, `z`, `w` are float tensors of one shape (those behind `x` may lack first dimensions,
 * along which they are repeated), `m` a mask of that shape, `l` has an
 * int64 label for each line and `t` a goal; `name=1` is a number with what it is when it is left out, `reduction` how losses
 * become one, `dim` the dimension of lines (all elements where it is left out); what begins with `-` says nothing.
 *
 * Derivatives are expressions of JavaScript in those names, for one element, and in `g`, the gradient of its result: one
 * for each float tensor, in order; empty where there is none.
 */
export type GradientCode =
  | { readonly params: string; readonly element: readonly string[]; readonly unread?: string }
  /** Of a loss; `g` is that of the element's loss, whatever the reduction is. `prepare` are statements before. */
  | { readonly params: string; readonly loss: readonly string[]; readonly prepare?: string }
  | LineGradient;

/** Of lines: passes over the elements `x`, number `k` of `n`, then a derivative for `each`. */
export interface LineGradient {
  readonly params: string;
  /** The dimension of the lines where it is left out; by default all elements are one. */
  readonly dim?: number;
  /** Whether `g` is the element's or the line's; 'loss' where the results of lines are reduced. */
  readonly g: 'element' | 'line' | 'loss';
  readonly passes: readonly { readonly start: string; readonly step?: string }[];
  readonly each: readonly string[];
  /** No derivative reads these float tensors, which then may be changed. */
  readonly unread?: string;
}

const FLOATS = ['x', 'y', 'z', 'w'];

interface Param {
  readonly name: string;
  readonly at: number;
  readonly value: string | undefined;
}

function paramsOf(text: string): Param[] {
  return text.split(' ').map((param, at) => {
    const [name, value] = param.split('=');
    return { name, at, value };
  });
}

/** Finds the lines of a tensor along a dimension, all elements being one where none is given. */
function findLines({ layout }: Pick<Tensor, 'layout'>, given: unknown): boolean {
  const { lines } = scope;
  const { ndim, shape, size } = layout;
  lines.outer = lines.inner = 1;
  lines.size = size;
  if (given === undefined) return true;
  const dim: unknown = Array.isArray(given) && given.length === 1 ? given[0] : given;
  if (typeof dim !== 'number') return false;
  const at = dim < 0 ? dim + ndim : dim;
  if (!(at >= 0 && at < ndim)) return ndim === 0;
  lines.size = shape[at];
  for (let i = 0; i < at; i++) lines.outer *= shape[i];
  for (let i = at + 1; i < ndim; i++) lines.inner *= shape[i];
  return true;
}

const scope = { allocate, cleared, f32, f64, u8, findLines, lines: { outer: 1, size: 1, inner: 1 } };

export function fewGradient(name: string, code: GradientCode): FewRule {
  const params = paramsOf(code.params);
  const floats = params.filter((param) => FLOATS.includes(param.name));
  const others = params.filter((param) => ['m', 'l', 't'].includes(param.name));
  let gradients: FewRule['gradients'] | undefined;
  return {
    tensors: [...floats, ...others].map(({ at }) => at),
    unread: isAnyUnread(code)
      ? floats.flatMap(({ name: own }, i) => (isUnread(code, own) ? [i] : []))
      : undefined,
    fits: ([first, ...rest], y) => {
      const { dtype, layout } = first;
      for (let i = 0; i < floats.length - 1; i++)
        if (rest[i]?.dtype !== dtype || !isEnd(rest[i].layout.shape, layout.shape)) return false;
      return !('element' in code) || sameShape(y.layout.shape, layout.shape);
    },
    gradients: (grad, call) => {
      gradients ??= make(name, code, params, floats, others);
      return gradients(grad, call);
    },
  };
}

/** Whether a shape is that of the last dimensions of another, or all of it: elements begin anew after its last. */
function isEnd(shape: Shape, of: Shape): boolean {
  if (shape === of) return true;
  const skipped = of.length - shape.length;
  for (let i = 0; i < shape.length; i++) if (shape[i] !== of[i + skipped]) return false;
  return skipped >= 0;
}

function isUnread(code: GradientCode, name: string): boolean {
  return 'unread' in code && code.unread?.includes(name) === true;
}

function isAnyUnread(code: GradientCode): boolean {
  return 'unread' in code && code.unread !== undefined;
}

const nothing: FewRule['gradients'] = () => null;

function make(
  name: string,
  code: GradientCode,
  params: readonly Param[],
  floats: readonly Param[],
  others: readonly Param[],
): FewRule['gradients'] {
  const names = Object.keys(scope);
  const constants = names.map((own) => `const ${own} = _${own};`).join(' ');
  try {
    // The text is made of constants of this library only.
    // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call
    return new Function(
      ...names.map((own) => `_${own}`),
      `'use strict'; ${constants} ${write(name, code, params, floats, others)}`,
    )(...Object.values(scope)) as FewRule['gradients'];
  } catch (error) {
    // Where Node was started so that text may not become code, ops are composed.
    if (error instanceof EvalError) return nothing;
    throw error;
  }
}

function write(
  name: string,
  code: GradientCode,
  params: readonly Param[],
  floats: readonly Param[],
  others: readonly Param[],
): string {
  const tensors = [...floats, ...others].map(({ name: own }) => own);
  const numbers = params.filter(({ value }) => value !== undefined);
  const by = 'each' in code ? code.each : 'loss' in code ? code.loss : code.element;
  const scalar = 'loss' in code || ('each' in code && code.g === 'loss');
  const reduction = params.find((param) => param.name === 'reduction');
  const dim = params.find((param) => param.name === 'dim');
  const given = dim === undefined ? 'undefined' : `args[${dim.at}]`;
  const lines =
    'each' in code ? `if (!findLines(of, ${given} ?? ${code.dim ?? 'undefined'})) return null;` : '';
  const count = 'each' in code ? 'lines.outer * lines.inner' : 'of.layout.size';
  const read = floats.filter(({ name: own }) => !isUnread(code, own));
  const body = (array: string, shift: number, repeats: boolean): string => {
    const starts = [
      ...read.map(({ name: own }) => `${own}0 = $${own}.start(${shift})`),
      ...others.map(({ name: own }) => `${own}0 = ${own === 'm' ? '$m.start(0)' : `$${own}.start(3)`}`),
      ...floats.map(({ name: own }) => `d${own}0 = d${own} === null ? 0 : d${own}.start(${shift})`),
      `g0 = grad.start(${shift})`,
    ];
    return `const ${starts.join(', ')}; ${loopOf(code, array, floats, others, scalar, repeats)}`;
  };
  const further = floats.slice(1).map(({ name: own }) => own);
  const isWhole = further.map((own) => `${own}N === size`).join(' && ') || 'true';
  const zeros = further.map((own) => `if (d${own} !== null) cleared(d${own});`).join(' ');
  const branch = (array: string, shift: number): string =>
    further.length === 0
      ? body(array, shift, false)
      : `if (isWhole) { ${body(array, shift, false)} } else { ${zeros} ${body(array, shift, true)} }`;
  return `${helpers}
  return function gradient_${name.replace('.', '_')}(grad, call) {
    const { args } = call;
    ${tensors.map((own, i) => (isUnread(code, own) ? '' : `const $${own} = call.input(${i});`)).join(' ')}
    ${floats.map(({ name: own }, i) => `const ${own}L = ${isAnyUnread(code) ? `call.layouts[${i}]` : `$${own}.layout`};`).join(' ')}
    const of = { layout: xL };
    ${numbers.map(({ name: own, at, value }) => `const ${own} = args[${at}] ?? ${value};`).join(' ')}
    ${lines}
    const width = of.layout.shape[of.layout.ndim - 1] ?? 1;
    const layout = of.layout.compact(), dtype = grad.dtype, size = of.layout.size;
    ${floats.map(({ name: own }, i) => `const d${own} = ${by[i] === '' ? 'null' : `call.needs(${i}) ? allocate(${i === 0 ? 'layout' : `${own}L.compact()`}, dtype, 'backward') : null`};`).join(' ')}
    const scale = ${reduction === undefined ? (scalar ? `1 / (${count})` : '1') : `(args[${reduction.at}] ?? 'mean') === 'mean' ? 1 / (${count}) : 1`};
    const single = ${reduction === undefined ? 'true' : `args[${reduction.at}] !== 'none'`};
    ${further.map((own) => `const ${own}N = ${own}L.size;`).join(' ')}
    const isWhole = ${isWhole};
    if (dtype === 'float32') { ${branch('f32', 2)} } else { ${branch('f64', 3)} }
    return [${[...floats.map(({ name: own }) => `d${own}`), ...others.map(() => 'null')].join(', ')}];
  };`;
}

const helpers = 'const { exp, log, log1p, sqrt, max, abs, sign } = Math;';

function loopOf(
  code: GradientCode,
  array: string,
  floats: readonly Param[],
  others: readonly Param[],
  scalar: boolean,
  repeats: boolean,
): string {
  const place = (name: string, at: string): string => (repeats && name !== 'x' ? `${at} % ${name}N` : at);
  const read = (at: string): string =>
    [
      ...floats.flatMap(({ name }) =>
        isUnread(code, name) ? [] : [`const ${name} = ${array}[${name}0 + ${place(name, at)}];`],
      ),
      ...others.flatMap(({ name }) => (name === 'm' ? [`const m = u8[m0 + ${at}];`] : [])),
    ].join(' ');
  const write = (at: string, by: readonly string[]): string =>
    floats
      .map(({ name }, i) =>
        by[i] === ''
          ? ''
          : `if (d${name} !== null) ${array}[d${name}0 + ${place(name, at)}] ${repeats && name !== 'x' ? '+=' : '='} ${by[i]};`,
      )
      .join(' ');
  if (!('each' in code)) {
    const isLoss = 'loss' in code;
    const by = isLoss ? code.loss : code.element;
    const g = scalar ? `${array}[single ? g0 : g0 + i] * scale` : `${array}[g0 + i]`;
    return `for (let i = 0; i < size; i++) {
      const g = ${g}; ${read('i')} ${isLoss ? (code.prepare ?? '') : ''} ${write('i', by)}
    }`;
  }
  const hasLine = others.filter(({ name }) => name !== 'm');
  const lineG =
    code.g === 'element'
      ? ''
      : code.g === 'line'
        ? `${array}[g0 + line]`
        : `${array}[single ? g0 : g0 + line] * scale`;
  const elementG = (at: string): string => (code.g === 'element' ? `const g = ${array}[g0 + ${at}];` : '');
  const pass = (inner: string): string => `for (let k = 0, at = from; k < n; k++, at += step) {
      ${read('at')} ${elementG('at')} ${inner} }`;
  return `const { outer, size: n, inner: step } = lines;
  for (let o = 0, line = 0; o < outer; o++) for (let i = 0; i < step; i++, line++) {
    const from = o * n * step + i;
    ${lineG === '' ? '' : `const g = ${lineG};`}
    ${hasLine.map(({ name }) => `const ${name === 'l' ? 'label' : 'goal'} = f64[${name}0 + line];`).join(' ')}
    ${code.passes.map(({ start, step }) => `let ${start}; ${step === undefined ? '' : pass(step)}`).join('\n')}
    ${pass(write('at', code.each))}
  }`;
}
