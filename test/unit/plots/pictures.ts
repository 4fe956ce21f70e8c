/** Pictures that are not curves: images, weights, attention. */
import {
  attentionMap,
  embeddingPlot,
  featureMaps,
  imageGrid,
  weightGrid,
} from '../../../kernel/plots/index.js';
import type { ChartModel } from '../../../kernel/plots/model/chart.js';
import { data, nn, manualSeed, tensor, Tensor } from '../../../core/index.js';
import { gaussian, noise, silent } from './tools.js';

function digits(count: number): { images: Tensor; labels: number[] } {
  const [images, labels] = data.digits(count).tensors;
  return { images, labels: Array.from(labels.toTypedArray(), Number) };
}

const SENTENCE = 'the cat sat on the mat because it was tired'.split(' ');

/** A head that looks at a fixed distance back, and one that looks everywhere. */
function attention(heads: number, tokens: number): number[][][] {
  const random = noise(61);
  return Array.from({ length: heads }, (_, head) =>
    Array.from({ length: tokens }, (_, q) => {
      const scores = Array.from({ length: tokens }, (_, k) =>
        k > q ? 0 : Math.exp(gaussian(random) + (q - k === head ? 4 : 0)),
      );
      const sum = scores.reduce((a, b) => a + b, 0);
      return scores.map((score) => score / sum);
    }),
  );
}

export const pictures: Record<string, () => ChartModel> = {
  images: () => {
    const { images, labels } = digits(32);
    const predictions = labels.map((label, i) => (i % 11 === 5 ? (label + 5) % 10 : label));
    return imageGrid(images, { title: 'Digits', labels, predictions }, silent).model();
  },
  'images-colour': () => {
    const wave = (i: number, c: number, y: number, x: number): number =>
      0.5 + 0.5 * Math.sin(((i + 1) * (x + 2 * c)) / 9 + ((4 - i) * y) / 11 + 2 * c);
    const images = Array.from({ length: 4 }, (_, i) =>
      Array.from({ length: 3 }, (_, c) =>
        Array.from({ length: 48 }, (_, y) => Array.from({ length: 64 }, (_, x) => wave(i, c, y, x))),
      ),
    );
    return imageGrid(images, { title: 'In colour', labels: ['a', 'b', 'c', 'd'] }, silent).model();
  },
  'image-one': () => imageGrid(digits(1).images, { title: 'One digit' }, silent).model(),
  'images-none': () => imageGrid([], {}, silent).model(),
  'weights-filters': () => {
    manualSeed(3);
    return weightGrid(new nn.Conv2d(1, 16, 5), { title: 'Filters of the first convolution' }, silent).model();
  },
  'weights-matrix': () => {
    manualSeed(4);
    return weightGrid(new nn.Linear(30, 12), { title: 'A linear layer' }, silent).model();
  },
  'weights-nan': () =>
    weightGrid(
      tensor([
        [0.5, -1, NaN, 0],
        [Infinity, 0.2, -0.3, 1],
      ]),
      { title: 'Weights that went wrong' },
      silent,
    ).model(),
  'feature-maps': () => {
    manualSeed(5);
    const maps = new nn.Conv2d(1, 12, 3).forward(digits(1).images);
    return featureMaps(maps, { title: 'What twelve filters answer' }, silent).model();
  },
  'attention-one': () =>
    attentionMap(attention(1, 10), { tokens: SENTENCE, title: 'Which word looks at which' }, silent).model(),
  'attention-heads': () => attentionMap(attention(6, 10), { tokens: SENTENCE }, silent).model(),
  embedding: () => {
    const [images, labels] = data.digits(400).tensors;
    return embeddingPlot(images.reshape([400, 64]), {
      labels,
      title: 'Digits by their principal components',
    }).model();
  },
  'embedding-tsne': () => {
    const { images, labels } = digits(250);
    return embeddingPlot(images.reshape([250, 64]), {
      title: 'Digits by their neighbours',
      labels,
      method: 'tsne',
      steps: 250,
    }).model();
  },
  'embedding-none': () => embeddingPlot([]).model(),
  'attention-none': () => attentionMap([], {}, silent).model(),
};
