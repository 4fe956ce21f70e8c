import { describe, expect, it } from 'vitest';
import { F, manualSeed, nn, noGrad, optim, randn, tensor, type Tensor } from '../../../core/index.js';
import { describeDistribution, History, ModelWatch } from '../../../core/diagnostics/index.js';

function network(): nn.Sequential {
  manualSeed(1);
  return new nn.Sequential(new nn.Linear(2, 4), new nn.ReLU(), new nn.Linear(4, 2));
}

const x = tensor([
  [1, 2],
  [-3, 4],
  [5, -6],
]);
const y = tensor([0, 1, 1], { dtype: 'int64' });

describe('watching a model', () => {
  it('reads what it read by hand: outputs, gradients, weights and std(Δw) / std(w)', () => {
    const model = network();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const watched = new ModelWatch(model, { share: 1 });
    const before = model.parameters()[0].toTypedArray();
    const outputs = model.layers[0].forward(x).relu().toTypedArray();
    F.crossEntropy(model(x), y).backward();
    const gradient = model.parameters()[0].grad!.toTypedArray();
    optimizer.step();
    const after = model.parameters()[0].toTypedArray();
    const [layer] = watched.layers();
    watched.findings();
    expect(layer.activation?.title).toBe('1 (ReLU)');
    expect(layer.activation?.newest).toEqual(describeDistribution(Float32Array.from(outputs)));
    expect(layer.main.gradient).toEqual(describeDistribution(Float32Array.from(gradient)));
    expect(layer.main.weight).toEqual(describeDistribution(Float32Array.from(before)));
    const change = describeDistribution(Float32Array.from(after, (value, i) => value - before[i]));
    const ratio = change.std / describeDistribution(Float32Array.from(before)).std;
    expect(layer.main.ratios.newest?.value).toBeCloseTo(ratio, 6);
  });

  it('sees what a model without parts puts out, in each pass that it looks at', () => {
    const model = new nn.Linear(2, 2);
    const watched = new ModelWatch(model, { share: 1 });
    for (let step = 0; step < 3; step++) F.crossEntropy(model(x), y).backward();
    watched.stop();
    expect(watched.layers().map(({ activation }) => activation?.distributions.moments.length)).toEqual([3]);
  });

  it('keeps at most 20 moments and 60 readings of 100,000', () => {
    const history = new History<number>(20);
    for (let i = 0; i < 100_000; i++) history.push(i);
    expect(history.entries.length).toBeLessThanOrEqual(20);
    expect(history.entries[0]).toBe(0);
    expect(history.newest).toBe(99_999);

    const model = network();
    const watched = new ModelWatch(model, { share: 1 });
    const optimizer = new optim.SGD(model.parameters(), { lr: 1e-3 });
    for (let step = 0; step < 500; step++) {
      optimizer.zeroGrad();
      F.crossEntropy(model(x), y).backward();
      optimizer.step();
    }
    expect(watched.findings()).toBeDefined();
    expect(watched.passes).toEqual({ seen: 500, sampled: 500 });
    for (const { weights, gradients, ratios } of watched.parameterRecords()) {
      for (const { moments } of [weights, gradients]) {
        expect(moments.length).toBeLessThanOrEqual(20);
        expect(moments.at(-1)?.step).toBe(499);
      }
      expect(ratios.entries.length).toBeLessThanOrEqual(60);
    }
    for (const { distributions, means } of watched.activationRecords()) {
      expect(distributions.moments.length).toBeLessThanOrEqual(20);
      expect(means.entries.length).toBeLessThanOrEqual(60);
    }
  });

  it('looks at every n-th training pass only, and at none without gradients or in evaluation', () => {
    const model = network();
    const watched = new ModelWatch(model, { every: 10, share: 1 });
    for (let step = 0; step < 95; step++) {
      F.crossEntropy(model(x), y).backward();
      noGrad(() => model(x));
      model.eval()(x);
      model.train();
    }
    watched.findings();
    expect(watched.passes).toEqual({ seen: 95, sampled: 10 });
    expect(watched.parameterRecords()[0].gradients.moments.map(({ step }) => step)).toEqual(
      Array.from({ length: 10 }, (_, i) => 10 * i),
    );
  });

  it('takes no more than its share of the time: a tenth of it gives a tenth of the looks', () => {
    const looks = (share: number): number => {
      let now = 0;
      const model = network();
      // Every look at the clock takes a millisecond, a step a hundred.
      const watched = new ModelWatch(model, { share }, undefined, () => (now += 1));
      for (let step = 0; step < 2000; step++) {
        F.crossEntropy(model(x), y).backward();
        now += 100;
      }
      return watched.passes.sampled;
    };
    const many = looks(0.02);
    expect(many).toBeLessThan(1000);
    expect(looks(0.002) / many).toBeCloseTo(0.1, 1);
  });

  it('by default takes 0.5 % of the time, and has hooks on modules in the passes only that it looks at', () => {
    let now = 0;
    let looking = 0;
    const model = network();
    // Every look at the clock takes a millisecond, a step two hundred.
    const watched = new ModelWatch(model, {}, undefined, () => (now += 1));
    const steps = 3000;
    for (let step = 0; step < steps; step++) {
      F.crossEntropy(model(x), y).backward();
      if (model.layers.some(({ hooks }) => hooks?.any === true)) looking += 1;
      now += 200;
    }
    const { sampled } = watched.passes;
    expect(sampled).toBeGreaterThan(20);
    expect(watched.cost / now).toBeGreaterThan(0.0035);
    expect(watched.cost / now).toBeLessThan(0.006);
    expect(looking).toBeLessThanOrEqual(sampled + 1);
  });

  it('looks as often when something else takes the processor away in the middle of a look now and then', () => {
    const looks = (interrupted: boolean): number => {
      let now = 0;
      let reads = 0;
      const model = network();
      const watched = new ModelWatch(model, { share: 0.02 }, undefined, () => {
        reads += 1;
        return (now += interrupted && reads % 200 === 0 ? 5000 : 1);
      });
      for (let step = 0; step < 1000; step++) {
        F.crossEntropy(model(x), y).backward();
        now += 100;
      }
      return watched.passes.sampled;
    };
    expect(looks(true)).toBeGreaterThan(0.6 * looks(false));
  });

  it.each([1, 2, 5, 8, 13])('compares one step where gradients of %i batches are added up', (batches) => {
    const model = network();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const watched = new ModelWatch(model, { share: 1, every: 64 });
    const before = model.parameters()[0].toTypedArray();
    let after = before;
    for (let pass = 1; pass <= 3 * batches; pass++) {
      F.crossEntropy(model(x), y).backward();
      // A picture may be drawn at any time.
      watched.findings();
      if (pass % batches !== 0) continue;
      optimizer.step();
      optimizer.zeroGrad();
      if (pass === batches) after = model.parameters()[0].toTypedArray();
    }
    const change = describeDistribution(Float32Array.from(after, (value, i) => value - before[i]));
    const ratio = change.std / describeDistribution(Float32Array.from(before)).std;
    expect(watched.parameterRecords()[0].ratios.entries).toHaveLength(1);
    expect(watched.parameterRecords()[0].ratios.newest?.value).toBeCloseTo(ratio, 6);
  });

  it('works as well where only forward is called', () => {
    const model = network();
    const watched = new ModelWatch(model, { share: 1 });
    for (let step = 0; step < 5; step++) F.crossEntropy(model.forward(x), y).backward();
    watched.findings();
    expect(watched.passes).toEqual({ seen: 5, sampled: 5 });
  });

  it('changes nothing: the same losses, and after stop() no hook is left', () => {
    const losses = (watching: boolean): number[] => {
      const model = network();
      const watched = watching ? new ModelWatch(model, { share: 1 }) : null;
      const optimizer = new optim.Adam(model.parameters(), { lr: 0.1 });
      const found = Array.from({ length: 20 }, () => {
        optimizer.zeroGrad();
        const loss = F.crossEntropy(model(x), y);
        loss.backward();
        optimizer.step();
        return loss.item();
      });
      watched?.stop();
      return found;
    };
    expect(losses(true)).toEqual(losses(false));

    const model = network();
    const watched = new ModelWatch(model, { share: 1 });
    F.crossEntropy(model(x), y).backward();
    watched.stop();
    F.crossEntropy(model(x), y).backward();
    expect(watched.passes).toEqual({ seen: 1, sampled: 1 });
  });

  it('never throws into the training loop: what goes wrong is told apart', () => {
    const model = network();
    const broken = new ModelWatch(model, { share: 1 });
    const record = broken.parameterRecords()[0];
    record.addGradient = () => {
      throw new Error('no memory');
    };
    F.crossEntropy(model(x), y).backward();
    expect(broken.problems()).toEqual(['The model could not be looked at: no memory']);
  });

  it('counts channels as the units behind a convolution, and features behind anything else', () => {
    manualSeed(2);
    class Net extends nn.Module {
      conv = new nn.Conv1d(3, 5, 2);
      act = new nn.ReLU();
      out = new nn.Linear(7, 2);
      forward(input: Tensor): Tensor {
        return this.out(this.act(this.conv(input)));
      }
    }
    const model = new Net();
    const watched = new ModelWatch(model, { share: 1 });
    model(randn([4, 3, 8]))
      .sum()
      .backward();
    expect(watched.activationRecords().map(({ title, units }) => [title, units])).toEqual([
      ['conv (Conv1d)', 0],
      ['act (ReLU)', 5],
      ['out (Linear)', 0],
    ]);
  });
});
