/** Filling, and updates of parameters in place. */
import type { AdamStep, Element, FloatElement, Ptr, SgdStep } from '../api.js';
import type { AdamArrays, SgdArrays } from '../layers.js';
import type { WasmFunction } from '../assembler/index.js';
import { fill as referenceFill } from '../reference/copy.js';
import { LEAST_PARALLEL, parallel, perElement } from '../threads/index.js';
import { i32 as words } from '../../memory.js';
import { Storage } from '../../storage.js';
import { elementBytes } from '../views.js';
import { floatLanes } from './lanes.js';
import {
  compileAdam,
  compileAxpy,
  compileFill,
  compileSgd,
  compileSumSquares,
  type AdamVariant,
  type SgdVariant,
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

/** A variant of an update, and the numbers that it takes behind its addresses. */
type Update = readonly [functions: UpdateFunctions, settings: readonly number[]];

const updates = new Map<string, UpdateFunctions>();

function cachedUpdate(key: string, compile: () => UpdateFunctions): UpdateFunctions {
  let own = updates.get(key);
  if (own === undefined) updates.set(key, (own = compile()));
  return own;
}

function sgdUpdate(element: FloatElement, options: SgdStep): Update {
  const { lr, momentum, dampening, weightDecay, nesterov, maximize, first } = options;
  const variant: SgdVariant = {
    momentum: momentum === 0 ? 'none' : first ? 'first' : 'running',
    nesterov,
    decay: weightDecay !== 0,
    maximize,
  };
  const key = `sgd ${element} ${variant.momentum} ${nesterov} ${variant.decay} ${maximize}`;
  const functions = cachedUpdate(key, () => compileSgd(floatLanes[element], variant));
  return [functions, [lr, momentum, 1 - dampening, weightDecay]];
}

function adamUpdate(element: FloatElement, options: AdamStep): Update {
  const { lr, beta1, beta2, eps, weightDecay, decoupled, amsgrad, maximize, step } = options;
  const variant: AdamVariant = {
    decay: weightDecay === 0 ? 'none' : decoupled ? 'decoupled' : 'gradient',
    amsgrad,
    maximize,
  };
  const key = `adam ${element} ${variant.decay} ${amsgrad} ${maximize}`;
  const settings = [
    beta1,
    1 - beta1,
    beta2,
    1 - beta2,
    lr / (1 - beta1 ** step),
    1 / Math.sqrt(1 - beta2 ** step),
    eps,
    decoupled ? 1 - lr * weightDecay : weightDecay,
  ];
  return [cachedUpdate(key, () => compileAdam(floatLanes[element], variant)), settings];
}

export function sgdStep(
  element: FloatElement,
  n: number,
  p: Ptr,
  g: Ptr,
  buffer: Ptr,
  options: SgdStep,
): void {
  const [{ run }, settings] = sgdUpdate(element, options);
  each(element, run, [n, p, g, buffer, ...settings], 0, [1, 2, 3]);
}

export function adamStep(
  element: FloatElement,
  n: number,
  p: Ptr,
  g: Ptr,
  m: Ptr,
  v: Ptr,
  vMax: Ptr,
  options: AdamStep,
): void {
  const [{ run }, settings] = adamUpdate(element, options);
  each(element, run, [n, p, g, m, v, vMax, ...settings], 0, [1, 2, 3, 4, 5]);
}

/** Elements of a tensor that are a row of the table: what one thread updates at a time. */
const PIECE = 2 ** 15;

/** One call for all tensors, which a table in memory names: large ones piece by piece. */
function updateAll(
  element: FloatElement,
  [{ many }, settings]: Update,
  tensors: readonly (readonly number[])[],
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
  const table = Storage.allocate(4 * head * pieces, 'optimizer');
  let at = table.ptr / 4;
  for (const tensor of tensors) {
    const [n] = tensor;
    for (let done = 0; done < n; done += PIECE) {
      words[at] = Math.min(PIECE, n - done);
      for (let k = 1; k < head; k++) words[at + k] = tensor[k] === 0 ? 0 : tensor[k] + done * bytes;
      at += head;
    }
  }
  const args = [pieces, table.ptr, ...settings];
  if (total < LEAST_PARALLEL) many(...args);
  else parallel(many, args, { count: 0, size: 1, steps: args.map((_, k) => (k === 1 ? 4 * head : 0)) });
  table.release();
}

export function sgdSteps(element: FloatElement, tensors: readonly SgdArrays[], options: SgdStep): void {
  updateAll(element, sgdUpdate(element, options), tensors);
}

export function adamSteps(element: FloatElement, tensors: readonly AdamArrays[], options: AdamStep): void {
  updateAll(element, adamUpdate(element, options), tensors);
}

export function sumSquares(element: FloatElement, n: number, x: Ptr, out: Ptr): void {
  cached(`squares ${element}`, () => compileSumSquares(floatLanes[element]))(n, x, out);
}
