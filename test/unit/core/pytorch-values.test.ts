/**
 * Functions beside the reference files against PyTorch 2.15 in float64 (`fixtures/pytorch`): what they give, and the
 * gradients of the results' sum, weighted by cos 0, cos 1, … each; complex numbers are pairs (`view_as_real`).
 */
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import * as core from 'nabla/core';
import { type DType, grad, linalg, setDefaultDtype, tensor, Tensor } from 'nabla/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

beforeAll(() => setDefaultDtype('float64'));
afterAll(() => setDefaultDtype('float32'));

type Scalar = number | string | boolean | null;

interface Stored {
  readonly shape: number[];
  readonly data: (number | string | boolean)[];
  readonly dtype?: DType;
  /** Whether no gradient by it is asked for. */
  readonly fixed?: true;
}

type Value = Scalar | Stored | { readonly number: string } | readonly Value[];

interface Case {
  readonly op: string;
  readonly args: readonly Value[];
  readonly options?: Readonly<Record<string, Value>>;
  readonly expected: Value;
  readonly grads?: readonly (Stored | null)[];
}

const folder = path.join(import.meta.dirname, 'fixtures', 'pytorch');
const files = readdirSync(folder).sort();

/** Compositions that do not depend on the order and factors of eigenvectors. */
const composed: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  powersOfEigenvalues: (x) => {
    const [re, im] = linalg.eigvals(x).unbind(-1);
    const cube = re.pow(3).sub(re.mul(im.square()).mul(3));
    return core.stack([re.sum(-1), re.square().sub(im.square()).sum(-1), cube.sum(-1)], -1);
  },
  eigenMix: (x) => {
    const [values, vectors] = linalg.eig(x);
    const [re, im] = vectors.unbind(-1);
    return re.square().add(im.square()).sqrt().mul(values.select(-1, 0).unsqueeze(-2)).sum(-1);
  },
};

function isStored(value: Value): value is Stored {
  return typeof value === 'object' && value !== null && 'shape' in value;
}

function decoded(value: Value, leaves: Tensor[]): unknown {
  if (Array.isArray(value)) return value.map((entry: Value) => decoded(entry, leaves));
  if (isStored(value)) {
    const dtype = value.dtype ?? 'float64';
    const made = tensor(value.data.map(Number), { shape: value.shape, dtype });
    if (dtype === 'float64' && value.fixed !== true) leaves.push(made.requiresGrad_());
    return made;
  }
  return typeof value === 'object' && value !== null && 'number' in value ? Number(value.number) : value;
}

function functionOf(op: string): (...args: unknown[]) => unknown {
  const found = op.split('.').reduce<unknown>((at, name) => Reflect.get(Object(at), name), core);
  const fn = composed[op] ?? found;
  if (typeof fn !== 'function') throw new Error(`there is no ${op}`);
  return fn as (...args: unknown[]) => unknown;
}

function expectClose(actual: unknown, expected: Value, what: string): void {
  if (!isStored(expected)) {
    if (Array.isArray(expected)) {
      expect(actual, what).toHaveLength(expected.length);
      expected.forEach((entry: Value, i) =>
        expectClose(Reflect.get(Object(actual), i), entry, `${what} ${i}`),
      );
    } else expect(actual, what).toEqual(decoded(expected, []));
    return;
  }
  if (!(actual instanceof Tensor)) throw new Error(`${what} is no tensor: ${String(actual)}`);
  expect(actual.shape, what).toEqual(expected.shape);
  expect(actual.dtype, what).toBe(expected.dtype ?? 'float64');
  const wanted = tensor(expected.data.map(Number), { shape: expected.shape, dtype: 'float64' });
  const near = actual.detach().double().allclose(wanted, { rtol: 1e-8, atol: 1e-9, equalNan: true });
  expect(near, `${what}: ${String(actual)} is not ${String(wanted)}`).toBe(true);
}

function weightedSum(outputs: readonly Tensor[]): Tensor {
  return outputs
    .filter((x) => x.requiresGrad)
    .map((x) => x.mul(core.arange(x.numel()).double().cos().reshape(x.shape)).sum())
    .reduce((a, b) => a.add(b));
}

describe.each(files)('%s', (file) => {
  const cases = JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as readonly Case[];
  it.each([...new Set(cases.map(({ op }) => op))])('%s', (op) => {
    for (const { args, options, expected, grads } of cases.filter((entry) => entry.op === op)) {
      const leaves: Tensor[] = [];
      const given = args.map((value) => decoded(value, leaves));
      if (options !== undefined)
        given.push(Object.fromEntries(Object.entries(options).map(([k, v]) => [k, decoded(v, [])])));
      const result = functionOf(op)(...given);
      const what = `${op}(${JSON.stringify(args)}, ${JSON.stringify(options)})`;
      expectClose(result, expected, what);
      if (grads === undefined) continue;
      const outputs = (Array.isArray(result) ? result : [result]).filter((x) => x instanceof Tensor);
      const actual = grad(weightedSum(outputs), leaves, { allowUnused: true });
      grads.forEach((wanted, i) => {
        if (wanted !== null) expectClose(actual[i], wanted, `gradient ${i} of ${what}`);
        else expect(actual[i]?.eq(0).all().item() ?? 1, what).toBe(1);
      });
    }
  });
});
