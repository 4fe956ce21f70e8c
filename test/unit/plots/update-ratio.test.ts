import { describe, expect, it } from 'vitest';
import { manualSeed, nn, optim, tensor } from '../../../core/index.js';
import { UpdateRatios } from '../../../kernel/plots/index.js';
import type { DotRow } from '../../../kernel/plots/model/chart.js';
import { fakeParameter, silent } from './cases.js';

function rows(ratios: UpdateRatios): DotRow[] {
  return ratios.model().panels.flatMap((panel) => (panel.kind === 'dots' ? panel.rows : []));
}

describe('update-to-weight ratio', () => {
  it('is std(Δw) / std(w) over one step, marked where a step moves hardly, much or not at all', () => {
    const weights = Array.from({ length: 4 }, () => Float32Array.of(1, 3, 1, 3));
    const names = ['usual', 'hardly', 'much', 'frozen'];
    const ratios = new UpdateRatios(
      weights.map((values, i) => [names[i], fakeParameter(values, null)] as const),
      {},
      silent,
      () => 0,
    );
    ratios.sample();
    expect(rows(ratios)).toEqual([]);
    [2 ** -10, 2 ** -20, 0.5, 0].forEach((size, i) => {
      weights[i][0] += size;
      weights[i][1] -= size;
      weights[i][2] += size;
      weights[i][3] -= size;
    });
    ratios.sample();
    // The weights' deviation is 1, the changes' is their size.
    expect(rows(ratios)).toEqual([
      { name: 'usual', values: [2 ** -10], warning: '' },
      { name: 'hardly', values: [2 ** -20], warning: 'hardly moves' },
      { name: 'much', values: [0.5], warning: 'moves much' },
      { name: 'frozen', values: [0], warning: 'does not move' },
    ]);
  });

  it('grows with the learning rate of a real optimizer', () => {
    const ratio = (lr: number): number => {
      manualSeed(0);
      const model = new nn.Linear(4, 3);
      const optimizer = new optim.SGD(model.parameters(), { lr });
      const ratios = new UpdateRatios(model, {}, silent, () => 0).sample();
      model
        .forward(tensor([[1, 2, 3, 4]]))
        .square()
        .sum()
        .backward();
      optimizer.step();
      return rows(ratios.sample())[0].values[0];
    };
    expect(ratio(0.01) / ratio(0.001)).toBeCloseTo(10, 2);
  });

  it('never throws: what cannot be read is said in the chart', () => {
    const broken = {
      namedParameters: () => {
        throw new Error('no such model');
      },
    };
    expect(new UpdateRatios(broken, {}, silent).sample().model().notes[0]).toContain('no such model');
  });
});
