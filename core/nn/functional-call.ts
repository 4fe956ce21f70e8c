/** Calling a module with other parameters than its own, PyTorch's `torch.func.functional_call`. */

import { noGrad } from '../autograd/mode.js';
import { formatShape, sameShape } from '../layout.js';
import { stack } from '../ops/joining.js';
import { Tensor } from '../tensor.js';
import type { InputsOf, Module, OutputOf } from './module.js';
import { Parameter } from './parameter.js';

type State = Readonly<Record<string, Tensor>>;

function isList(state: State | readonly State[]): state is readonly State[] {
  return Array.isArray(state);
}

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
 * Several states (parameters and buffers) are one array. Names that `state` leaves out stay the module's own; a parameter that is held twice is replaced twice. `forward` must
 * be synchronous.
 * @throws RangeError for a name that the module does not have, or a tensor of another shape
 */
export function functionalCall<M extends Module>(
  module: M,
  state: State | readonly State[],
  ...inputs: InputsOf<M>
): OutputOf<M>;
export function functionalCall(
  module: Module,
  state: State | readonly State[],
  ...inputs: readonly unknown[]
): unknown {
  const places = placesOf(module);
  const changes: [Place, Tensor][] = [];
  const states: readonly State[] = isList(state) ? state : [state];
  const all = states.flatMap((some) => Object.entries(some));
  for (const [name, value] of all) {
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

/**
 * Parameters and buffers of models of one kind, each stacked along a new first dimension: for ensembles, which `vmap`
 * computes at once. As `torch.func.stack_module_state`.
 *
 * ```ts
 * const [params, buffers] = stackModuleState(models);
 * const each = vmap((p, b, x) => functionalCall(models[0], [p, b], x), { inDims: [0, 0, null] })(params, buffers, x);
 * ```
 */
export function stackModuleState(
  models: readonly Module[],
): [params: Record<string, Tensor>, buffers: Record<string, Tensor>] {
  if (models.length === 0) throw new RangeError('stackModuleState: no models given');
  const stacked = (
    lists: readonly (readonly [string, Tensor])[][],
    learned: boolean,
  ): Record<string, Tensor> =>
    Object.fromEntries(
      lists[0].map(([name, first], i) => {
        const all = noGrad(() =>
          stack(
            lists.map((list) => list[i][1]),
            0,
          ),
        );
        return [name, learned && first.requiresGrad ? all.requiresGrad_() : all];
      }),
    );
  return [
    stacked(
      models.map((model) => model.namedParameters()),
      true,
    ),
    stacked(
      models.map((model) => model.namedBuffers()),
      false,
    ),
  ];
}
