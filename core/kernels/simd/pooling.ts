/** Pooling, and single elements of planes. */
import type { FloatElement, Ptr } from '../api.js';
import { volume } from '../convolution.js';
import type { PoolGeometry } from '../pooling.js';
import { i32 as words } from '../../memory.js';
import { Storage } from '../../storage.js';
import { elementBytes, views } from '../views.js';
import { floatLanes } from './lanes.js';
import { fill } from './optimizers.js';
import { compilePooling, type PoolFunctions, PoolWord } from './pooling-code.js';

const functions: Partial<Record<FloatElement, PoolFunctions>> = {};
const plans: Readonly<Record<FloatElement, WeakMap<PoolGeometry, Storage>>> = {
  float32: new WeakMap(),
  float64: new WeakMap(),
};

function functionsOf(element: FloatElement): PoolFunctions {
  return (functions[element] ??= compilePooling(floatLanes[element]));
}

function planOf(element: FloatElement, g: PoolGeometry): Ptr {
  let plan = plans[element].get(g);
  if (plan === undefined) plans[element].set(g, (plan = makePlan(element, g)));
  return plan.ptr;
}

function makePlan(element: FloatElement, g: PoolGeometry): Storage {
  const bytes = elementBytes[element];
  const { spans, input } = g;
  const windows = g.counts.reduce((a, b) => a + b, 0);
  // Two words a window and its divisor; vectors of divisors are read past the last.
  const head = Math.ceil((4 * (PoolWord.words + 2 * windows)) / 8) * 8;
  const storage = Storage.allocate(head + windows * bytes, 'pool');
  const start = storage.ptr / 4;
  const row = input[2] * bytes;
  const slice = row * input[1];
  const put = (name: keyof typeof PoolWord, value: number): void => {
    words[start + PoolWord[name]] = value;
  };
  const [depth, height, width] = spans;
  put('depth', g.counts[0]);
  put('height', g.counts[1]);
  put('width', g.counts[2]);
  put('wholeFrom', width.whole[0]);
  put('wholeTo', width.whole[1]);
  put('strideBytes', width.stride * bytes);
  put('wholeLength', width.whole[1] > width.whole[0] ? width.lengths[width.whole[0]] : 0);
  put('rowBytes', row);
  put('sliceBytes', slice);
  put('planeBytes', slice * input[0]);
  put('depthStep', depth.step * slice);
  put('heightStep', height.step * row);
  put('widthStep', width.step * bytes);
  put('rowSize', input[2]);
  put('sliceSize', input[1] * input[2]);
  const tables = ['depthTable', 'heightTable', 'widthTable'] as const;
  const divisors = ['depthDivisors', 'heightDivisors', 'widthDivisors'] as const;
  let table: number = PoolWord.words;
  let divisor = head / bytes;
  spans.forEach((span, d) => {
    put(tables[d], 4 * table);
    put(divisors[d], divisor * bytes);
    span.starts.forEach((from, i) => {
      words[start + table++] = from;
      words[start + table++] = span.lengths[i];
      views[element][storage.ptr / bytes + divisor++] = span.divisors[i];
    });
  });
  return storage;
}

export function maxPool(element: FloatElement, g: PoolGeometry, x: Ptr, out: Ptr, places: Ptr): void {
  functionsOf(element).max(g.planes, x, out, places, planOf(element, g));
}

export function meanPool(element: FloatElement, g: PoolGeometry, x: Ptr, out: Ptr): void {
  functionsOf(element).mean(g.planes, x, out, 0, planOf(element, g));
}

export function meanPoolGrad(element: FloatElement, g: PoolGeometry, grad: Ptr, out: Ptr): void {
  fill(element, out, g.planes * volume(g.input), 0);
  functionsOf(element).spread(g.planes, out, grad, 0, planOf(element, g));
}

export function takePlaces(
  element: FloatElement,
  [planes, size, count]: readonly [number, number, number],
  x: Ptr,
  places: Ptr,
  out: Ptr,
): void {
  functionsOf(element).take(planes, size * elementBytes[element], count, x, places, out);
}

export function addPlaces(
  element: FloatElement,
  [planes, size, count]: readonly [number, number, number],
  values: Ptr,
  places: Ptr,
  out: Ptr,
): void {
  fill(element, out, planes * size, 0);
  functionsOf(element).add(planes, size * elementBytes[element], count, values, places, out);
}
