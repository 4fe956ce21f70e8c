/** Calling a module with other parameters than its own, PyTorch's `torch.func.functional_call`. */

import { formatShape, sameShape } from '../layout.js';
import { Tensor } from '../tensor.js';
import type { Module } from './module.js';
import { Parameter } from './parameter.js';

interface Place {
  readonly module: Module;
  readonly name: string;
  readonly value: Tensor;
}

/** Where each parameter and buffer of a module is held, under its name in `stateDict`. */
function placesOf(module: Module): Map<string, Place> {
  const places = new Map<string, Place>();
  for (const [path, owner] of module.namedModules()) {
    for (const [name, value] of owner.held()) {
      const counts = value instanceof Parameter || owner.bufferFields?.has(name);
      if (!counts || !(value instanceof Tensor)) continue;
      places.set(path === '' ? name : `${path}.${name}`, { module: owner, name, value });
    }
  }
  return places;
}

/**
 * The output of `module` for `inputs`, with the tensors of `state` (by their names in `stateDict`) in place of its own
 * parameters and buffers while it runs. Gradients flow to these tensors, so that a module is a function of its
 * parameters, for `gradFn`, `jacobian`, `vmap` and gradients through steps of learning (MAML):
 *
 * ```ts
 * const loss = (w: Tensor) => nn.functionalCall(model, { weight: w }, x).square().mean();
 * gradFn(loss)(model.weight);
 * ```
 *
 * Names that `state` leaves out stay the module's own; a parameter that is held twice is replaced twice. `forward` must
 * be synchronous.
 * @throws RangeError for a name that the module does not have, or a tensor of another shape
 */
export function functionalCall<M extends Module>(
  module: M,
  state: Readonly<Record<string, Tensor>>,
  ...inputs: Parameters<M['forward']>
): ReturnType<M['forward']> {
  const places = placesOf(module);
  const changes: [Place, Tensor][] = [];
  for (const [name, value] of Object.entries(state)) {
    const place = places.get(name);
    if (place === undefined) {
      throw new RangeError(
        `functionalCall: ${module.typeName} has no parameter or buffer "${name}"; it has: ${[...places.keys()].join(', ') || 'none'}`,
      );
    }
    if (!sameShape(value.shape, place.value.shape)) {
      throw new RangeError(
        `functionalCall: "${name}" of ${module.typeName} has shape ${formatShape(place.value.shape)}, got ${formatShape(value.shape)}`,
      );
    }
    for (const other of places.values()) if (other.value === place.value) changes.push([other, value]);
  }
  try {
    for (const [place, value] of changes) place.module.replaceHeld(place.name, value);
    return module(...inputs);
  } finally {
    for (const [place] of changes) place.module.replaceHeld(place.name, place.value);
  }
}
