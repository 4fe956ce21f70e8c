/** Runs the cases of `optim/<Optimizer>.json`: 25 steps of a small network, at both precisions. */
import {
  type WideFloatDType,
  getDefaultDtype,
  nn,
  optim,
  setDefaultDtype,
  type Tensor,
  tensor,
} from 'nabla/core';
import {
  arrayDifference,
  camelCase,
  readTensor,
  storedNumber,
  type StoredTensor,
  type Tolerance,
} from '../ops/values.js';
import { type Case, Unsupported } from '../suite.js';
import { makeSchedule, type ScheduleSpec } from './schedules.js';

type Options = Readonly<Record<string, unknown>>;
type Params = Readonly<Record<string, StoredTensor>>;

interface TrajectoryCase {
  readonly options: Options;
  readonly groups?: readonly { readonly params: readonly string[]; readonly options: Options }[];
  readonly frozen?: readonly string[];
  readonly clip?:
    | { readonly kind: 'norm'; readonly maxNorm: number; readonly normType: number | string }
    | { readonly kind: 'value'; readonly clipValue: number };
  readonly totalNorms?: readonly number[];
  readonly scheduler?: ScheduleSpec;
  readonly model: {
    readonly params: Params;
    readonly x: StoredTensor;
    readonly y: StoredTensor;
    readonly activation: 'tanh' | 'relu';
    readonly loss: 'mse_loss' | 'cross_entropy';
  };
  readonly steps: number;
  readonly losses: readonly number[];
  readonly closureCalls?: readonly number[];
  readonly paramsAfter: Readonly<Record<string, Params>>;
  readonly finalParams: Params;
  readonly finalLoss: number;
}

interface TrajectoryFile {
  readonly optimizer: string;
  readonly cases: readonly TrajectoryCase[];
}

const TOLERANCES: Readonly<Record<WideFloatDType, Tolerance>> = {
  float64: { relative: 1e-7, absolute: 1e-9 },
  float32: { relative: 1e-3, absolute: 1e-4 },
};

export function trajectoryCases(content: unknown): Case[] {
  const { optimizer, cases } = content as TrajectoryFile;
  const made: Case[] = [];
  for (const precision of ['float64', 'float32'] as const) {
    cases.forEach((item, i) => {
      made.push({ name: `${optimizer} ${i} in ${precision}`, run: () => runAt(precision, optimizer, item) });
    });
  }
  return made;
}

function runAt(precision: WideFloatDType, name: string, item: TrajectoryCase): string | null {
  const before = getDefaultDtype();
  setDefaultDtype(precision);
  try {
    return runTrajectory(precision, name, item);
  } finally {
    setDefaultDtype(before);
  }
}

function camelOptions(options: Options): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).map(([key, value]) => [camelCase(key), value]));
}

function makeOptimizer(
  name: string,
  item: TrajectoryCase,
  params: Readonly<Record<string, Tensor>>,
): optim.Optimizer {
  const constructor: unknown = Reflect.get(optim, name);
  if (typeof constructor !== 'function') throw new Unsupported(`optim.${name}`);
  const groups = item.groups?.map(({ params: names, options }) => ({
    params: names.map((key) => params[key]),
    ...camelOptions(options),
  }));
  const made: unknown = Reflect.construct(constructor, [
    groups ?? Object.values(params),
    camelOptions(item.options),
  ]);
  if (!isOptimizer(made)) throw new Unsupported(`optim.${name} is no optimizer`);
  return made;
}

/** Rounding flips signs and moves searches, so that later steps go elsewhere in float32, in PyTorch too. */
const FLOAT32_STEPS: Readonly<Record<string, number>> = { LBFGS: 1, Rprop: 5 };

function isOptimizer(value: unknown): value is optim.Optimizer {
  return value instanceof optim.Optimizer;
}

