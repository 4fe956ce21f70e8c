/**
 * Lets a recorder see modules, optimizers, backward passes and products. Functions of prototypes and of the kernels' table are
 * put in the places of others while a profile is on, so that nothing is asked while none is.
 */
import { Run } from '../autograd/engine.js';
import { gradMode } from '../autograd/mode.js';
import { type ConvGeometry, volume } from '../kernels/convolution.js';
import { kernels } from '../kernels/index.js';
import { Module } from '../nn/module.js';
import { knownOptimizers } from '../optim/optimizer.js';
import { watchOptimizerSteps } from '../optim/watch-steps.js';
import { stepCost } from './cost.js';
import type { Recorder } from './recorder.js';

/** Takes the recorder off again, and puts back what was there; a second call does nothing. */
export type Detach = () => void;

export function attach(recorder: Recorder): Detach {
  const undo: (() => void)[] = [];
  const { watch } = gradMode;
  gradMode.watch = recorder;
  undo.push(() => {
    gradMode.watch = watch;
  });
  undo.push(watchModules(recorder), watchBackward(recorder), watchProducts(recorder));
  knownOptimizers.onNew = watchOptimizerSteps(
    ({ name, paramGroups }, run) =>
      recorder.around(`${name}.step`, 'optimizer', null, run, () => stepCost(name, paramGroups)),
    (restore) => undo.push(restore),
  );
  undo.push(() => {
    knownOptimizers.onNew = null;
  });
  return () => {
    for (const each of undo.splice(0).reverse()) each();
  };
}

function watchModules(recorder: Recorder): () => void {
  const paths = new WeakMap<Module, string>();
  const pathOf = (module: Module): string => {
    const known = paths.get(module);
    if (known !== undefined) return known;
    const root = module.constructor.name;
    for (const [name, part] of module.namedModules()) {
      if (!paths.has(part)) paths.set(part, name === '' ? root : `${root}.${name}`);
    }
    return paths.get(module) ?? root;
  };
  // eslint-disable-next-line @typescript-eslint/unbound-method -- bound by `apply`
  const { invoke } = Module.prototype;
  Module.prototype.invoke = function watched(this: Module, inputs: unknown[]): unknown {
    return recorder.around(this.constructor.name, 'module', pathOf(this), () =>
      Reflect.apply(invoke, this, [inputs]),
    );
  };
  return () => {
    Module.prototype.invoke = invoke;
  };
}

function watchBackward(recorder: Recorder): () => void {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- bound by `apply`
  const { go } = Run.prototype;
  Run.prototype.go = function watched(this: Run, ...args: Parameters<Run['go']>): ReturnType<Run['go']> {
    return recorder.around('backward', 'backward', null, () => Reflect.apply(go, this, args));
  };
  return () => {
    Run.prototype.go = go;
  };
}

/** Lets a recorder count the products that kernels compute. */
export function watchProducts(recorder: Recorder): () => void {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- a function of the kernels' table, which has no `this`
  const { matmul, conv, convInputGrad, convWeightGrad, attentionGrad } = kernels;
  kernels.matmul = (element, size, ...rest) => {
    recorder.product(2 * size.batch * size.m * size.n * size.k);
    matmul(element, size, ...rest);
  };
  kernels.conv = (element, geometry, ...rest) => {
    recorder.product(convolutionCost(geometry));
    conv(element, geometry, ...rest);
  };
  kernels.convInputGrad = (element, geometry, ...rest) => {
    recorder.product(convolutionCost(geometry));
    convInputGrad(element, geometry, ...rest);
  };
  kernels.convWeightGrad = (element, geometry, ...rest) => {
    recorder.product(convolutionCost(geometry));
    convWeightGrad(element, geometry, ...rest);
  };
  kernels.attentionGrad = (element, shape, ...rest) => {
    const { heads, rows, columns, width, valueWidth } = shape;
    recorder.product(2 * heads * rows * columns * (3 * width + 2 * valueWidth));
    attentionGrad(element, shape, ...rest);
  };
  return () => {
    Object.assign(kernels, { matmul, conv, convInputGrad, convWeightGrad, attentionGrad });
  };
}

function convolutionCost({ samples, groups, channels, outChannels, kernel, counts }: ConvGeometry): number {
  return 2 * samples * groups * channels * outChannels * volume(kernel) * volume(counts);
}
