import { describe, expect, it } from 'vitest';
import { F, manualSeed, nn, ones, optim, randn, tensor, type Tensor } from '../../../core/index.js';
import { ModelWatch, type Finding, type FindingKind } from '../../../core/diagnostics/index.js';

interface Run {
  steps?: number;
  lr?: number;
  /** What the loss is computed from; default the model's output. */
  forward?: (model: nn.Module & { forward(x: Tensor): Tensor }, x: Tensor) => Tensor;
  /** Called before each step. */
  before?: (step: number) => void;
  parameters?: Tensor[];
  scale?: number;
}

/** Points on two moons, as the classic toy problem has them. */
function moons(count: number): { x: Tensor; y: Tensor } {
  const noise = randn([count, 2]).mul(0.1).toArray() as number[][];
  const points = noise.map(([dx, dy], i) => {
    const angle = (Math.PI * i) / count;
    return i % 2 === 0
      ? [Math.cos(angle) + dx, Math.sin(angle) + dy]
      : [1 - Math.cos(angle) + dx, 0.5 - Math.sin(angle) + dy];
  });
  return {
    x: tensor(points),
    y: tensor(
      points.map((_, i) => i % 2),
      { dtype: 'int64' },
    ),
  };
}

/** Trains on two moons, watched at every step, and says what was found. */
function train(model: nn.Module & { forward(x: Tensor): Tensor }, run: Run = {}): Finding[] {
  const watched = new ModelWatch(model, { every: 1, share: 1 });
  const { x, y } = moons(128);
  const trainable = run.parameters ?? model.parameters().filter((one) => one.requiresGrad);
  const optimizer = new optim.SGD(trainable, { lr: run.lr ?? 0.1 });
  for (let step = 0; step < (run.steps ?? 12); step++) {
    run.before?.(step);
    optimizer.zeroGrad();
    const output = run.forward ? run.forward(model, x) : (model as (x: Tensor) => Tensor)(x);
    F.crossEntropy(output.mul(run.scale ?? 1), y).backward();
    optimizer.step();
  }
  watched.stop();
  expect(watched.problems()).toEqual([]);
  return watched.findings();
}

function kinds(findings: Finding[]): FindingKind[] {
  return findings.map(({ kind }) => kind);
}

function found(findings: Finding[], kind: FindingKind): Finding {
  const finding = findings.find((one) => one.kind === kind);
  if (!finding) throw new Error(`no ${kind} among: ${kinds(findings).join(', ') || 'nothing'}`);
  return finding;
}

function mlp(activation: () => nn.Layer, widths = [2, 16, 16, 2]): nn.Sequential {
  manualSeed(1);
  const layers = widths
    .slice(1)
    .flatMap((width, i) => [
      new nn.Linear(widths[i], width),
      ...(i < widths.length - 2 ? [activation()] : []),
    ]);
  return new nn.Sequential(...layers);
}

function weights(model: nn.Module): Tensor[] {
  return model.namedParameters().flatMap(([name, one]) => (name.endsWith('weight') ? [one] : []));
}

describe('a healthy network', () => {
  for (const [name, activation] of [
    ['ReLU', () => new nn.ReLU()],
    ['tanh', () => new nn.Tanh()],
    ['GELU', () => new nn.GELU()],
  ] as const)
    it(`of ${name} has no findings, neither at first nor after 300 steps`, () => {
      expect(train(mlp(activation), { steps: 3 })).toEqual([]);
      expect(train(mlp(activation), { steps: 300, lr: 0.2 })).toEqual([]);
    });

  it('that convolves, normalises and drops out has none', () => {
    manualSeed(2);
    class Net extends nn.Module {
      conv = new nn.Conv2d(1, 8, 3, { padding: 1 });
      norm = new nn.BatchNorm2d(8);
      drop = new nn.Dropout(0.3);
      out = new nn.Linear(8 * 16, 3);
      forward(x: Tensor): Tensor {
        return this.out(this.drop(this.norm(this.conv(x)).relu()).flatten(1));
      }
    }
    const model = new Net();
    const watched = new ModelWatch(model, { every: 1, share: 1 });
    const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
    const x = randn([32, 1, 4, 4]);
    const y = tensor(
      Array.from({ length: 32 }, (_, i) => i % 3),
      { dtype: 'int64' },
    );
    for (let step = 0; step < 30; step++) {
      optimizer.zeroGrad();
      F.crossEntropy(model(x), y).backward();
      optimizer.step();
    }
    expect(watched.findings()).toEqual([]);
    // 8 channels are the units of the function behind the convolution.
    expect(watched.activationRecords().find(({ kind }) => kind === 'relu')).toMatchObject({ units: 8 });
  });
});

