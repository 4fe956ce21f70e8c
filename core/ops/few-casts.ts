/** Conversions of a few elements between dtypes as one loop, written for each pair of arrays at its first use. */
import { gradMode } from '../autograd/mode.js';
import type { DType } from '../dtype.js';
import { f32, f64, i32, u8 } from '../memory.js';
import { allocate, Tensor } from '../tensor.js';
import { ARRAYS } from './few-bodies.js';
import { isFew } from './few.js';
import type { Few } from './record.js';

/** Up to so many elements a loop takes less time than a kernel. */
const FEW = 64;

const ARRAY_OF: Readonly<Partial<Record<DType, readonly [string, number]>>> = ARRAYS;

type Loop = (x: Tensor, out: Tensor) => void;
const loops = new Map<DType, Map<DType, Loop | null>>();

/** Elements of another dtype; null where that is left to the op. */
function converted(x: unknown, dtype: unknown): Tensor | null {
  if (!(x instanceof Tensor) || x.dtype === dtype) return null;
  const { layout } = x;
  if (!isFew(layout.size, FEW) || layout.size === 0 || !layout.contiguous) return null;
  if (gradMode.enabled && x.requiresGrad) return null;
  const loop = loopFor(x.dtype, dtype as DType);
  if (loop === null) return null;
  const out = allocate(layout.compact(), dtype as DType, 'to');
  loop(x, out);
  return out;
}

function loopFor(from: DType, to: DType): Loop | null {
  let byTarget = loops.get(from);
  if (byTarget === undefined) loops.set(from, (byTarget = new Map<DType, Loop | null>()));
  let loop = byTarget.get(to);
  if (loop === undefined) {
    loop = write(from, to);
    // What is no dtype, the op says.
    if (loop !== null) byTarget.set(to, loop);
  }
  return loop;
}

function write(from: DType, to: DType): Loop | null {
  if (!Object.hasOwn(ARRAY_OF, from) || !Object.hasOwn(ARRAY_OF, to)) return null;
  const [source, sourceShift] = ARRAY_OF[from]!;
  const [target, targetShift] = ARRAY_OF[to]!;
  const isFloat = from === 'float32' || from === 'float64';
  // int64 is stored as float64: what storing drops elsewhere is dropped here, and what is no number becomes 0.
  const value =
    to === 'bool' ? 'x !== 0 ? 1 : 0' : to === 'int64' && isFloat ? 'x - x === 0 ? Math.trunc(x) : 0' : 'x';
  const text = `'use strict'; const ${source} = source, ${target === source ? 'none' : target} = target;
return function to_${to}(x, out) {
  const from = x.start(${sourceShift}), to = out.start(${targetShift}), size = x.layout.size;
  for (let i = 0; i < size; i++) {
    const x = ${source}[from + i];
    ${target}[to + i] = ${value};
  }
};`;
  const arrays = { f32, f64, i32, u8 } as const;
  try {
    // The text is made of constants of this library only.
    // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call
    return new Function('source', 'target', text)(
      arrays[source as keyof typeof arrays],
      arrays[target as keyof typeof arrays],
    ) as Loop;
  } catch (error) {
    if (error instanceof EvalError) return null;
    throw error;
  }
}

/** (input, dtype) */
export const fewTo: Few = (x, dtype) => (typeof dtype === 'string' ? converted(x, dtype) : null);

/** (input) */
export function fewConversion(dtype: DType): Few {
  return (x) => converted(x, dtype);
}
