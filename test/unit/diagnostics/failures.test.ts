/** Of whole training runs that fail in a known way, and of healthy ones: what is said of each, and what is not. */
import { describe, expect, it } from 'vitest';
import { ModelWatch, type Finding, type FindingKind } from '../../../core/diagnostics/index.js';
import { BROKEN, HEALTHY, ON_PURPOSE, type Case } from './networks.js';

/** The findings after each of these numbers of steps. */
function watched(make: () => Case, stops: readonly number[]): Finding[][] {
  const one = make();
  const watch = new ModelWatch(one.model, { every: 1, share: 1 });
  let done = 0;
  const findings = stops.map((stop) => {
    one.train(stop - done);
    done = stop;
    return watch.findings();
  });
  expect(watch.problems()).toEqual([]);
  return findings;
}

describe('a healthy network', () => {
  it.each(Object.entries(HEALTHY))('has no findings at any time: %s', (_, make) => {
    expect(watched(make, [2, 5, 10, 30, 60, 110, 160]).flat()).toEqual([]);
  });

  it('with a frozen body has a note about that alone', () => {
    for (const findings of watched(ON_PURPOSE['a frozen body that is fine-tuned'], [3, 40]))
      expect(findings).toMatchObject([
        {
          kind: 'frozen',
          severity: 1,
          layer: '0',
          since: 0,
          figure: '1152 of 1218 (95 %) of the parameters',
        },
      ]);
  });

  it('of which 480 of 500 embedding rows are never used has none', () => {
    expect(watched(ON_PURPOSE['embedding rows that are seldom used'], [3, 30]).flat()).toEqual([]);
  });
});

interface Expected {
  kind: FindingKind;
  layer: string | null;
  since: number;
  /** A number or words that must be in the figure. */
  figure: RegExp;
  /** What to try. */
  advice: RegExp;
}

