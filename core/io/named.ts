/** Saving and loading tensors by name, in the format that the file's ending says. */
import type { StateDict } from '../nn/state.js';
import { Tensor } from '../tensor.js';
import { loadJson, saveJson } from './json.js';
import { loadNpz, saveNpz } from './npz.js';
import { loadSafetensors, saveSafetensors } from './safetensors.js';
import { loadSharded, saveSharded } from './sharded.js';
import { pathOf } from './source.js';
import { loadTorchStateDict } from './torch.js';

interface Format {
  readonly load: (path: string) => StateDict;
  readonly save: (path: string, state: Readonly<StateDict>) => void;
}

function refuse(problem: string): () => never {
  return () => {
    throw new Error(problem);
  };
}

const ONE_ARRAY = 'an .npy file holds one array without a name';
const notWritten = refuse('save: PyTorch’s format is only read; PyTorch and others read .safetensors');

/** By ending; of two that fit, the longer one comes first. */
const FORMATS: readonly (readonly [ending: string, format: Format])[] = [
  ['.safetensors.index.json', { load: loadSharded, save: saveSharded }],
  ['.safetensors', { load: loadSafetensors, save: saveSafetensors }],
  ['.npz', { load: loadNpz, save: saveNpz }],
  ['.json', { load: loadJson, save: saveJson }],
  ['.pt', { load: loadTorchStateDict, save: notWritten }],
  ['.pth', { load: loadTorchStateDict, save: notWritten }],
  ['.bin', { load: loadTorchStateDict, save: notWritten }],
  [
    '.npy',
    {
      load: refuse(`load: ${ONE_ARRAY}; read it with loadNpy(path)`),
      save: refuse(`save: ${ONE_ARRAY}; write it with saveNpy(path, tensor), or several by name as .npz`),
    },
  ],
];

function formatOf(operation: string, path: string): Format {
  const lower = path.toLowerCase();
  const found = FORMATS.find(([ending]) => lower.endsWith(ending));
  if (found) return found[1];
  throw new Error(
    `${operation}: cannot tell the format of ${JSON.stringify(path)} by its ending; the formats are ` +
      FORMATS.map(([ending]) => ending).join(', '),
  );
}

/**
 * Writes tensors by name, such as `model.stateDict()`, as .safetensors (the best for weights), .npz (for NumPy) or
 * .json, by the path's ending. The file appears whole or not at all.
 * @example io.save('model.safetensors', model.stateDict());
 */
export function save(path: string | URL, state: Readonly<StateDict>): void {
  const file = pathOf(path);
  const format = formatOf('save', file);
  for (const [name, x] of Object.entries(state)) {
    if ((x as unknown) instanceof Tensor) continue;
    throw new TypeError(
      `save: takes tensors by name, such as model.stateDict(), but ${JSON.stringify(name)} is not a tensor`,
    );
  }
  format.save(file, state);
}

/**
 * Reads tensors by name: .safetensors (also sharded: the path of the .safetensors.index.json), .npz, .json, and state
 * dicts of PyTorch (.pt, .pth, .bin).
 * @example model.loadStateDict(io.load('model.safetensors'));
 */
export function load(path: string | URL): StateDict {
  const file = pathOf(path);
  return formatOf('load', file).load(file);
}
