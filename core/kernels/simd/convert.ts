/** Conversions between element types. */
import { computesInJavaScript } from '../recording.js';
import type { Element, Ptr, Strided } from '../api.js';
import type { WasmFunction } from '../assembler/index.js';
import { copy as referenceCopy } from '../reference/copy.js';
import { LEAST_PARALLEL, perElement } from '../threads/index.js';
import { elementBytes, views } from '../views.js';
import { compileConvert, FLAG_ADDRESS } from './convert-code.js';
import { copyStrided } from './copy.js';
import { contiguousCopy } from './operands.js';

const compiled = new Map<string, WasmFunction>();

function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let step = 1;
  for (let dim = shape.length - 1; dim >= 0; dim--) {
    if (shape[dim] !== 1 && strides[dim] !== step) return false;
    step *= shape[dim];
  }
  return true;
}

/** out[contiguous] = x[strided] as another type: as C converts, floats that int32 does not hold modulo 2³². */
export function convert(
  from: Element,
  to: Element,
  shape: readonly number[],
  x: Strided,
  out: Ptr,
  toBool: boolean,
): void {
  let count = 1;
  for (const size of shape) count *= size;
  if (count === 0) return;
  if (!isContiguous(shape, x.strides)) {
    const { operand, storage } = contiguousCopy(copyStrided, from, shape, x, 'to');
    convert(from, to, shape, operand, out, toBool);
    storage.release();
    return;
  }
  const key = `${from} ${to} ${toBool}`;
  let run = compiled.get(key);
  if (run === undefined) compiled.set(key, (run = compileConvert(from, to, toBool)));
  // What is looked at afterwards is not in the kernel's call.
  if (!toBool && (to === 'int32' || to === 'uint8')) computesInJavaScript();
  views.int32[FLAG_ADDRESS / 4] = 0;
  if (count < LEAST_PARALLEL) run(count, x.ptr, out);
  else perElement(run, [count, x.ptr, out], 0, [0, elementBytes[from], elementBytes[to]]);
  if (views.int32[FLAG_ADDRESS / 4] !== 0) referenceCopy(from, to, shape, x, out, toBool);
}

export function copy(
  from: Element,
  to: Element,
  shape: readonly number[],
  x: Strided,
  out: Ptr,
  toBool = false,
): void {
  if (from === to && !toBool) copyStrided(from, shape, x, out);
  else convert(from, to, shape, x, out, toBool);
}
