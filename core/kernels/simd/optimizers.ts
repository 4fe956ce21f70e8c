/** Filling, and updates of parameters in place. */
import type { AdamStep, Element, FloatElement, Ptr, SgdStep } from '../api.js';
import type { WasmFunction } from '../assembler/index.js';
import { fill as referenceFill } from '../reference/copy.js';
import { LEAST_PARALLEL, perElement } from '../threads/index.js';
import { elementBytes } from '../views.js';
import { floatLanes } from './lanes.js';
import {
  compileAdam,
  compileAxpy,
  compileFill,
  compileSgd,
  type AdamVariant,
  type SgdVariant,
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

export function sgdStep(
  element: FloatElement,
  n: number,
  p: Ptr,
  g: Ptr,
  buffer: Ptr,
  options: SgdStep,
): void {
  const { lr, momentum, dampening, weightDecay, nesterov, maximize, first } = options;
  const variant: SgdVariant = {
    momentum: momentum === 0 ? 'none' : first ? 'first' : 'running',
    nesterov,
    decay: weightDecay !== 0,
    maximize,
  };
  const key = `sgd ${element} ${variant.momentum} ${nesterov} ${variant.decay} ${maximize}`;
  const run = cached(key, () => compileSgd(floatLanes[element], variant));
  each(element, run, [n, p, g, buffer, lr, momentum, 1 - dampening, weightDecay], 0, [1, 2, 3]);
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
  const { lr, beta1, beta2, eps, weightDecay, decoupled, amsgrad, maximize, step } = options;
  const variant: AdamVariant = {
    decay: weightDecay === 0 ? 'none' : decoupled ? 'decoupled' : 'gradient',
    amsgrad,
    maximize,
  };
  const key = `adam ${element} ${variant.decay} ${amsgrad} ${maximize}`;
  const run = cached(key, () => compileAdam(floatLanes[element], variant));
  const args = [
    n,
    p,
    g,
    m,
    v,
    vMax,
    beta1,
    1 - beta1,
    beta2,
    1 - beta2,
    lr / (1 - beta1 ** step),
    1 / Math.sqrt(1 - beta2 ** step),
    eps,
    decoupled ? 1 - lr * weightDecay : weightDecay,
  ];
  each(element, run, args, 0, [1, 2, 3, 4, 5]);
}
