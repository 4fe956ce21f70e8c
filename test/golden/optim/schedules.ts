/** Runs the cases of `optim/lr_scheduler.*.json`: the rates of all groups after every step of a schedule. */
import { optim, tensor } from 'nabla/core';
import { arrayDifference } from '../ops/values.js';
import { type Case, Unsupported } from '../suite.js';

type Options = Readonly<Record<string, unknown>>;

export interface ScheduleSpec {
  readonly name: string;
  readonly kwargs: Options;
}

interface ScheduleCase {
  readonly optimizer: 'SGD' | 'Adam';
  readonly initialLrs: readonly number[];
  readonly momentum?: number;
  readonly kwargs: Options;
  readonly lambdaTable?: readonly number[];
  readonly metrics?: readonly number[];
  readonly schedulers?: readonly ScheduleSpec[];
  readonly milestones?: readonly number[];
  readonly lrs: readonly (readonly number[])[];
  readonly momenta?: readonly (readonly number[])[];
}

interface ScheduleFile {
  readonly scheduler: string;
  readonly cases: readonly ScheduleCase[];
}

/** PyTorch's names whose camelCase would begin with a capital. */
const NAMES: Readonly<Record<string, string>> = {
  T_max: 'tMax',
  T_0: 't0',
  T_mult: 'tMult',
  lr_lambda: 'lrLambda',
};

function optionName(name: string): string {
  return NAMES[name] ?? name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

export function scheduleCases(content: unknown): Case[] {
  const { scheduler, cases } = content as ScheduleFile;
  return cases.map((item, i) => ({ name: `${scheduler} ${i}`, run: () => runSchedule(scheduler, item) }));
}

interface AnySchedule {
  step(metric?: number): void;
  getLastLr(): readonly number[];
}

export function makeSchedule(optimizer: optim.Optimizer, { name, kwargs }: ScheduleSpec): AnySchedule {
  const constructor: unknown = Reflect.get(optim.lrScheduler, name);
  if (typeof constructor !== 'function') throw new Unsupported(`optim.lrScheduler.${name}`);
  const options = Object.fromEntries(Object.entries(kwargs).map(([key, value]) => [optionName(key), value]));
  return Reflect.construct(constructor, [optimizer, options]) as AnySchedule;
}

function runSchedule(name: string, item: ScheduleCase): string | null {
  const groups = item.initialLrs.map((lr) => ({ params: [tensor([0], { requiresGrad: true })], lr }));
  const optimizer =
    item.optimizer === 'SGD'
      ? new optim.SGD(groups, { lr: 0.1, momentum: item.momentum ?? 0 })
      : new optim.Adam(groups, { lr: 0.1 });
  const schedule = start(name, item, optimizer);
  for (const [step, rates] of item.lrs.entries()) {
    if (step > 0) schedule.step(item.metrics?.[step - 1]);
    const got = optimizer.paramGroups.map((group) => group.lr);
    const problem = arrayDifference(got, rates, { relative: 1e-7, absolute: 0 });
    if (problem !== null) return `rate after step ${step}: ${problem}`;
    const last = arrayDifference(schedule.getLastLr(), rates, { relative: 1e-7, absolute: 0 });
    if (last !== null && name !== 'ReduceLROnPlateau') return `getLastLr after step ${step}: ${last}`;
    const momenta = item.momenta?.[step];
    if (!momenta) continue;
    const moved = optimizer.paramGroups.map((group) => ('betas' in group ? group.betas[0] : group.momentum));
    const wrong = arrayDifference(moved, momenta, { relative: 1e-7, absolute: 0 });
    if (wrong !== null) return `momentum after step ${step}: ${wrong}`;
  }
  return null;
}

function start(name: string, item: ScheduleCase, optimizer: optim.Optimizer): AnySchedule {
  if (name === 'ChainedScheduler') {
    const parts = (item.schedulers ?? []).map((spec) => makeSchedule(optimizer, spec));
    return new optim.lrScheduler.ChainedScheduler(parts as optim.lrScheduler.Steppable[]);
  }
  if (name === 'SequentialLR') {
    const parts = (item.schedulers ?? []).map((spec) => makeSchedule(optimizer, spec));
    return new optim.lrScheduler.SequentialLR({
      schedulers: parts.filter((part) => part instanceof optim.lrScheduler.LRScheduler),
      milestones: item.milestones ?? [],
    });
  }
  const { lambdaTable } = item;
  const kwargs = lambdaTable ? { lr_lambda: (epoch: number) => lambdaTable[epoch] } : item.kwargs;
  return makeSchedule(optimizer, { name, kwargs });
}
