/** Runs the cases of `modules/<Name>.json`: one forward and backward pass of a module, at both precisions. */
import { backward, type WideFloatDType, getDefaultDtype, setDefaultDtype, Tensor } from 'nabla/core';
import {
  arrayDifference,
  camelCase,
  difference,
  isStoredTensor,
  readArgument,
  readTensor,
  type Stored,
  storedNumber,
  type StoredTensor,
  type Tolerance,
  TOLERANCES,
} from '../ops/values.js';
import type { Case } from '../suite.js';
import { construct } from './construct.js';

interface ModuleCase {
  readonly args: readonly Stored[];
  readonly kwargs: Readonly<Record<string, Stored>>;
  readonly train: boolean;
  readonly stateDict: Readonly<Record<string, StoredTensor>>;
  readonly inputs: readonly Stored[];
  readonly callKwargs?: Readonly<Record<string, Stored>>;
  readonly output: Stored;
  readonly gradOutput?: Stored;
  readonly gradInputs?: readonly (StoredTensor | null)[];
  readonly gradParams?: Readonly<Record<string, StoredTensor | null>>;
  readonly buffersAfter?: Readonly<Record<string, StoredTensor>>;
  readonly float32?: boolean;
}

interface ModuleFile {
  readonly module: string;
  readonly cases: readonly ModuleCase[];
}

export function moduleCases(_file: string, content: unknown): Case[] {
  const { module, cases } = content as ModuleFile;
  return (['float64', 'float32'] as const).flatMap((precision) =>
    cases
      .map((item, i) => ({
        name: `${module} ${i} in ${precision}`,
        item,
        run: () => runAt(precision, module, item),
      }))
      .filter(({ item }) => precision === 'float64' || item.float32 !== false),
  );
}

function runAt(precision: WideFloatDType, name: string, item: ModuleCase): string | null {
  const before = getDefaultDtype();
  setDefaultDtype(precision);
  try {
    return runCase(precision, name, item);
  } finally {
    setDefaultDtype(before);
  }
}

function runCase(precision: WideFloatDType, name: string, item: ModuleCase): string | null {
  const tolerance = TOLERANCES[precision];
  const module = construct(name, item.args, item.kwargs).train(item.train);
  module.loadStateDict(
    Object.fromEntries(
      Object.entries(item.stateDict).map(([key, stored]) => [key, readTensor(stored, precision)]),
    ),
  );
  const tensors: Tensor[] = [];
  const inputs = item.inputs.map((input) => readArgument(input, precision, tensors));
  const options = Object.entries(item.callKwargs ?? {}).map(([key, value]): [string, unknown] => [
    camelCase(key),
    readArgument(value, precision, tensors),
  ]);
  if (options.length > 0) inputs.push(Object.fromEntries(options));
  const output: unknown = Reflect.apply(module, undefined, inputs);

  const wrong = difference(withoutNulls(output), item.output, precision, tolerance.values);
  if (wrong !== null) return `value: ${wrong}`;
  for (const [key, stored] of Object.entries(item.buffersAfter ?? {})) {
    const problem = difference(module.stateDict()[key], stored, precision, tolerance.values);
    if (problem !== null) return `buffer ${key}: ${problem}`;
  }
  if (item.gradOutput === undefined) return null;

  const outputs: Tensor[] = [];
  const cotangents: Tensor[] = [];
  collect(withoutNulls(output), item.gradOutput, precision, outputs, cotangents);
  backward(outputs, cotangents);
  const learned = tensors.filter((tensor) => tensor.requiresGrad);
  for (const [i, expected] of (item.gradInputs ?? []).entries()) {
    const problem = compareGradient(learned[i].grad, expected, tolerance.gradients);
    if (problem !== null) return `gradient by input ${i}: ${problem}`;
  }
  const parameters = new Map(module.namedParameters());
  for (const [key, expected] of Object.entries(item.gradParams ?? {})) {
    const problem = compareGradient(parameters.get(key)?.grad ?? null, expected, tolerance.gradients);
    if (problem !== null) return `gradient by ${key}: ${problem}`;
  }
  return null;
}

/** PyTorch's results leave out what is None, and a single one is bare. */
function withoutNulls(output: unknown): unknown {
  if (!Array.isArray(output)) return output;
  const kept = output.filter((item) => item !== null).map(withoutNulls);
  return kept.length === 1 ? kept[0] : kept;
}

function collect(
  output: unknown,
  cotangent: Stored,
  precision: WideFloatDType,
  outputs: Tensor[],
  cotangents: Tensor[],
): void {
  if (output instanceof Tensor) {
    if (!isStoredTensor(cotangent) || !output.requiresGrad) return;
    outputs.push(output);
    cotangents.push(readTensor(cotangent, precision));
  } else if (Array.isArray(output) && Array.isArray(cotangent)) {
    const stored: readonly Stored[] = cotangent;
    output.forEach((item, i) => collect(item, stored[i], precision, outputs, cotangents));
  }
}

/** No gradient and zeros are the same. */
function compareGradient(
  actual: Tensor | null,
  expected: StoredTensor | null,
  tolerance: Tolerance,
): string | null {
  const wanted = expected?.data.map(storedNumber) ?? [];
  if (actual === null) return wanted.some((value) => value !== 0) ? 'none' : null;
  const values = Array.from(actual.toTypedArray());
  if (expected && actual.shape.join() !== expected.shape.join()) return `shape [${actual.shape.join(', ')}]`;
  return arrayDifference(values, expected ? wanted : values.map(() => 0), tolerance);
}