describe('findings', () => {
  it('dead units: ReLU behind a bias of -100, since the step at which the bias was set', () => {
    const model = mlp(() => new nn.ReLU());
    const [[, bias]] = model.namedParameters().filter(([name]) => name === '2.bias');
    const findings = train(model, {
      steps: 20,
      before: (step) => {
        if (step === 7) bias.detach().narrow(0, 0, 15).fill_(-100);
      },
    });
    expect(found(findings, 'dead-units')).toMatchObject({ layer: '3', since: 7, figure: '15 of 16 units' });
    expect(found(findings, 'dead-units').what).toContain('3 (ReLU): 94 % of its units are dead since step 7');
  });

  it('the same where relu is a function in forward, not a module', () => {
    manualSeed(3);
    class Net extends nn.Module {
      hidden = new nn.Linear(2, 10);
      out = new nn.Linear(10, 2);
      forward(x: Tensor): Tensor {
        return this.out(this.hidden(x).relu());
      }
    }
    const model = new Net();
    model.hidden.bias!.detach().fill_(-100);
    expect(found(train(model), 'dead-units')).toMatchObject({ figure: '10 of 10 units', severity: 4 });
  });

  it('vanishing gradients: a stack of ten sigmoid layers', () => {
    const findings = train(mlp(() => new nn.Sigmoid(), [2, ...Array<number>(10).fill(16), 2]));
    const finding = found(findings, 'vanishing-gradients');
    expect(finding.what).toContain('down to the input');
    expect(finding.advice).toContain('ReLU');
    expect(kinds(findings)).toContain('vanishing-activations');
    expect(kinds(findings)).not.toContain('not-moving');
  });

  it('exploding gradients and activations: weights ten times too large', () => {
    const model = mlp(() => new nn.ReLU(), [2, 32, 32, 32, 32, 2]);
    for (const one of weights(model)) one.detach().mul_(10);
    const findings = train(model, { steps: 2, lr: 1e-9 });
    expect(kinds(findings)).toContain('exploding-gradients');
    expect(found(findings, 'exploding-activations').figure).toMatch(/^std .* after 0 \(Linear\), .* after/);
  });

  it('numbers that are not finite: the parameter that holds them, alone, since when', () => {
    const model = mlp(() => new nn.ReLU());
    const target = weights(model)[1];
    const findings = train(model, {
      before: (step) => {
        if (step === 5) target.detach().narrow(0, 0, 1).fill_(NaN);
      },
      lr: 0,
    });
    expect(findings).toMatchObject([{ kind: 'not-finite', layer: '2', since: 5, severity: 5 }]);
    expect(findings[0].figure).toBe('16 of 256 (6 %) of its numbers are NaN');
  });

  it('numbers that stop being finite in a layer whose parameters are finite', () => {
    manualSeed(4);
    class Log extends nn.Module {
      forward(x: Tensor): Tensor {
        return x.log();
      }
    }
    const model = new nn.Sequential(new nn.Linear(2, 8), new Log(), new nn.Linear(8, 2));
    expect(train(model, { steps: 1, lr: 0 })).toMatchObject([{ kind: 'not-finite', layer: '1' }]);
  });

  it('a frozen layer', () => {
    const model = mlp(() => new nn.ReLU());
    model.getSubmodule('0').requiresGrad_(false);
    expect(train(model)).toMatchObject([
      { kind: 'frozen', layer: '0', severity: 1, figure: '48 of 354 (14 %) of the parameters' },
    ]);
  });

  it('a learning rate of 0, after four steps', () => {
    manualSeed(1);
    const model = new nn.Sequential(new nn.Linear(2, 8), new nn.Tanh(), new nn.Linear(8, 2));
    for (const optimizer of [
      new optim.SGD(model.parameters(), { lr: 0 }),
      new optim.SGD(model.parameters(), { lr: 0, momentum: 0.9 }),
      new optim.Adam(model.parameters(), { lr: 0 }),
    ]) {
      const watched = new ModelWatch(model, { share: 1 });
      for (let step = 0; step < 4; step++) {
        optimizer.zeroGrad();
        F.crossEntropy(model(randn([16, 2])), ones([16]).to('int64')).backward();
        optimizer.step();
      }
      const [finding, ...others] = watched.findings();
      expect(finding).toMatchObject({ kind: 'not-moving', layer: null });
      expect(finding.advice).toMatch(/learning rate 0/);
      expect(others).toEqual([]);
      watched.stop();
    }
  });

  it('a layer that the optimizer was not given', () => {
    const model = mlp(() => new nn.ReLU());
    const rest = model.parameters().slice(2);
    expect(train(model, { parameters: rest })).toMatchObject([
      { kind: 'not-moving', layer: '0', severity: 4 },
    ]);
  });

  it('no gradient, because the graph is cut behind the layer', () => {
    const model = mlp(() => new nn.ReLU());
    const findings = train(model, {
      forward: (net, x) => {
        const [first, second, ...rest] = net.children() as nn.Layer[];
        return rest.reduce((value, layer) => layer(value), second(first(x)).detach());
      },
    });
    expect(findings).toMatchObject([{ kind: 'no-gradient', layer: '0', since: 0 }]);
    expect(findings[0].advice).toContain('detach()');
  });

  it('a layer that is not used', () => {
    manualSeed(5);
    class Net extends nn.Module {
      out = new nn.Linear(2, 2);
      forgotten = new nn.Linear(2, 2);
      forward(x: Tensor): Tensor {
        return this.out(x);
      }
    }
    expect(train(new Net())).toMatchObject([{ kind: 'unused', layer: 'forgotten' }]);
  });

  it('steps that are too large, and too small, by the update-to-weight ratio', () => {
    const large = train(
      mlp(() => new nn.ReLU()),
      { lr: 30, steps: 6 },
    );
    expect(kinds(large)).toContain('steps-too-large');
    const small = train(
      mlp(() => new nn.ReLU()),
      { lr: 1e-7, steps: 6 },
    );
    expect(small).toMatchObject([{ kind: 'steps-too-small', layer: null }]);
    expect(small[0].advice).toContain('Raise the learning rate');
  });

  it('saturated tanh', () => {
    const model = mlp(() => new nn.Tanh());
    for (const one of weights(model).slice(0, 2)) one.detach().mul_(60);
    const findings = train(model, { steps: 2, lr: 1e-6 });
    expect(found(findings, 'saturated').what).toMatch(
      /\(Tanh\): \d+ % of its outputs are at the flat ends of tanh/,
    );
  });
});
