/** Reading and writing tensors: safetensors, NumPy's npy and npz, PyTorch's checkpoints. */
export type { FileInput } from './source.js';
export { loadNpz, saveNpz, type SaveNpzOptions } from './npz.js';
export { loadIdx, saveIdx } from './idx.js';
export { loadNpy, NpyFile, openNpy, saveNpy } from './npy.js';
export {
  loadSafetensors,
  type Metadata,
  openSafetensors,
  SafetensorsFile,
  saveSafetensors,
  type SaveSafetensorsOptions,
  type TensorDescription,
  type TensorInfo,
} from './safetensors.js';
export { createSafetensors, SafetensorsWriter } from './safetensors-writer.js';
export { loadSharded, openSharded, saveSharded, ShardedFile, type SaveShardedOptions } from './sharded.js';
export { loadTorch, loadTorchStateDict, type TorchDict, type TorchValue } from './torch.js';
export { checkpoint, type CheckpointOptions, resume, type ResumeOptions } from './checkpoint.js';
export { loadJson, saveJson } from './json.js';
export { load, save } from './named.js';
