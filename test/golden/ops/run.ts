/** Runs the samples of one reference file against the op of that name. */
import {
  type WideFloatDType,
  getDefaultDtype,
  grad,
  type IndexItem,
  setDefaultDtype,
  Tensor,
  zerosLike,
} from 'nabla/core';
import { registry } from '../../../core/ops/record.js';
import { alignSigns, storedPart, symmetrize } from './conventions.js';
import {
  arrayDifference,
  camelCase,
  difference,
  dtypeAt,
  isStoredTensor,
  readArgument,
  readTensor,
  type Stored,
  storedNumber,
  type StoredTensor,
  TOLERANCES,
} from './values.js';

export interface Sample {
  readonly args: readonly Stored[];
  readonly kwargs: Readonly<Record<string, Stored>>;
  readonly output: Stored;
  readonly gradOutput?: Stored;
  readonly grads?: readonly (StoredTensor | null)[];
  readonly gradgrad?: {
    readonly v: readonly (StoredTensor | null)[];
    readonly grads: readonly (StoredTensor | null)[];
  };
  readonly mutated?: readonly { readonly tensor: number; readonly value: StoredTensor }[];
  readonly float32?: boolean;
}

export interface ReferenceFile {
  readonly op: string;
  readonly samples: readonly Sample[];
}

type Call = (...args: unknown[]) => unknown;

/** PyTorch's name of each op that exists, to what it is here. */
const byTorchName = new Map<string, Call>();
for (const record of registry.values()) {
  const snake = record.name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const names = record.torch === undefined ? [snake] : [record.torch].flat();
  for (const name of names) byTorchName.set(name, record.call as unknown as Call);
}

// Where a call is written differently here than in Python.
byTorchName.set('__getitem__', (x, index) => (x as Tensor).at(...(index as IndexItem[])));
byTorchName.set('__setitem__', (x, index, value) =>
  (x as Tensor).clone().set(index as IndexItem[], value as Tensor | number),
);

/** Ops whose results are float64 whatever the default dtype is. */
const ALWAYS_FLOAT64 = new Set(['float_power']);

export function isSupported(op: string): boolean {
  return byTorchName.has(op);
}

/** Why a sample does not come out as stored, or null if it does. */
export function runSample(op: string, sample: Sample, precision: WideFloatDType): string | null {
  const call = byTorchName.get(op);
  if (call === undefined) return 'there is no such op';
  const before = getDefaultDtype();
  setDefaultDtype(precision);
  try {
    return compareSample(op, call, sample, precision);
  } catch (error) {
    return error instanceof Error ? `threw ${error.stack ?? error.message}` : String(error);
  } finally {
    setDefaultDtype(before);
  }
}

