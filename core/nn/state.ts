/** Loading a module's state, with errors that say all that is wrong at once. */

import { describeValue, formatShape, sameShape } from '../layout.js';
import { writeData } from '../ops/inplace.js';
import { Tensor } from '../tensor.js';

/** Tensors by their names in a module. */
export type StateDict = Record<string, Tensor>;

/** What a state lacked and what it had too much. */
export interface LoadResult {
  readonly missingKeys: readonly string[];
  readonly unexpectedKeys: readonly string[];
}

/** Copies `source` into the tensors of `target`, after checking everything. */
export function loadState(
  owner: string,
  target: Readonly<StateDict>,
  source: Readonly<StateDict>,
  strict: boolean,
): LoadResult {
  for (const [name, value] of Object.entries((source as unknown) ?? { state: source })) {
    if (!((value as unknown) instanceof Tensor)) {
      throw new TypeError(
        `loadStateDict: takes tensors by name, as other.stateDict(), but "${name}" is ${describeValue(value)}`,
      );
    }
  }
  const missingKeys = Object.keys(target).filter((name) => !Object.hasOwn(source, name));
  const unexpectedKeys = Object.keys(source).filter((name) => !Object.hasOwn(target, name));
  const problems: string[] = [];
  if (strict && missingKeys.length > 0) problems.push(`missing keys: ${list(missingKeys)}`);
  if (strict && unexpectedKeys.length > 0) problems.push(`unexpected keys: ${list(unexpectedKeys)}`);
  for (const [name, tensor] of Object.entries(target)) {
    if (!Object.hasOwn(source, name)) continue;
    const given = source[name];
    if (!sameShape(given.shape, tensor.shape)) {
      problems.push(
        `size mismatch for "${name}": the state has shape ${formatShape(given.shape)}, ` +
          `the module ${formatShape(tensor.shape)}`,
      );
    }
  }
  if (problems.length > 0) {
    throw new Error(`loadStateDict: cannot load this state into ${owner}:\n  ${problems.join('\n  ')}`);
  }
  for (const [name, tensor] of Object.entries(target)) {
    if (Object.hasOwn(source, name)) writeData('loadStateDict', tensor, source[name]);
  }
  return { missingKeys, unexpectedKeys };
}

function list(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}