/** What must be said after 40 steps, the worst first, and nothing else. */
const EXPECTED: Record<string, Expected[]> = {
  'ReLU killed by a huge learning rate': [
    {
      kind: 'dead-units',
      layer: '3',
      since: 4,
      figure: /^32 of 32 units/,
      advice: /Lower the learning rate/,
    },
    {
      kind: 'dead-units',
      layer: '1',
      since: 3,
      figure: /^30 of 32 units/,
      advice: /Lower the learning rate/,
    },
    { kind: 'steps-too-large', layer: null, since: 1, figure: /ratio 9\.3/, advice: /930 times lower/ },
    {
      kind: 'loss-oscillating',
      layer: null,
      since: 38,
      figure: /^between 2\.9 and 7, mean 5$/,
      advice: /Lower the learning rate/,
    },
  ],
  'ReLU killed by a huge learning rate, Adam': [
    {
      kind: 'exploding-activations',
      layer: '4',
      since: 1,
      figure: /after 4 \(Linear\)/,
      advice: /lower the/,
    },
    {
      kind: 'dead-units',
      layer: '3',
      since: 2,
      figure: /^26 of 32 units/,
      advice: /Lower the learning rate/,
    },
    { kind: 'steps-too-large', layer: null, since: 0, figure: /ratio \d\d /, advice: /learning rate/ },
    { kind: 'dead-units', layer: '1', since: 13, figure: /^(20|21|22) of 32 units/, advice: /Lower the/ },
  ],
  'ReLU killed by negative biases': [
    { kind: 'dead-units', layer: '3', since: 0, figure: /^31 of 32 units/, advice: /biases far below 0/ },
  ],
  'a deep sigmoid network': [
    {
      kind: 'vanishing-gradients',
      layer: '8',
      since: 0,
      figure: /times smaller than in 16\.w/,
      advice: /ReLU/,
    },
    { kind: 'vanishing-activations', layer: '8', since: 0, figure: /0\.079 .* 2\.2e-5/, advice: /ReLU/ },
  ],
  'weights ten times too large': [
    {
      kind: 'exploding-activations',
      layer: '8',
      since: 0,
      figure: /^std 2\.\d after 0 \(Linear\), \d+ after 8/,
      advice: /smaller/,
    },
  ],
  'a learning rate far too small': [
    {
      kind: 'steps-too-small',
      layer: null,
      since: 2,
      figure: /ratio 2\.8e-7/,
      advice: /Raise .* 3540 times/,
    },
  ],
  'a learning rate far too small, Adam': [
    { kind: 'steps-too-small', layer: null, since: 2, figure: /ratio 8\.\de-7/, advice: /Raise/ },
  ],
  'a learning rate too large': [
    { kind: 'saturated', layer: '3', since: 3, figure: /beyond ±0\.97/, advice: /lower learning rate/ },
    { kind: 'steps-too-large', layer: null, since: 0, figure: /ratio 4\.9/, advice: /learning rate/ },
  ],
  'a loss that is NaN': [
    { kind: 'not-finite', layer: '4', since: 0, figure: /100 %.* NaN$/, advice: /the loss .*log/ },
  ],
  'a loss that becomes NaN by divergence': [
    { kind: 'not-finite', layer: '4', since: 2, figure: /Inf$/, advice: /lower the learning rate/ },
  ],
  'saturated tanh by unscaled inputs': [
    { kind: 'saturated', layer: '1', since: 0, figure: /^100 % .* ±0\.97/, advice: /Normalised inputs/ },
  ],
  'detach in forward': [
    { kind: 'no-gradient', layer: 'first', since: 0, figure: /last 40 samples/, advice: /detach\(\)/ },
  ],
  'a layer never called': [
    { kind: 'unused', layer: 'forgotten', since: 0, figure: /last 40 samples/, advice: /forward\(\)/ },
  ],
  'weights that are all the same': [
    {
      kind: 'alike-units',
      layer: '0',
      since: 2,
      figure: /^32 units with the same 2 weights/,
      advice: /random/,
    },
    {
      kind: 'alike-units',
      layer: '2',
      since: 2,
      figure: /^32 units with the same 32 weights/,
      advice: /random/,
    },
  ],
  'NaN in the data of one batch': [
    { kind: 'not-finite', layer: '0', since: 7, figure: /^1024 of 1024/, advice: /the data hold NaN/ },
  ],
  'a root of 0 in the loss': [
    { kind: 'not-finite', layer: '4', since: 0, figure: /100 %.* NaN$/, advice: /sqrt and norm at 0/ },
  ],
  'weights of 0.01 in a deep tanh network': [
    { kind: 'vanishing-activations', layer: '6', since: 0, figure: /after 6/, advice: /larger weights/ },
    { kind: 'steps-too-small', layer: null, since: 2, figure: /usual about 0\.001/, advice: /Raise/ },
  ],
  'targets of ten thousand': [
    { kind: 'exploding-gradients', layer: '2', since: 0, figure: /^norm of all/, advice: /normalise/ },
  ],
  'a layer that the optimizer does not know': [
    { kind: 'not-moving', layer: '2', since: 0, figure: /^2\.weight: change 0/, advice: /made with/ },
  ],
  'weights of zero': [
    { kind: 'dead-units', layer: '1', since: 0, figure: /^32 of 32/, advice: /kaimingNormal_/ },
    { kind: 'dead-units', layer: '3', since: 0, figure: /^32 of 32/, advice: /kaimingNormal_/ },
  ],
};

describe('a run that fails', () => {
  it('has an expectation each', () => {
    expect([...Object.keys(EXPECTED), 'optimizer.step() forgotten'].sort()).toEqual(
      Object.keys(BROKEN).sort(),
    );
  });

  it.each(Object.entries(EXPECTED))('%s', (name, expected) => {
    const findings = watched(BROKEN[name], [40])[0];
    expect(findings.map(({ kind, layer, since }) => ({ kind, layer, since }))).toEqual(
      expected.map(({ kind, layer, since }) => ({ kind, layer, since })),
    );
    findings.forEach((finding, i) => {
      expect(finding.figure).toMatch(expected[i].figure);
      expect(finding.advice).toMatch(expected[i].advice);
      expect(finding.what).not.toContain('{since}');
    });
  });

  it('for want of optimizer.step(): from the start, once batches may no longer be added up for one step', () => {
    const [early, late] = watched(BROKEN['optimizer.step() forgotten'], [60, 140]);
    expect(early).toEqual([]);
    expect(late).toMatchObject([
      { kind: 'not-moving', layer: null, since: 0 },
      { kind: 'loss-not-falling', layer: null, since: 0 },
    ]);
    expect(late[0].advice).toContain('optimizer.step()');
  });

  it('tells of gradients that explode while they do', () => {
    expect(watched(BROKEN['weights ten times too large'], [3])[0]).toMatchObject([
      { kind: 'exploding-gradients', since: 0 },
      { kind: 'exploding-activations', since: 0 },
    ]);
  });
});
