/** Flame charts of events whose times are given. */
import type { ProfileEvent } from '../../../core/profiler/index.js';
import { flameModel } from '../../../kernel/plots/charts/flame.js';
import type { ChartModel } from '../../../kernel/plots/model/chart.js';

type Timed = readonly [name: string, kind: ProfileEvent['kind'], depth: number, start: number, end: number];

export function timed(events: readonly Timed[]): ProfileEvent[] {
  return events.map(([name, kind, depth, start, end]) => ({
    name,
    kind,
    depth,
    start,
    end,
    flops: kind === 'op' ? 33_554_432 : 0,
    bytes: 0,
    shapes: kind === 'op' ? '[256, 256] [256, 256]' : '',
    dtype: '',
    module: '',
  }));
}

const step: readonly Timed[] = [
  ['profile', 'profile', 0, 0, 5.2],
  ['Sequential', 'module', 1, 0.2, 1.9],
  ['Linear', 'module', 2, 0.25, 1.0],
  ['linear', 'op', 3, 0.3, 0.98],
  ['ReLU', 'module', 2, 1.05, 1.3],
  ['relu', 'op', 3, 1.1, 1.28],
  ['Linear', 'module', 2, 1.35, 1.85],
  ['linear', 'op', 3, 1.4, 1.84],
  ['crossEntropy', 'op', 1, 1.95, 2.3],
  ['logSoftmax', 'op', 2, 2.0, 2.15],
  ['backward', 'backward', 1, 2.35, 4.3],
  ['CrossEntropyBackward', 'backward', 2, 2.4, 2.6],
  ['LinearBackward', 'backward', 2, 2.62, 3.4],
  ['ReluBackward', 'backward', 2, 3.42, 3.6],
  ['LinearBackward', 'backward', 2, 3.62, 4.25],
  ['Adam.step', 'optimizer', 1, 4.35, 5.1],
];

/** As many short calls as nobody can tell apart. */
function loop(): Timed[] {
  const calls = Array.from({ length: 4000 }, (_, i): Timed => ['add', 'op', 1, i / 400, i / 400 + 0.0015]);
  return [['profile', 'profile', 0, 0, 10.2], ...calls];
}

export const profileCases: Record<string, () => ChartModel> = {
  'profile-step': () => flameModel(timed(step), [], {}),
  'profile-loop': () =>
    flameModel(timed(loop()), ['40000 events; the first 4000 are in the trace and the flame chart.'], {}),
  'profile-empty': () => flameModel([], [], {}),
};