function runTrajectory(precision: WideFloatDType, name: string, item: TrajectoryCase): string | null {
  const { model } = item;
  const tolerance = TOLERANCES[precision];
  const params = Object.fromEntries(
    Object.entries(model.params).map(([key, stored]) => {
      const param = readTensor(stored, precision);
      param.requiresGrad = !item.frozen?.includes(key);
      return [key, param];
    }),
  );
  const x = readTensor(model.x, precision);
  const y = readTensor(model.y, precision);
  const optimizer = makeOptimizer(name, item, params);
  const schedule = item.scheduler && makeSchedule(optimizer, item.scheduler);
  const learned = Object.values(params).filter((param) => param.requiresGrad);

  const forward = (): Tensor => {
    const hidden = nn.functional.linear(x, params.w1, params.b1);
    const active = model.activation === 'tanh' ? hidden.tanh() : hidden.relu();
    const output = nn.functional.linear(active, params.w2, params.b2);
    return model.loss === 'mse_loss' ? output.sub(y).square().mean() : crossEntropy(output, y);
  };
  let calls = 0;
  const closure = (): Tensor => {
    calls++;
    optimizer.zeroGrad();
    const loss = forward();
    loss.backward();
    return loss;
  };

  const steps = precision === 'float32' ? Math.min(FLOAT32_STEPS[name] ?? Infinity, item.steps) : item.steps;
  for (let step = 0; step < steps; step++) {
    calls = 0;
    let loss: number;
    if (name === 'LBFGS') {
      loss = optimizer.step(closure)?.item() ?? NaN;
    } else {
      loss = closure().item();
      const problem = clip(item, step, learned, tolerance);
      if (problem !== null) return problem;
      optimizer.step();
    }
    schedule?.step();
    const wrong = arrayDifference([loss], [item.losses[step]], tolerance);
    if (wrong !== null) return `loss of step ${step + 1}: ${wrong}`;
    const expectedCalls = item.closureCalls?.[step];
    if (expectedCalls !== undefined && calls !== expectedCalls) {
      return `step ${step + 1} called the closure ${calls} times instead of ${expectedCalls}`;
    }
    const expected = item.paramsAfter[String(step + 1)] as Params | undefined;
    const differ = expected && compareParams(params, expected, tolerance);
    if (differ) return `after step ${step + 1}: ${differ}`;
  }
  if (steps < item.steps) return null;
  return (
    compareParams(params, item.finalParams, tolerance) ??
    arrayDifference([forward().item()], [item.finalLoss], tolerance)
  );
}

function crossEntropy(logits: Tensor, classes: Tensor): Tensor {
  const [rows, columns] = logits.shape;
  const oneHot = Array.from(classes.toTypedArray(), (label) =>
    Array.from({ length: columns }, (_, column) => (column === label ? 1 : 0)),
  );
  return logits.logSoftmax(1).mul(tensor(oneHot)).sum().div(-rows);
}

function clip(item: TrajectoryCase, step: number, learned: Tensor[], tolerance: Tolerance): string | null {
  if (!item.clip) return null;
  if (item.clip.kind === 'value') {
    nn.utils.clipGradValue_(learned, item.clip.clipValue);
    return null;
  }
  const { maxNorm, normType } = item.clip;
  const norm = nn.utils.clipGradNorm_(learned, maxNorm, { normType: storedNumber(normType) });
  const expected = item.totalNorms?.[step];
  const wrong = expected === undefined ? null : arrayDifference([norm], [expected], tolerance);
  return wrong === null ? null : `norm at step ${step + 1}: ${wrong}`;
}

function compareParams(
  params: Readonly<Record<string, Tensor>>,
  expected: Params,
  tolerance: Tolerance,
): string | null {
  for (const [name, stored] of Object.entries(expected)) {
    const values = Array.from(params[name].toTypedArray());
    const wrong = arrayDifference(values, stored.data.map(storedNumber), tolerance);
    if (wrong !== null) return `${name}: ${wrong}`;
  }
  return null;
}
