import { describe, expect, it } from 'vitest';
import { F, manualSeed, nn, optim, rand, randn, tensor, type Tensor } from '../../../core/index.js';
import { lossSlice, lossSurface, type Still } from '../../../kernel/plots/index.js';
import { principal } from '../../../kernel/plots/charts/directions.js';
import type { LinePanel } from '../../../kernel/plots/model/chart.js';
import type { SurfacePanel } from '../../../kernel/plots/model/pictures.js';
import { chartBundle } from '../../../kernel/plots/render/bundle.js';
import { render } from '../../../kernel/plots/render/raster.js';
import { toText } from '../../../kernel/plots/render/text.js';
import { PALETTE, parseColor } from '../../../kernel/plots/scene/style.js';
import { cases } from './cases.js';
import { perceptron, rosenbrock } from './graphs.js';
import { readPng } from './png-reader.js';

function surfaceOf(still: Still): SurfacePanel {
  const [panel] = still.model().panels;
  if (panel.kind !== 'surface') throw new Error(`expected a surface, got ${panel.kind}`);
  return panel;
}

function linesOf(still: Still): LinePanel {
  const [panel] = still.model().panels;
  if (panel.kind !== 'lines') throw new Error(`expected lines, got ${panel.kind}`);
  return panel;
}

const notes = (still: Still): string => still.model().notes.join(' ');

describe('lossSurface of a function', () => {
  it.each(['final', 'live'] as const)(
    'shows each optimizer in its own colour in the %s picture',
    (effort) => {
      const result = render(cases['surface-rosenbrock'](), effort);
      if (!('png' in result)) throw new Error(result.error);
      const { palette, pixels } = readPng(result.png);
      const share = (hex: string): number => {
        const near = palette.flatMap((color, i) =>
          parseColor(hex).every((channel, k) => Math.abs(channel - color[k]) < 8) ? [i] : [],
        );
        return pixels.filter((index) => near.includes(index)).length;
      };
      for (const color of PALETTE.slice(0, 3)) expect(share(color), color).toBeGreaterThan(100);
      expect(share(PALETTE[3])).toBe(0);
    },
  );

  it('has 41 x 41 values, the lowest at the known minimum of Rosenbrock, and contours that grow by a constant factor', () => {
    const panel = surfaceOf(lossSurface(rosenbrock, { x: [-2, 2], y: [-1, 3] }));
    expect([panel.columns, panel.rows]).toEqual([41, 41]);
    expect(panel.lowest?.value).toBeCloseTo(0, 10);
    expect([panel.lowest?.x, panel.lowest?.y]).toEqual([expect.closeTo(1, 10), expect.closeTo(1, 10)]);
    // f(-2, -1) = 9 + 100 · 25
    expect(panel.values[0]).toBeCloseTo(2509, 2);
    const ratios = panel.levels.slice(1).map((level, i) => level / panel.levels[i]);
    for (const ratio of ratios) expect(ratio).toBeCloseTo(ratios[0], 3);
  });

  it('takes functions of numbers and of tensors alike', () => {
    const a = surfaceOf(lossSurface((x: number, y: number) => x * x + 3 * y));
    const b = surfaceOf(lossSurface((x: Tensor, y: Tensor) => x.square().add(y.mul(3))));
    a.values.forEach((value, i) => expect(b.values[i]).toBeCloseTo(value, 4));
  });

  it('lets optimizers go as they do by themselves: gradient descent on a bowl is (1 - 2 lr)^t', () => {
    const panel = surfaceOf(
      lossSurface((x, y) => x.square().add(y.square()), {
        start: [1, -1.5],
        steps: 10,
        optimizers: { SGD: (p) => new optim.SGD(p, { lr: 0.1 }) },
      }),
    );
    const [{ name, points, last }] = panel.paths;
    expect(name).toBe('SGD');
    expect(points.x).toHaveLength(11);
    points.x.forEach((x, t) => expect(x).toBeCloseTo(0.8 ** t, 6));
    points.y.forEach((y, t) => expect(y).toBeCloseTo(-1.5 * 0.8 ** t, 6));
    expect(last).toBeCloseTo(0.8 ** 20 * (1 + 2.25), 5);
  });

  it('has arrows along the gradient, or against it, all of one scale', () => {
    const bowl = (x: number, y: number): number => x * x + 3 * y * y;
    for (const [downhill, sign] of [
      [false, 1],
      [true, -1],
    ] as const) {
      const still = lossSurface(bowl, { arrows: 4, downhill });
      const { arrows } = surfaceOf(still);
      if (!arrows) throw new Error('there are no arrows');
      expect(Array.from(arrows.x.slice(0, 4))).toEqual([-1.5, -0.5, 0.5, 1.5]);
      // The gradient is (2x, 6y): the steepest is 9 at y = 1.5, and its arrow 0.9 cells of 1 long.
      arrows.x.forEach((x, i) => expect(arrows.dx[i]).toBeCloseTo(sign * 0.1 * 2 * x, 8));
      arrows.y.forEach((y, i) => expect(arrows.dy[i]).toBeCloseTo(sign * 0.1 * 6 * y, 8));
      expect(toText(still.model())).toContain(`the longest has norm ${Math.hypot(3, 9).toPrecision(3)}`);
    }
    expect(surfaceOf(lossSurface(bowl)).arrows).toBeUndefined();
    expect(notes(lossSurface(() => NaN, { arrows: 4 }))).toBe('');
  });

  it('draws paths that are given and says where they end', () => {
    const still = lossSurface((x: number, y: number) => x * x + y * y, {
      paths: {
        mine: [
          [1, 1],
          [0.5, 0],
        ],
      },
    });
    expect(toText(still.model())).toContain('mine: 2 points, ends at (0.5, 0) with 0.25');
  });

  it.each([
    ['a value that is never a number', () => lossSurface(() => NaN), 'No finite value'],
    ['a vector', () => lossSurface(() => tensor([1, 2])), 'a loss has one element'],
    ['an impossible range', () => lossSurface(() => 1, { x: [1, 1] }), 'a range is [low, high], got [1, 1]'],
    [
      'optimizers on numbers',
      () => lossSurface((x: number) => x * x, { optimizers: { SGD: (p) => new optim.SGD(p, { lr: 1 }) } }),
      'must compute with tensors',
    ],
  ])('says what is wrong with %s and does not throw', (_, make, words) => {
    expect(toText(make().model())).toContain(words);
  });
});

