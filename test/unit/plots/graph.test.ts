import { describe, expect, it } from 'vitest';
import { F, nn, noGrad, randn, tensor, type Tensor } from '../../../core/index.js';
import { readGraph } from '../../../core/diagnostics/index.js';
import { backpropSteps, graph, type Still } from '../../../kernel/plots/index.js';
import type { ChartModel } from '../../../kernel/plots/model/chart.js';
import type { GraphPanel } from '../../../kernel/plots/model/pictures.js';
import { toText } from '../../../kernel/plots/render/text.js';
import { neuron, perceptron } from './graphs.js';
import { silent } from './tools.js';

function panelOf(chart: { model(): ChartModel }): GraphPanel {
  const [panel] = chart.model().panels;
  if (panel.kind !== 'graph') throw new Error(`expected a graph, got ${panel.kind}`);
  return panel;
}

const notes = (still: Still): string => still.model().notes.join(' ');
const box = (panel: GraphPanel, name: string) => panel.boxes.find(({ lines }) => lines[0] === name);

describe('readGraph', () => {
  it('gives every value, gradient and local factor of the chain rule', () => {
    const { names, loss } = neuron();
    const { nodes, freed } = readGraph(loss, { names });
    const of = (name: string) => nodes.find((node) => node.name === name)!;
    // (tanh(w x + b) - 1/2)², by hand.
    const [w, x, b] = [-1.5, 0.8, 0.6];
    const t = Math.tanh(w * x + b);
    const dt = 2 * (t - 0.5);
    const da = dt * (1 - t * t);
    expect(freed).toBe(false);
    expect(nodes.map(({ name }) => name)).toEqual(['w', 'x', 'mul', 'b', 'add', 'tanh', 'sub', 'square']);
    expect(of('mul').value?.value).toBeCloseTo(w * x, 6);
    expect(of('tanh').value?.value).toBeCloseTo(t, 6);
    expect(of('square').value?.value).toBeCloseTo((t - 0.5) ** 2, 6);
    for (const [name, wanted] of Object.entries({
      square: 1,
      sub: dt,
      tanh: dt,
      add: da,
      mul: da,
      b: da,
      w: da * x,
      x: da * w,
    }))
      expect(of(name).gradient?.value, name).toBeCloseTo(wanted, 5);
    expect(of('tanh').inputs).toEqual([
      { input: 4, factor: expect.closeTo(1 - t * t, 5) as number, exact: true },
    ]);
    expect(of('mul').inputs.map(({ factor }) => factor)).toEqual([
      expect.closeTo(x, 5),
      expect.closeTo(w, 5),
    ]);
  });

  it('agrees with backward on a network, and touches neither gradients nor hooks', () => {
    const { model, loss } = perceptron();
    let calls = 0;
    const [first] = model.parameters();
    first.registerHook(() => {
      calls += 1;
      return null;
    });
    const value = loss();
    const { nodes } = readGraph(value, { model });
    expect(calls).toBe(0);
    expect(model.parameters().every(({ grad }) => grad === null)).toBe(true);
    value.backward();
    expect(calls).toBe(1);
    for (const [name, parameter] of model.namedParameters()) {
      const found = nodes.find((node) => node.name === name);
      expect(found?.gradient?.norm).toBeCloseTo(parameter.grad!.norm().item(), 6);
      expect(found?.gradient?.shape).toEqual(parameter.shape);
    }
  });

  it('knows operations with several results, and values used twice', () => {
    const x = tensor([3, 1, 2], { requiresGrad: true });
    const { nodes } = readGraph(() => {
      const [values] = x.sort();
      return values.mul(values).sum();
    });
    expect(nodes.map(({ name }) => name)).toContain('sum');
    expect(nodes.find(({ kind }) => kind === 'leaf')?.gradient?.norm).toBeCloseTo(2 * Math.sqrt(14), 5);
  });
});

