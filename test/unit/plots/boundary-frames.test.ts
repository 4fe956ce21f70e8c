import { describe, expect, it } from 'vitest';
import { F, isGradEnabled, nn, tensor } from '../../../core/index.js';
import { BoundaryFrames, decisionBoundary, decisionBoundaryFrames } from '../../../kernel/plots/index.js';
import type { FramesPanel, PlanePanel } from '../../../kernel/plots/model/chart.js';
import { render } from '../../../kernel/plots/render/raster.js';
import { toText } from '../../../kernel/plots/render/text.js';
import { cases } from './cases.js';
import { silent } from './tools.js';

const points = [
  [-1, 0],
  [1, 0],
];
const options = { points, labels: [0, 1], every: 1 };

function panels(chart: BoundaryFrames): { now: PlanePanel; frames: FramesPanel } {
  const [now, frames] = chart.model().panels;
  if (now.kind !== 'plane' || frames.kind !== 'frames') throw new Error('expected a plane and frames');
  return { now, frames };
}

describe('decisionBoundaryFrames', () => {
  it('shows how the boundary is now, and where it was', () => {
    let boundary = 3;
    const chart = new BoundaryFrames((xy) => xy.map(([x]) => x - boundary), options, silent);
    for (let step = 0; step <= 30; step++) {
      boundary = 3 - step / 10;
      chart.sample(step);
    }
    const { now, frames } = panels(chart);
    // All of the plane is class 0 at first, and half of it at the end.
    expect(new Set(frames.frames[0].field.winner)).toEqual(new Set([0]));
    const ones = now.field?.winner.reduce((a, b) => a + b, 0) ?? 0;
    expect(ones / (60 * 60)).toBeCloseTo(0.5, 1);
    expect(frames.frames.map(({ label }) => label)).toHaveLength(6);
    expect(frames.frames[0].label).toBe('step 0, 50 % right');
    expect(chart.model().notes).toEqual(['Large: step 30, 100 % right.']);
  });

  it('is about the end, even when that was not sampled', () => {
    let boundary = 3;
    const chart = new BoundaryFrames(
      (xy) => xy.map(([x]) => x - boundary),
      { ...options, every: 10 },
      silent,
    );
    for (let step = 0; step < 15; step++) {
      boundary = step === 14 ? 0 : 3;
      chart.sample(step);
    }
    expect(panels(chart).frames.frames.map(({ label }) => label)).toEqual([
      'step 0, 50 % right',
      'step 10, 50 % right',
    ]);
    expect(chart.model().notes).toEqual(['Large: step 14, 100 % right.']);
  });

  it('keeps a bounded number of frames, the first among them, whatever the number of steps', () => {
    const chart = new BoundaryFrames(
      (xy) => xy.map(([x]) => x),
      { ...options, resolution: 4, frames: 12 },
      silent,
    );
    for (let step = 0; step < 1000; step++) chart.sample();
    const { frames } = panels(chart).frames;
    expect(frames).toHaveLength(12);
    expect(frames[0].label).toContain('step 0');
    const steps = frames.map(({ label }) => Number(/\d+/.exec(label)?.[0]));
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect(steps.at(-1)).toBeGreaterThan(700);
  });

  it('asks no more than its share of the time', () => {
    let now = 0;
    let asked = 0;
    const classify = (xy: number[][]): number[] => {
      asked += 1;
      now += 10;
      return xy.map(([x]) => x);
    };
    const chart = new BoundaryFrames(classify, { points, share: 0.1 }, silent, () => now);
    for (let step = 0; step < 10_000; step++) {
      now += 1;
      chart.sample(step);
    }
    expect((10 * asked - 250) / now).toBeLessThanOrEqual(0.11);
    expect(asked).toBeGreaterThan(20);
  });

  it('takes a model, in evaluation mode and without gradients, and leaves it as it was', () => {
    const seen: boolean[] = [];
    class Spy extends nn.Module {
      readonly linear = new nn.Linear(2, 2);
      forward(x: ReturnType<typeof tensor>) {
        seen.push(this.training, isGradEnabled());
        return this.linear(x);
      }
    }
    const model = new Spy();
    decisionBoundaryFrames(model, options, silent).sample();
    expect(model.training).toBe(true);
    decisionBoundary(model, options, silent);
    expect(new Set(seen)).toEqual(new Set([false]));
    F.crossEntropy(model.linear(tensor(points)), tensor([0, 1], { dtype: 'int64' })).backward();
    expect(model.linear.weight.grad).not.toBeNull();
  });

  it('says what is wrong in the picture, and throws nothing into the loop', () => {
    const broken = (): number[] => {
      throw new Error('no weights');
    };
    const chart = new BoundaryFrames(broken, { points: [[1, 2, 3]] }, silent);
    chart.sample().sample();
    expect(chart.model().notes.join(' ')).toMatch(/points must be \[n, 2\].*no weights/);
    expect(toText(chart.model())).toContain('No frame yet');
    expect('png' in render(chart.model(), 'final')).toBe(true);
  });

  it('is one picture of less than 60 kB', () => {
    const result = render(cases['boundary-frames'](), 'final');
    if (!('png' in result)) throw new Error(result.error);
    expect(result.png.length).toBeLessThan(60_000);
  });
});