describe('lossSurface of a model', () => {
  it('goes through the weights, and puts them, their gradients and the statistics back', () => {
    manualSeed(1);
    const model = new nn.Sequential(new nn.Linear(3, 4), new nn.BatchNorm1d(4), new nn.Linear(4, 1));
    const x = randn([20, 3]);
    const loss = (): Tensor => model.forward(x).square().mean();
    loss().backward();
    const keep = (): number[] =>
      [
        ...model.parameters(),
        ...model.parameters().map((p) => p.grad!),
        ...model.namedBuffers().map(([, b]) => b),
      ].flatMap((t) => Array.from(t.toTypedArray(), Number));
    const before = keep();
    const now = loss().item();
    const after = keep();
    const panel = surfaceOf(lossSurface(model, loss, { resolution: 5, seed: 4 }));
    expect(panel.values[12]).toBeCloseTo(now, 5);
    expect(before).toHaveLength(after.length);
    expect(keep()).toEqual(after);
  });

  it('takes the principal directions of the paths, which hold nearly all of a straight one', () => {
    const { model, loss } = perceptron();
    const still = lossSurface(model, loss, {
      resolution: 5,
      steps: 12,
      optimizers: { SGD: (p) => new optim.SGD(p, { lr: 0.5 }) },
    });
    const [path] = surfaceOf(still).paths;
    expect(path.points.x).toHaveLength(13);
    expect(path.points.x.at(-1)).toBeCloseTo(0, 6);
    // On a plane through its end, the path ends with the loss that it has there.
    const again = perceptron();
    const optimizer = new optim.SGD(again.model.parameters(), { lr: 0.5 });
    for (let step = 0; step < 12; step++) {
      optimizer.zeroGrad();
      again.loss().backward();
      optimizer.step();
    }
    expect(path.last).toBeCloseTo(again.loss().item(), 5);
    expect(notes(still)).toMatch(/The plane holds (9\d|100) %/);
  });

  it('finds principal directions as the singular value decomposition defines them', () => {
    const rows = [
      [3, 0, 0],
      [-3, 0, 0],
      [0, 1, 1],
      [0, -1, -1],
    ];
    const { directions, shares } = principal(rows);
    expect(Array.from(directions[0], Math.abs)).toEqual([1, 0, 0].map((v) => expect.closeTo(v, 9) as number));
    expect(Array.from(directions[1], Math.abs)).toEqual(
      [0, Math.SQRT1_2, Math.SQRT1_2].map((v) => expect.closeTo(v, 9) as number),
    );
    expect(shares[0]).toBeCloseTo(18 / 22, 9);
  });
});

describe('lossSlice', () => {
  it('shows a function, alive as Vega-Lite', () => {
    const still = lossSlice((x: number) => x * x, { x: [-1, 1], resolution: 5 });
    const [series] = linesOf(still).series;
    expect([...series.line.y]).toEqual([1, 0.25, 0, 0.25, 1]);
    expect(chartBundle(still.model(), { error: 'none' }, true).data).toHaveProperty([
      'application/vnd.vegalite.v5+json',
    ]);
  });

  it('goes to other weights, at 1, and leaves the model as it was', () => {
    manualSeed(2);
    const model = new nn.Linear(4, 1);
    const x = rand([8, 4]);
    const loss = (): Tensor => F.mseLoss(model.forward(x), x.sum(1, true));
    const before = loss().item();
    const best = nn.utils.parametersToVector([tensor([[1, 1, 1, 1]]), tensor([0])]);
    const { line } = linesOf(lossSlice(model, loss, { to: best, x: [0, 1], resolution: 11 })).series[0];
    expect(line.y[0]).toBeCloseTo(before, 6);
    expect(line.y[10]).toBeCloseTo(0, 6);
    expect(loss().item()).toBe(before);
    expect(notes(lossSlice(model, loss, { to: [1, 2] }))).toContain('the model has 5 weights, `to` has 2');
  });
});
