/**
 * Conversions of a few elements between dtypes as one loop, with source of its own for each pair of dtypes: see
 * `few-code.ts`.
 */
import { gradMode } from '../autograd/mode.js';
import { f32, f64, i32, u8 } from '../memory.js';
import { allocateFew, Tensor } from '../tensor.js';
import { ARRAYS, type LoopDType } from './few-bodies.js';
import { fewElements } from './few.js';
import type { Few } from './record.js';

/** Up to so many elements a loop takes less time than a kernel. */
const FEW = 256;

const DTYPES: readonly LoopDType[] = ['float32', 'float64', 'int32', 'int64', 'uint8', 'bool'];

/** What the functions refer to. */
const scope = { Tensor, allocateFew, fewElements, gradMode, f32, f64, i32, u8 };

const nothing: Few = () => null;

function pair(from: LoopDType, to: LoopDType): string {
  const [source, sourceShift] = ARRAYS[from];
  const [target, targetShift] = ARRAYS[to];
  const isFloat = from === 'float32' || from === 'float64';
  // int64 is stored as float64: what storing drops elsewhere is dropped here, and what is no number becomes 0.
  const value =
    to === 'bool' ? 'x !== 0 ? 1 : 0' : to === 'int64' && isFloat ? 'x - x === 0 ? Math.trunc(x) : 0' : 'x';
  return `function ${from}_${to}(x, layout, size) {
  const out = allocateFew(layout, '${to}', size << ${targetShift}, 'to');
  const from = x.start(${sourceShift}), to = out.start(${targetShift});
  for (let i = 0; i < size; i++) {
    const x = ${source}[from + i];
    ${target}[to + i] = ${value};
  }
  return out;
}`;
}

/** A function for one target; what is of that dtype already is the op's. */
function conversion(to: LoopDType): string {
  const sources = DTYPES.filter((from) => from !== to);
  return `${sources.map((from) => pair(from, to)).join('\n')}
function to_${to}(x) {
  if (!(x instanceof Tensor)) return null;
  const layout = x.layout, size = layout.size, dtype = x.dtype;
  if (size > ${FEW} || size > fewElements.limit || size === 0 || !layout.contiguous || (gradMode.enabled && x.requiresGrad)) return null;
  const own = layout.offset === 0 ? layout : layout.compact();
  ${sources.map((from) => `if (dtype === '${from}') return ${from}_${to}(x, own, size);`).join('\n  ')}
  return null;
}`;
}

function compiled(text: string): Few {
  const constants = Object.keys(scope).map((own) => `const ${own} = _${own};`);
  try {
    // The text is made of constants of this library only.
    // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call
    return new Function(
      ...Object.keys(scope).map((own) => `_${own}`),
      `'use strict'; ${constants.join(' ')} ${text}`,
    )(...Object.values(scope)) as Few;
  } catch (error) {
    if (error instanceof EvalError) return nothing;
    throw error;
  }
}

let to: Few | null = null;

/** (input, dtype) */
export const fewTo: Few = (x, dtype) => {
  to ??= compiled(`${DTYPES.map(conversion).join('\n')}
return function to(x, dtype) {
  ${DTYPES.map((own) => `if (dtype === '${own}') return to_${own}(x);`).join('\n  ')}
  return null;
};`);
  return to(x, dtype, undefined, undefined);
};

/** (input) */
export function fewConversion(dtype: LoopDType): Few {
  let own: Few | null = null;
  return (x) => {
    own ??= compiled(`${conversion(dtype)}\nreturn to_${dtype};`);
    return own(x, undefined, undefined, undefined);
  };
}
