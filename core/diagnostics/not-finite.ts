/** The rule about NaN and Inf: in parameters, else in outputs, else in gradients. */
import type { Distribution } from './distribution.js';
import type { Rule } from './rules.js';
import { counted, others } from './words.js';

export const notFinite: Rule = ({ layers, activations }) => {
  const bad = (d: Distribution | null): number => (d === null ? 0 : d.nan + d.infinite);
  const weights = layers.flatMap(({ title, name, parameters }) =>
    parameters.filter(({ weight }) => bad(weight) > 0).map((one) => ({ title, name, one, d: one.weight! })),
  );
  if (weights.length > 0) {
    const [{ name, one, d }] = weights;
    return [
      {
        kind: 'not-finite',
        severity: 5,
        layer: name,
        what: `The parameter ${one.name} is not finite {since}${others(weights.length, 'parameter')}.`,
        figure: `${counted(bad(d), d.count)} of its numbers are ${d.nan > 0 ? 'NaN' : 'Inf'}`,
        advice:
          'A step wrote it: start again from a checkpoint with a lower learning rate, clip gradients (nn.clipGradNorm_), look for log(0), sqrt(0) and divisions by 0 in the loss. { every: 1 } shows where it begins.',
      },
    ];
  }
  const outputs = activations.filter(({ newest }) => bad(newest) > 0);
  if (outputs.length > 0) {
    const [{ name, title, newest }] = outputs;
    return [
      {
        kind: 'not-finite',
        severity: 5,
        layer: name,
        what: `Numbers stop being finite in ${title} {since}: its parameters are finite, its outputs are not.`,
        figure: `${counted(bad(newest), newest!.count)} of its outputs are ${newest!.nan > 0 ? 'NaN' : 'Inf'}`,
        advice:
          'Look at this layer and at its input: divisions by 0, log or sqrt of numbers ≤ 0, exp of large numbers; or the data hold NaN.',
      },
    ];
  }
  const gradients = layers.flatMap(({ name, parameters }) =>
    parameters.filter(({ gradient }) => bad(gradient) > 0).map((one) => ({ name, one, d: one.gradient! })),
  );
  if (gradients.length === 0) return [];
  // Gradients come from the output: the layer nearest to it is where it began.
  const { name, one, d } = gradients.at(-1)!;
  return [
    {
      kind: 'not-finite',
      severity: 5,
      layer: name,
      what: `Gradients are not finite {since}, from ${one.name} down${others(gradients.length, 'parameter')}; outputs still are.`,
      figure: `${counted(bad(d), d.count)} of the gradient's numbers are ${d.nan > 0 ? 'NaN' : 'Inf'}`,
      advice:
        d.nan > 0
          ? 'Look at the loss and behind this layer for derivatives at a point where they do not exist (log, sqrt and norm at 0); add a small epsilon.'
          : 'They outgrew their number type: lower the learning rate, clip gradients (nn.clipGradNorm_), scale inputs and targets to about 1.',
    },
  ];
};