describe('graph', () => {
  it('says names, shapes, values and gradients, from left to right', () => {
    const { names, loss } = neuron();
    const panel = panelOf(graph(loss, { names }, silent));
    expect(box(panel, 'w')).toMatchObject({ kind: 'leaf', lines: ['w', '= -1.5', 'grad -1.181'] });
    expect(box(panel, 'loss: square')?.kind).toBe('loss');
    for (const { from, to } of panel.links) expect(panel.boxes[from].x).toBeLessThan(panel.boxes[to].x);
    const { model, loss: other } = perceptron();
    expect(panelOf(graph(other, { model }, silent)).links.map(({ label }) => label)).toContain('[16, 8]');
  });

  it('has no two boxes that touch', () => {
    const { model, loss } = perceptron();
    const { boxes } = panelOf(graph(loss, { model }, silent));
    boxes.forEach((a, i) => {
      for (const b of boxes.slice(i + 1)) {
        const apart =
          Math.abs(a.x - b.x) >= (a.width + b.width) / 2 || Math.abs(a.y - b.y) >= (a.height + b.height) / 2;
        expect(apart, `${a.lines[0]} and ${b.lines[0]}`).toBe(true);
      }
    });
  });

  it('marks NaN and what gets no gradient', () => {
    const a = tensor([0, 1], { requiresGrad: true });
    const still = graph(() => a.sqrt().mul(0).sum(), { names: { a } }, silent);
    expect(box(panelOf(still), 'a')).toMatchObject({
      trouble: 'nan',
      lines: ['a', '[2]', '0.5 ± 0.5', 'gradient: 1 NaN or Inf'],
    });
    const first = new nn.Linear(2, 2);
    const model = new nn.Sequential(first, new nn.Linear(2, 2));
    const partly = graph(() => first.forward(randn([3, 2])).sum(), { model }, silent);
    expect(box(panelOf(partly), '1.weight')).toMatchObject({ trouble: 'missing' });
    expect(toText(partly.model())).toContain('1.bias: not reached, no gradient');
  });

  it('collapses modules past 150 boxes, those that were called and, from a loss alone, those of the parameters', () => {
    const model = new nn.Sequential(
      ...Array.from({ length: 60 }, () => new nn.Sequential(new nn.Linear(3, 3), new nn.Tanh())),
    );
    const loss = (): Tensor => model.forward(randn([2, 3])).sum();
    const recorded = graph(loss, { model }, silent);
    expect(notes(recorded)).toContain('241 operations and leaves, collapsed into modules');
    const panel = panelOf(recorded);
    expect(panel.boxes.length).toBeLessThanOrEqual(150);
    expect(panel.boxes.filter(({ kind }) => kind === 'module').length).toBeGreaterThanOrEqual(60);
    const guessed = panelOf(graph(loss(), { model }, silent));
    expect(guessed.boxes.length).toBeLessThanOrEqual(150);
    expect(guessed.boxes.some(({ lines }) => lines[0] === '17.0')).toBe(true);
  });

  it('draws the last of very many operations without a model', () => {
    let x = tensor(1, { requiresGrad: true });
    for (let i = 0; i < 400; i++) x = x.mul(1.001);
    const still = graph(x, {}, silent);
    expect(panelOf(still).boxes).toHaveLength(150);
    expect(notes(still)).toContain('Only the last 150 of 401 are drawn. Give { model }');
  });

  it('shows what leaves have kept when the graph was let go', () => {
    const { names, loss } = neuron();
    const value = loss();
    value.backward();
    const still = graph(value, { names }, silent);
    expect(notes(still)).toContain('freed');
    expect(box(panelOf(still), 'w')?.lines).toContain('grad -1.181');
  });

  it.each([
    ['no graph', () => noGrad(() => tensor(1).mul(2)), 'was not recorded'],
    [
      'several elements',
      () => tensor([1, 2], { requiresGrad: true }).mul(2),
      'a loss has one element, got shape [2]',
    ],
    [
      'an error of the function',
      () => F.crossEntropy(randn([2, 3]), tensor([0, 9], { dtype: 'int64' })),
      '9',
    ],
  ])('says what is wrong with %s', (_, loss, words) => {
    const still = graph(loss, {}, silent);
    expect(notes(still)).toContain(words);
    expect(toText(still.model())).toContain('No graph');
  });
});

