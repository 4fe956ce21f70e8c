/** Filling, and updates of parameters in place. */
import type { Element, FloatElement, Ptr } from '../api.js';
import type { WasmFunction } from '../assembler/index.js';
import { fill as referenceFill } from '../reference/copy.js';
import { LEAST_PARALLEL, parallel, perElement } from '../threads/index.js';
import { i32 as words } from '../../memory.js';
import { Storage } from '../../storage.js';
import { recording } from '../recording.js';
import type { Update, UpdateArrays } from '../updates.js';
import { elementBytes } from '../views.js';
import { floatLanes } from './lanes.js';
import {
  compileAxpy,
  compileClipFactor,
  compileFill,
  compileSumSquares,
  compileUpdate,
  type UpdateFunctions,
} from './optimizer-code.js';

const compiled = new Map<string, WasmFunction>();

function cached(key: string, compile: () => WasmFunction): WasmFunction {
  let run = compiled.get(key);
  if (run === undefined) compiled.set(key, (run = compile()));
  return run;
}

/** Calls a kernel over elements, on all threads where that is worth it; the arguments at `moving` are arrays. */
function each(
  element: FloatElement,
  run: WasmFunction,
  args: readonly number[],
  count: number,
  moving: readonly number[],
): void {
  if (args[count] < LEAST_PARALLEL) {
    run(...args);
    return;
  }
  const steps = args.map((_, k) => (moving.includes(k) ? elementBytes[element] : 0));
  perElement(run, args, count, steps);
}

export function fill(element: Element, out: Ptr, n: number, value: number): void {
  if (element === 'float32' || element === 'float64')
    each(
      element,
      cached(`fill ${element}`, () => compileFill(floatLanes[element])),
      [out, n, value],
      1,
      [0],
    );
  else referenceFill(element, out, n, value);
}

export function axpy(element: FloatElement, n: number, alpha: number, x: Ptr, y: Ptr): void {
  each(
    element,
    cached(`axpy ${element}`, () => compileAxpy(floatLanes[element])),
    [n, alpha, x, y],
    0,
    [2, 3],
  );
}

const updates: Readonly<Record<FloatElement, Map<Update, UpdateFunctions>>> = {
  float32: new Map(),
  float64: new Map(),
};
const squares: Partial<Record<FloatElement, UpdateFunctions>> = {};
let clip: WasmFunction | undefined;

/** Elements of a tensor that are a row of the table: what one thread updates at a time. */
const PIECE = 2 ** 15;

/** One call for all tensors, which a table in memory names: large ones piece by piece. */
function callMany(
  many: WasmFunction,
  element: FloatElement,
  tensors: readonly (readonly number[])[],
  common: number,
  divided: boolean,
): void {
  if (tensors.length === 0) return;
  const head = tensors[0].length;
  const bytes = elementBytes[element];
  let pieces = 0;
  let total = 0;
  for (const [n] of tensors) {
    pieces += Math.ceil(n / PIECE);
    total += n;
  }
  const table = Storage.allocate(4 * head * Math.max(1, pieces), 'optimizer');
  const from = table.ptr / 4;
  let at = from;
  for (const tensor of tensors) {
    const [n] = tensor;
    for (let done = 0; done < n; done += PIECE) {
      words[at] = Math.min(PIECE, n - done);
      for (let k = 1; k < head; k++) words[at + k] = tensor[k] + done * bytes;
      at += head;
    }
  }
  if (recording.current !== null) recording.current.table(table.ptr, words.slice(from, at));
  const steps = [0, 4 * head, 0];
  if (total < LEAST_PARALLEL || !divided) many(pieces, table.ptr, common);
  else parallel(many, [pieces, table.ptr, common], { count: 0, size: 1, steps });
  table.release();
}

export function update(
  rule: Update,
  element: FloatElement,
  tensors: readonly UpdateArrays[],
  numbers: Ptr,
): void {
  const compiled = updates[element];
  let functions = compiled.get(rule);
  if (functions === undefined) compiled.set(rule, (functions = compileUpdate(rule, floatLanes[element])));
  callMany(functions.many, element, tensors, numbers, true);
}

export function sumSquares(
  element: FloatElement,
  tensors: readonly (readonly [n: number, x: Ptr])[],
  out: Ptr,
): void {
  const functions = (squares[element] ??= compileSumSquares(floatLanes[element]));
  callMany(functions.many, element, tensors, out, false);
}

export function clipFactor(most: number, out: Ptr): void {
  clip ??= compileClipFactor();
  clip(out, most);
}
