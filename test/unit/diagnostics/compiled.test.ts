import { describe, expect, it } from 'vitest';
import { compile, F, manualSeed, nn, optim, randn, tensor, type Tensor } from '../../../core/index.js';
import { ModelWatch } from '../../../core/diagnostics/index.js';

const STEPS = 200;

/** @param forward how the step asks the model */
function training(forward: (model: nn.Sequential, input: Tensor) => Tensor = (model, input) => model(input)) {
  manualSeed(2);
  const model = new nn.Sequential(
    new nn.Conv2d(1, 4, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.Flatten(),
    new nn.Linear(4 * 64, 3),
  );
  const x = randn([12, 1, 8, 8]);
  const y = tensor(
    Array.from({ length: 12 }, (_, i) => i % 3),
    { dtype: 'int64' },
  );
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
  const step = compile((input: Tensor, target: Tensor) => {
    optimizer.zeroGrad();
    const loss = F.crossEntropy(forward(model, input), target);
    loss.backward();
    optimizer.step();
    return loss;
  });
  return { model, step, run: () => step(x, y).item() };
}

/** A clock on which each reading is a tenth of a millisecond later. */
function clock(): () => number {
  let time = 0;
  return () => (time += 0.1);
}

describe('watching a compiled step', () => {
  it('looks at some of its calls, which run as written, and leaves the rest to the compiled one', () => {
    const plain = training();
    const losses = Array.from({ length: STEPS }, () => plain.run());
    const { model, step, run } = training();
    const watched = new ModelWatch(model, { every: 20, share: 1 }, undefined, clock());
    const seen = Array.from({ length: STEPS }, () => run());
    expect(watched.problems()).toEqual([]);
    expect(watched.findings()).toEqual([]);
    expect(watched.passes.seen).toBe(STEPS);
    expect(watched.passes.sampled).toBe(STEPS / 20 - 1);
    const { fallbackReasons, fallbacks, recompiles, replays, traces } = step.stats;
    expect(fallbackReasons).toEqual([]);
    expect(recompiles).toBe(0);
    expect(fallbacks).toBe(STEPS / 20 - 1);
    expect(replays).toBe(STEPS - fallbacks - traces);
    expect(traces).toBeLessThanOrEqual(5);
    // Fused sums round otherwise than those of single ops.
    for (const [i, loss] of losses.entries()) expect(seen[i]).toBeCloseTo(loss, 4);
    for (const { gradients, weights, ratios } of watched.parameterRecords()) {
      expect(gradients.newest?.step).toBe(STEPS - 20);
      expect(weights.newest?.step).toBe(STEPS - 20);
      expect(ratios.newest?.step).toBe(STEPS - 20);
    }
    watched.stop();
    const before = step.stats.fallbacks;
    for (let i = 0; i < 40; i++) run();
    expect(step.stats.fallbacks).toBe(before);
  });

  it('counts as its cost by how much a call as written takes longer', () => {
    const looks = (slow: number): number => {
      const { model, step, run } = training();
      let time = 0;
      const watched = new ModelWatch(model, { share: 0.1 }, undefined, () => (time += 0.1));
      for (let i = 0; i < 1000; i++) {
        const { fallbacks } = step.stats;
        run();
        time += step.stats.fallbacks > fallbacks ? slow : 10;
      }
      return watched.passes.sampled;
    };
    // A look alone takes 1.5 ms.
    expect(looks(20) / looks(10)).toBeLessThan(0.5);
  });

  it('compiles nothing anew where it begins after the step was compiled', () => {
    const { model, step, run } = training();
    for (let i = 0; i < 10; i++) run();
    const { traces } = step.stats;
    const watched = new ModelWatch(model, { every: 10, share: 1 }, undefined, clock());
    for (let i = 0; i < 50; i++) run();
    expect(watched.passes).toEqual({ seen: 50, sampled: 5 });
    expect(step.stats.traces).toBe(traces);
    expect(watched.layers()[0].main.gradient?.count).toBe(36);
  });

  it.each([
    ['the forward of the model', (model: nn.Sequential, input: Tensor) => model.forward(input)],
    [
      'its layers one by one',
      (model: nn.Sequential, input: Tensor) => model.layers.reduce((x, layer) => layer(x), input),
    ],
  ])('sees a step that calls only %s, whether it was compiled before or not', (_, forward) => {
    const called = training();
    const usual = new ModelWatch(called.model, { every: 10, share: 1 }, undefined, clock());
    for (let i = 0; i < 50; i++) called.run();
    const places = usual.activationRecords().map(({ name }) => name);
    expect(places.length).toBeGreaterThan(1);
    for (const before of [0, 10]) {
      const { model, step, run } = training(forward);
      for (let i = 0; i < before; i++) run();
      const watched = new ModelWatch(model, { every: 10, share: 1 }, undefined, clock());
      for (let i = 0; i < 50; i++) run();
      expect(watched.problems()).toEqual([]);
      expect(watched.passes).toEqual({ seen: 50, sampled: before > 0 ? 5 : 4 });
      expect(step.stats.recompiles).toBe(0);
      expect(watched.activationRecords().map(({ name }) => name)).toEqual(places);
      expect(watched.layers()[0].main.gradient?.count).toBe(36);
      expect(watched.layers()[0].main.ratios.newest?.step).toBe(40);
    }
  });

  it('still refuses a module with hooks, and compiles it when they are gone', () => {
    const { model, step, run } = training();
    const handle = model.layers[0].registerForwardHook(() => undefined);
    for (let i = 0; i < 5; i++) run();
    expect(step.stats.replays).toBe(0);
    expect(step.stats.fallbackReasons[0]).toContain('hooks');
    handle.remove();
    for (let i = 0; i < 5; i++) run();
    expect(step.stats.replays).toBe(3);
  });
});
