/** Autograd graphs and surfaces: cases of their own file. */
import { backpropSteps, graph, lossSlice, lossSurface } from '../../../kernel/plots/index.js';
import type { ChartModel } from '../../../kernel/plots/model/chart.js';
import { F, manualSeed, nn, optim, randn, tensor, type Tensor } from '../../../core/index.js';
import { silent } from './tools.js';

/** A neuron with one input: tanh(w x + b), and its squared distance from a target. */
export function neuron(): { names: Record<string, Tensor>; loss: () => Tensor } {
  const leaf = (value: number): Tensor => tensor(value, { requiresGrad: true });
  const [w, x, b] = [leaf(-1.5), leaf(0.8), leaf(0.6)];
  return { names: { w, x, b }, loss: () => w.mul(x).add(b).tanh().sub(0.5).square() };
}

export function perceptron(): { model: nn.Sequential; loss: () => Tensor } {
  manualSeed(7);
  const model = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 3));
  const x = randn([16, 4]);
  const y = tensor(
    Array.from({ length: 16 }, (_, i) => i % 3),
    { dtype: 'int64' },
  );
  return { model, loss: () => F.crossEntropy(model.forward(x), y) };
}

class TwoHeads extends nn.Module {
  used = new nn.Linear(3, 2);
  forgotten = new nn.Linear(3, 2);
  override forward(x: Tensor): Tensor {
    return this.used.forward(x);
  }
}

/** Rosenbrock's function: a curved valley with its least value, 0, at (1, 1). */
export const rosenbrock = (x: Tensor, y: Tensor): Tensor =>
  x.mul(-1).add(1).square().add(y.sub(x.square()).square().mul(100));

export const graphs: Record<string, () => ChartModel> = {
  'graph-neuron': () => graph(neuron().loss, { names: neuron().names }, silent).model(),
  'graph-named': () => {
    const { names, loss } = neuron();
    return graph(loss(), { names, title: 'A neuron' }, silent).model();
  },
  'graph-perceptron': () => {
    const { model, loss } = perceptron();
    return graph(loss, { model, title: 'A perceptron with one hidden layer' }, silent).model();
  },
  'graph-missing': () => {
    manualSeed(8);
    const model = new TwoHeads();
    return graph(
      () =>
        model
          .forward(randn([5, 3]))
          .square()
          .mean(),
      { model, title: 'A head that nothing uses' },
      silent,
    ).model();
  },
  'graph-nan': () => {
    const [a, b] = [tensor([0, 1], { requiresGrad: true }), tensor([2, 3], { requiresGrad: true })];
    return graph(
      () => a.sqrt().mul(0).add(b).sum(),
      { names: { a, b }, title: 'The derivative of a root at 0' },
      silent,
    ).model();
  },
  'graph-modules': () => {
    manualSeed(9);
    const layer = { dropout: 0, batchFirst: true };
    const model = new nn.TransformerEncoder(new nn.TransformerEncoderLayer(16, 2, layer), 4);
    return graph(
      () =>
        model
          .forward(randn([2, 5, 16]))
          .square()
          .mean(),
      { model, title: 'Four layers of a transformer' },
      silent,
    ).model();
  },
  'graph-transformer': () => {
    manualSeed(9);
    const layer = new nn.TransformerEncoderLayer(16, 2, { dropout: 0, batchFirst: true });
    return graph(
      () =>
        layer
          .forward(randn([2, 5, 16]))
          .square()
          .mean(),
      { model: layer, title: 'One layer of a transformer', values: false },
      silent,
    ).model();
  },
  'graph-none': () => graph(tensor(1), {}, silent).model(),
  'backprop-first': () => backpropSteps(neuron().loss, {}, silent).model(0),
  'backprop-middle': () => {
    const { names, loss } = neuron();
    return backpropSteps(loss, { names }, silent).model(3);
  },
  'backprop-last': () => {
    const { names, loss } = neuron();
    return backpropSteps(loss, { names }, silent).model();
  },

  'surface-rosenbrock': () =>
    lossSurface(rosenbrock, {
      title: "Rosenbrock's valley",
      x: [-2, 2],
      y: [-1, 3],
      start: [-1.5, 2.5],
      steps: 400,
      optimizers: {
        SGD: (p) => new optim.SGD(p, { lr: 1e-3 }),
        momentum: (p) => new optim.SGD(p, { lr: 5e-4, momentum: 0.9 }),
        Adam: (p) => new optim.Adam(p, { lr: 0.05 }),
      },
    }).model(),
  'surface-arrows': () =>
    lossSurface((x: number, y: number) => x * x + 3 * y * y, {
      title: 'Against the gradient',
      arrows: 9,
      downhill: true,
    }).model(),
  'surface-hole': () =>
    lossSurface((x: number, y: number) => Math.log(x * x + y * y - 0.5), {
      title: 'Not defined everywhere',
    }).model(),
  'surface-model': () => {
    const { model, loss } = perceptron();
    return lossSurface(model, loss, {
      title: 'A perceptron, along principal directions',
      optimizers: {
        SGD: (p) => new optim.SGD(p, { lr: 0.5 }),
        Adam: (p) => new optim.Adam(p, { lr: 0.03 }),
      },
    }).model();
  },
  'surface-random': () => {
    const { model, loss } = perceptron();
    return lossSurface(model, loss, { title: 'A perceptron, along random directions' }).model();
  },
  'surface-none': () => lossSurface(() => NaN, { title: 'Never a number' }).model(),
  'slices-model': () => {
    const { model, loss } = perceptron();
    return lossSlice(model, loss, { title: 'Three random directions' }).model();
  },
  'slice-function': () => lossSlice((x: number) => x ** 4 - 3 * x * x + x, { title: 'A quartic' }).model(),
};
