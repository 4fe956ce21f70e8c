/**
 * The same arithmetic in plain JavaScript, for ops with their gradients: forward and backward loops of the cases that have
 * some (`plainGrad`). A loop counts as an op's twin where it gives the op's numbers, results and gradients, from the same
 * operands, so that neither other options nor another formula pass for it.
 */
import { allCases } from './cases.mjs';
import { numbers, PlainTensor } from './data.mjs';
import { tensorsIn } from './gradient-cases.mjs';

/** How far float32 may be from each other after so few operations, beside the largest. */
const TOLERANCE = 1e-4;

/** A function without arguments that computes what `entry` (a case of `gradientCases`) does; null where there is none. */
export function plainTwin(nabla, { name, call, args, inputs, outputs, dtype }) {
  if (dtype !== 'float32' || outputs.length !== 1 || outputs[0].dtype !== dtype) return null;
  if (allCases.every(({ op, plainGrad }) => op !== name || plainGrad === undefined)) return null;
  const tensors = args.flatMap((arg) => tensorsIn(nabla, arg));
  const gradient = numbers(outputs[0].shape, { low: 0.5, high: 1.5 });
  const y = tensorsIn(nabla, call(...args)).find((x) => x.requiresGrad);
  const by = nabla.grad(y, inputs, {
    gradOutputs: nabla.fromTypedArray(gradient.data).reshape([...y.shape]),
    allowUnused: true,
  });
  const wanted = [y, ...by];
  for (const { op, plainGrad } of allCases) {
    if (op !== name || plainGrad === undefined) continue;
    const operands = [...tensors.map(plainOf), new PlainTensor(gradient.data, gradient.shape)];
    if (gives(plainGrad, operands, wanted)) return calling(plainGrad, operands);
  }
  return null;
}

function plainOf(x) {
  return new PlainTensor(x.detach().contiguous().toTypedArray().slice(), x.shape);
}

function gives(plainGrad, operands, wanted) {
  let results;
  try {
    results = plainGrad(...operands).filter((result) => result !== null);
  } catch {
    // Operands of other shapes than it is for.
    return false;
  }
  return results.length === wanted.length && results.every((result, i) => isNear(result, wanted[i]));
}

function isNear({ data }, x) {
  if (x === null || x.numel() !== data.length) return false;
  const there = x.detach().contiguous().toTypedArray();
  const largest = there.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  return data.every((value, i) => Math.abs(value - there[i]) <= TOLERANCE * largest);
}

let number = 0;

/** Compiled for its case, as Nabla's side is. */
function calling(f, operands) {
  const names = operands.map((_, i) => `a${i}`);
  return new Function(
    'f',
    ...names,
    `/* twin ${number++} */ let kept; return () => { kept = f(${names.join(', ')}); return kept; };`,
  )(f, ...operands);
}
