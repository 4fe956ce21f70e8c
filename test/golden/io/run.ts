/** The cases of the manifest: files to read exactly, to read exactly or refuse, and to refuse. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { io, type Tensor } from '../../../core/index.js';
import { type Case, Unsupported } from '../suite.js';
import { groupFolder } from '../folder.js';

interface ExpectedArray {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: readonly (number | string)[];
}

interface FileCase {
  readonly file: string;
  readonly format: string;
  readonly arrays: Readonly<Record<string, ExpectedArray>>;
  readonly metadata?: Readonly<Record<string, string>>;
}

interface InvalidCase {
  readonly file: string;
  readonly format: string;
  readonly reason: string;
}

interface Manifest {
  readonly files: readonly FileCase[];
  readonly exactOrRefused: readonly FileCase[];
  readonly invalid: readonly InvalidCase[];
}

/** The dtype that a tensor of each type of file has. */
const DTYPES: Readonly<Record<string, string>> = {
  float16: 'float16',
  bfloat16: 'bfloat16',
  int8: 'int32',
  int16: 'int32',
  uint16: 'int32',
  uint32: 'int64',
  uint64: 'int64',
};

const folder = groupFolder('io');

export function ioCases(_file: string, content: unknown): Case[] {
  const manifest = content as Manifest;
  return [
    ...manifest.files.map((test) => ({ name: test.file, run: () => compareFile(test) })),
    ...manifest.exactOrRefused.map((test) => ({
      name: `${test.file} (exact or refused)`,
      run: () => (refusal(test) === null ? compareFile(test) : null),
    })),
    ...manifest.invalid.map((test) => ({
      name: `${test.file} (${test.reason})`,
      run: () => refusedProperly(test),
    })),
  ];
}

function read({ file, format }: { file: string; format: string }): Readonly<Record<string, Tensor>> {
  const full = path.join(folder, file);
  if (format === 'npy') return { array: io.loadNpy(full) };
  if (format === 'npz') return io.loadNpz(full);
  if (format === 'safetensors') return io.loadSafetensors(full);
  throw new Unsupported(`format ${format}`);
}

/** The error that reading gives, if it gives one. */
function refusal(test: { file: string; format: string }): unknown {
  try {
    read(test);
    return null;
  } catch (error) {
    if (error instanceof Unsupported) throw error;
    return error;
  }
}

function refusedProperly(test: InvalidCase): string | null {
  if (!existsSync(path.join(folder, test.file))) return 'the file is missing';
  const error = refusal(test);
  if (error === null) return `was read, although: ${test.reason}`;
  // An error of ours names the file; one of the language would mean that a check is missing.
  const message = error instanceof Error ? error.message : 'something that is no Error';
  return message.includes(test.file)
    ? null
    : `was refused, but not by an error that names the file: ${message}`;
}

function compareFile(test: FileCase): string | null {
  const arrays = read(test);
  const names = Object.keys(arrays).sort().join(', ');
  const expectedNames = Object.keys(test.arrays).sort().join(', ');
  if (names !== expectedNames) return `has ${names || 'nothing'}, expected ${expectedNames || 'nothing'}`;
  for (const [name, expected] of Object.entries(test.arrays)) {
    const problem = compareArray(arrays[name], expected);
    if (problem !== null) return `${name}: ${problem}`;
  }
  return test.metadata === undefined ? null : compareMetadata(test.file, test.metadata);
}

function compareArray(x: Tensor, expected: ExpectedArray): string | null {
  const dtype = DTYPES[expected.dtype] ?? expected.dtype;
  if (x.dtype !== dtype) return `dtype ${x.dtype}, expected ${dtype}`;
  if (x.shape.join() !== expected.shape.join())
    return `shape [${x.shape.join()}], expected [${expected.shape.join()}]`;
  const data = x.toTypedArray();
  for (let i = 0; i < expected.data.length; i++) {
    const wanted = expected.data[i];
    const exact = typeof wanted === 'string' && /^-?\d+$/.test(wanted);
    const same = exact ? BigInt(data[i]) === BigInt(wanted) : Object.is(data[i], Number(wanted));
    if (!same) return `element ${i} is ${data[i]}, expected ${wanted}`;
  }
  return data.length === expected.data.length
    ? null
    : `${data.length} elements, expected ${expected.data.length}`;
}

function compareMetadata(file: string, expected: Readonly<Record<string, string>>): string | null {
  const opened = io.openSafetensors(path.join(folder, file));
  const found = JSON.stringify(Object.entries(opened.metadata).sort());
  opened.close();
  const wanted = JSON.stringify(Object.entries(expected).sort());
  return found === wanted ? null : `metadata ${found}, expected ${wanted}`;
}
