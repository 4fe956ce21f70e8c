/** Filling and copying. */
import { computesInJavaScript } from '../recording.js';
import type { Element, Ptr, Strided } from '../api.js';
import { collapse, forEachTurn } from '../nest.js';
import { elementBytes, views } from '../views.js';

export function fill(element: Element, out: Ptr, n: number, value: number): void {
  computesInJavaScript();
  const start = out / elementBytes[element];
  views[element].fill(value, start, start + n);
}

export function copy(
  from: Element,
  to: Element,
  shape: readonly number[],
  x: Strided,
  out: Ptr,
  toBool = false,
): void {
  computesInJavaScript();
  const source = views[from];
  const target = views[to];
  const start = x.ptr / elementBytes[from];
  let write = out / elementBytes[to];
  const nest = collapse(shape, [x.strides]);
  const n = nest.sizes[0];
  const step = nest.strides[0][0];
  forEachTurn(nest, 1, (offsets) => {
    let read = start + offsets[0];
    if (toBool) for (let i = 0; i < n; i++, read += step) target[write++] = source[read] !== 0 ? 1 : 0;
    else if (from === to && step === 1) {
      target.copyWithin(write, read, read + n);
      write += n;
    } else for (let i = 0; i < n; i++, read += step) target[write++] = source[read];
  });
}

export function copyInto(element: Element, shape: readonly number[], x: Strided, out: Strided): void {
  computesInJavaScript();
  const array = views[element];
  const bytes = elementBytes[element];
  const nest = collapse(shape, [x.strides, out.strides]);
  const n = nest.sizes[0];
  const stepX = nest.strides[0][0];
  const stepOut = nest.strides[1][0];
  forEachTurn(nest, 1, (offsets) => {
    let read = x.ptr / bytes + offsets[0];
    let write = out.ptr / bytes + offsets[1];
    for (let i = 0; i < n; i++, read += stepX, write += stepOut) array[write] = array[read];
  });
}
