/** Curves about scores, learning rates and noise: cases of their own file. */
import {
  calibrationCurve,
  findLearningRate,
  gradientNoise,
  precisionRecallCurve,
  rocCurve,
} from '../../../kernel/plots/index.js';
import type { ChartModel } from '../../../kernel/plots/model/chart.js';
import { data, F, manualSeed, nn, optim, tensor } from '../../../core/index.js';
import { gaussian, noise } from './tools.js';

/** Logits of a classifier that is right more often than not. */
export function ranked(count: number, classes: number): { scores: number[][]; target: number[] } {
  const random = noise(71);
  const target = Array.from({ length: count }, () => Math.floor(random() * classes));
  const scores = target.map((label) =>
    Array.from({ length: classes }, (_, k) => gaussian(random) + (k === label ? 1 + 0.4 * k : 0)),
  );
  return { scores, target };
}

function digitsModel(): { model: nn.Sequential; x: ReturnType<typeof tensor>; y: ReturnType<typeof tensor> } {
  manualSeed(11);
  const [images, labels] = data.digits(400).tensors;
  return {
    model: new nn.Sequential(new nn.Linear(64, 32), new nn.ReLU(), new nn.Linear(32, 10)),
    x: images.reshape([400, 64]),
    y: labels,
  };
}

export const scoreCases: Record<string, () => ChartModel> = {
  roc: () => {
    const { scores, target } = ranked(500, 2);
    return rocCurve(
      scores.map(([a, b]) => b - a),
      target,
    ).model();
  },
  'roc-classes': () => {
    const { scores, target } = ranked(600, 4);
    return rocCurve(scores, target, { classes: ['ant', 'bird', 'cat', 'dog'] }).model();
  },
  'roc-none': () => rocCurve([], []).model(),
  'precision-recall': () => {
    const { scores, target } = ranked(500, 2);
    return precisionRecallCurve(
      scores.map(([a, b]) => b - a),
      target,
    ).model();
  },
  'precision-recall-classes': () => {
    const { scores, target } = ranked(600, 4);
    return precisionRecallCurve(scores, target).model();
  },
  calibration: () => {
    const { scores, target } = ranked(2000, 3);
    return calibrationCurve(
      scores.map((row) => row.map((score) => 2 * score)),
      target,
    ).model();
  },
  'calibration-none': () => calibrationCurve([], []).model(),
  'learning-rate': () => {
    const { model, x, y } = digitsModel();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 });
    const batches = Array.from(
      { length: 10 },
      (_, i) => [x.narrow(0, 40 * i, 40), y.narrow(0, 40 * i, 40)] as const,
    );
    return findLearningRate(model, optimizer, batches, F.crossEntropy, { from: 1e-4, to: 100 }).model();
  },
  'learning-rate-none': () => {
    const { model } = digitsModel();
    return findLearningRate(model, new optim.SGD(model.parameters(), { lr: 1 }), [], F.crossEntropy).model();
  },
  'gradient-noise': () => {
    const { model, x, y } = digitsModel();
    return gradientNoise(model, (a, b) => F.crossEntropy(model.forward(a), b), { x, y }).model();
  },
};