describe('backpropSteps', () => {
  it('knows the local derivatives also where the gradient has vanished: a saturated sigmoid', () => {
    const [a, b] = [2, -3].map((value) => tensor(value, { requiresGrad: true }));
    const { nodes } = readGraph(() => a.mul(b).add(a.exp().mul(12)).sigmoid().log(), { names: { a, b } });
    const product = nodes.findIndex(({ name, value }) => name === 'mul' && value?.value === -6);
    // Of 82.7 the sigmoid is 1 in 32 bits, its derivative 0, and 0 is the gradient of all that is below.
    expect(nodes[product].gradient?.value).toBe(0);
    expect(nodes[product].inputs.map(({ factor, exact }) => [factor, exact])).toEqual([
      [-3, true],
      [2, true],
    ]);
    const labels = backpropSteps(() => a.mul(b).add(a.exp().mul(12)).sigmoid().log(), {}, silent)
      .model()
      .panels.flatMap((panel) => (panel.kind === 'graph' ? panel.links.map(({ label }) => label) : []));
    expect(labels.filter((label) => label.includes('?'))).toEqual([]);
  });

  it('hands gradients on step by step, with the factors on the edges', () => {
    const { names, loss } = neuron();
    const steps = backpropSteps(loss, { names }, silent);
    const places = Array.from({ length: steps.length }, (_, i) => {
      const { width, height, panels } = steps.model(i);
      const [panel] = panels;
      return [width, height, panel.kind === 'graph' && panel.boxes.map(({ x, y }) => [x, y])];
    });
    for (const place of places) expect(place).toEqual(places[0]);
    expect(steps.length).toBe(6);
    const first = panelOf(steps.step(0));
    expect(first.links.every(({ label }) => label === '')).toBe(true);
    expect(box(first, 'w')?.lines).toContain('grad ?');
    const third = panelOf(steps.step(3));
    expect(third.links.filter(({ now }) => now).map(({ label }) => label)).toEqual(['× 0.7116']);
    const last = panelOf(steps);
    expect(last.links.every(({ label }) => label.startsWith('× '))).toBe(true);
    expect(toText(steps.model())).toContain(
      '5. mul hands on its gradient -1.476: w gets -1.476 × 0.8 = -1.181; x gets -1.476 × -1.5 = 2.214.',
    );
  });

  it('says that more is to come where a value is used twice', () => {
    const x = tensor(3, { requiresGrad: true });
    const steps = backpropSteps(() => x.square().add(x.mul(5)), { names: { x } }, silent);
    const texts = Array.from({ length: steps.length }, (_, i) =>
      box(panelOf(steps.step(i)), 'x')?.lines.at(-1),
    );
    expect(texts).toEqual(['grad ?', 'grad ?', 'grad: more to come', 'grad 11']);
  });

  it.each([
    [
      'a large graph',
      () =>
        backpropSteps(
          () => Array.from({ length: 50 }).reduce((x: Tensor) => x.mul(2), tensor(1, { requiresGrad: true })),
          {},
          silent,
        ),
      '51 operations and leaves are too many',
    ],
    [
      'a graph that was let go',
      () => {
        const loss = tensor(2, { requiresGrad: true }).square();
        loss.backward();
        return backpropSteps(loss, {}, silent);
      },
      'already freed',
    ],
  ])('says so about %s', (_, make, words) => {
    expect(make().model().notes.join(' ')).toContain(words);
  });
});
