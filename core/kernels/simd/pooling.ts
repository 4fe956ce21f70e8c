/** Pooling, and single elements of planes. */
import type { FloatElement, Ptr } from '../api.js';
import { volume } from '../convolution.js';
import type { PoolGeometry } from '../pooling.js';
import { i32 as words } from '../../memory.js';
import { Storage } from '../../storage.js';
import { recording } from '../recording.js';
import { perRow } from '../threads/index.js';
import { elementBytes, views } from '../views.js';
import { floatLanes } from './lanes.js';
import { fill } from './optimizers.js';
import { compilePooling, type PoolFunctions, PoolWord } from './pooling-code.js';

const functions: Partial<Record<FloatElement, PoolFunctions>> = {};
const plans: Readonly<Record<FloatElement, WeakMap<PoolGeometry, Storage>>> = {
  float32: new WeakMap(),
  float64: new WeakMap(),
};

/** Plans that a compiled step was recorded with: it calls kernels with their addresses. */
const pinned = new Set<Storage>();

function functionsOf(element: FloatElement): PoolFunctions {
  return (functions[element] ??= compilePooling(floatLanes[element]));
}

function planOf(element: FloatElement, g: PoolGeometry): Ptr {
  let plan = plans[element].get(g);
  if (plan === undefined) plans[element].set(g, (plan = makePlan(element, g)));
  if (recording.current !== null) pinned.add(plan);
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

/** Bytes of a plane of the input and of the result. */
function planeBytes(element: FloatElement, g: PoolGeometry): [input: number, result: number] {
  const bytes = elementBytes[element];
  return [volume(g.input) * bytes, volume(g.counts) * bytes];
}

export function maxPool(element: FloatElement, g: PoolGeometry, x: Ptr, out: Ptr, places: Ptr): void {
  const [plane, result] = planeBytes(element, g);
  const args = [g.planes, x, out, places, planOf(element, g)];
  const steps = [0, plane, result, 4 * volume(g.counts), 0];
  perRow(functionsOf(element).max, args, 0, volume(g.input), steps, 'dear');
}

export function meanPool(element: FloatElement, g: PoolGeometry, x: Ptr, out: Ptr): void {
  const [plane, result] = planeBytes(element, g);
  const args = [g.planes, x, out, 0, planOf(element, g)];
  perRow(functionsOf(element).mean, args, 0, volume(g.input), [0, plane, result, 0, 0], 'dear');
}

export function meanPoolGrad(element: FloatElement, g: PoolGeometry, grad: Ptr, out: Ptr): void {
  const [plane, result] = planeBytes(element, g);
  fill(element, out, g.planes * volume(g.input), 0);
  const args = [g.planes, out, grad, 0, planOf(element, g)];
  perRow(functionsOf(element).spread, args, 0, volume(g.input), [0, plane, result, 0, 0], 'dear');
}

export function takePlaces(
  element: FloatElement,
  [planes, size, count]: readonly [number, number, number],
  x: Ptr,
  places: Ptr,
  out: Ptr,
): void {
  const bytes = elementBytes[element];
  const args = [planes, size * bytes, count, x, places, out];
  const steps = [0, 0, 0, size * bytes, 4 * count, count * bytes];
  perRow(functionsOf(element).take, args, 0, count, steps, 'dear');
}

export function addPlaces(
  element: FloatElement,
  [planes, size, count]: readonly [number, number, number],
  values: Ptr,
  places: Ptr,
  out: Ptr,
): void {
  fill(element, out, planes * size, 0);
  const bytes = elementBytes[element];
  const args = [planes, size * bytes, count, values, places, out];
  const steps = [0, 0, 0, count * bytes, 4 * count, size * bytes];
  perRow(functionsOf(element).add, args, 0, count, steps, 'dear');
}