function compareSample(op: string, call: Call, sample: Sample, precision: WideFloatDType): string | null {
  const tensors: Tensor[] = [];
  const args = sample.args.map((arg) => readArgument(arg, precision, tensors));
  const options = Object.fromEntries(
    Object.entries(sample.kwargs).map(([name, value]) => [
      camelCase(name),
      readArgument(value, precision, tensors),
    ]),
  );
  const versions = tensors.map((tensor) => tensor.version);
  const inputs = tensors.filter((tensor) => tensor.requiresGrad);
  const result = call(...(Object.keys(options).length > 0 ? [...args, options] : args));
  const output = alignSigns(op, storedPart(op, result), sample.output);
  const tolerance = TOLERANCES[precision];

  const kind = ALWAYS_FLOAT64.has(op) ? 'float64' : precision;
  const wrong = difference(output, sample.output, kind, tolerance.values);
  if (wrong !== null) return `value: ${wrong}`;

  for (const { tensor, value } of sample.mutated ?? []) {
    const problem = difference(tensors[tensor], value, precision, tolerance.values);
    if (problem !== null) return `changed tensor ${tensor}: ${problem}`;
  }
  const mayChange = new Set(sample.mutated?.map(({ tensor }) => tensor));
  const changed = tensors.findIndex((tensor, i) => tensor.version !== versions[i] && !mayChange.has(i));
  if (changed >= 0) return `input ${changed} was changed`;
  if (sample.gradOutput === undefined || sample.grads === undefined) return null;

  // The cotangents, aligned with the outputs that carry gradients.
  const outputs: Tensor[] = [];
  const cotangents: Tensor[] = [];
  collectPairs(output, sample.gradOutput, kind, outputs, cotangents);
  const differentiable = outputs.some((tensor) => tensor.requiresGrad);
  const used = outputs.map((tensor, i) => ({ tensor, i })).filter(({ tensor }) => tensor.requiresGrad);
  const first = differentiable
    ? grad(
        used.map(({ tensor }) => tensor),
        inputs,
        {
          gradOutputs: used.map(({ i }) => cotangents[i]),
          createGraph: sample.gradgrad !== undefined,
          allowUnused: true,
        },
      )
    : inputs.map(() => null);
  const problem = compareGradients(op, first, sample.grads, precision);
  if (problem !== null) return `gradient ${problem}`;
  if (sample.gradgrad === undefined) return null;
  return compareSecond(op, first, inputs, sample.gradgrad, precision);
}

function compareSecond(
  op: string,
  first: readonly (Tensor | null)[],
  inputs: readonly Tensor[],
  { v, grads }: NonNullable<Sample['gradgrad']>,
  precision: WideFloatDType,
): string | null {
  const sources: Tensor[] = [];
  const weights: Tensor[] = [];
  first.forEach((gradient, i) => {
    const weight = v[i];
    if (gradient === null || weight === null || !gradient.requiresGrad) return;
    sources.push(gradient);
    weights.push(readTensor(weight, precision));
  });
  const second =
    sources.length === 0
      ? inputs.map(() => null)
      : grad(sources, inputs, { gradOutputs: weights, allowUnused: true });
  const problem = compareGradients(op, second, grads, precision);
  return problem === null ? null : `second gradient ${problem}`;
}

function compareGradients(
  op: string,
  actual: readonly (Tensor | null)[],
  expected: readonly (StoredTensor | null)[],
  precision: WideFloatDType,
): string | null {
  if (actual.length !== expected.length) return `count: ${actual.length} instead of ${expected.length}`;
  for (let i = 0; i < expected.length; i++) {
    const want = expected[i] ?? null;
    const got = actual[i] ?? null;
    const wanted = want?.data.map(storedNumber) ?? null;
    if (got === null) {
      // No gradient and zeros are the same.
      if (wanted?.some((value) => value !== 0)) return `${i}: none`;
      continue;
    }
    if (want !== null) {
      if (got.shape.join() !== want.shape.join()) return `${i}: shape [${got.shape.join(', ')}]`;
      if (got.dtype !== dtypeAt(precision, want.dtype)) return `${i}: dtype ${got.dtype}`;
    }
    const values = Array.from(symmetrize(op, got.detach()).toTypedArray());
    const wrong = arrayDifference(values, wanted ?? values.map(() => 0), TOLERANCES[precision].gradients);
    if (wrong !== null) return `${i}: ${wrong}`;
  }
  return null;
}

function collectPairs(
  output: unknown,
  cotangent: Stored,
  precision: WideFloatDType,
  outputs: Tensor[],
  cotangents: Tensor[],
): void {
  if (cotangent === null) return;
  if (output instanceof Tensor) {
    outputs.push(output);
    cotangents.push(isStoredTensor(cotangent) ? readTensor(cotangent, precision) : zerosLike(output));
    return;
  }
  if (!Array.isArray(output) || !Array.isArray(cotangent)) return;
  const list: readonly unknown[] = output;
  list.forEach((entry, i) => {
    collectPairs(entry, (cotangent as readonly Stored[])[i] ?? null, precision, outputs, cotangents);
  });
}
