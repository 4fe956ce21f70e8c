/** What distributions are made of: parameters as tensors of one shape and dtype, and what their elements must be. */
import { finfo, type FloatLimits } from '../dtype-limits.js';
import { tracing } from '../autograd/tracing.js';
import { levels } from '../autograd/levels/wrapped.js';
import { type FloatDType, getDefaultDtype, isFloat, promoteTypes } from '../dtype.js';
import { broadcastShapes, describeValue, formatShape, type Shape } from '../layout.js';
import { isTensor } from '../ops/operand.js';
import { tensor } from '../ops/index.js';
import { toTypedArray } from '../read.js';
import type { Tensor } from '../tensor.js';

/** A number stands for a tensor of that number. */
export type Value = Tensor | number;

/** What elements must be, and how an error says so. */
export interface Constraint {
  readonly words: string;
  readonly holds: (x: number) => boolean;
}

export const real: Constraint = { words: 'real numbers', holds: (x) => x === x };
export const positive: Constraint = { words: 'positive', holds: (x) => x > 0 };
export const nonNegative: Constraint = { words: '0 or more', holds: (x) => x >= 0 };
export const unitInterval: Constraint = { words: 'in [0, 1]', holds: (x) => x >= 0 && x <= 1 };
export const insideUnit: Constraint = { words: 'in (0, 1]', holds: (x) => x > 0 && x <= 1 };
export const belowOne: Constraint = { words: 'in [0, 1)', holds: (x) => x >= 0 && x < 1 };
export const zeroOrOne: Constraint = { words: '0 or 1', holds: (x) => x === 0 || x === 1 };
export const count: Constraint = {
  words: 'whole numbers from 0 up',
  holds: (x) => Number.isInteger(x) && x >= 0,
};

/** Elements cannot be looked at inside of function transforms, and are not while a step is compiled. */
export function canLook(): boolean {
  return levels.top === null && tracing.current === null;
}

/** @throws RangeError that names the first element that does not keep to the constraint */
export function checkElements(owner: string, name: string, x: Tensor, { words, holds }: Constraint): void {
  if (!canLook()) return;
  const data = toTypedArray(x.detach());
  for (let i = 0; i < data.length; i++) {
    if (holds(data[i])) continue;
    throw new RangeError(
      `${owner}: ${name} must be ${words}, found ${data[i]} at position ${i} of shape ${formatShape(x.shape)}`,
    );
  }
}

/** The dtype of distributions' parameters: that of those that are float tensors, or the default. */
function dtypeOf(values: readonly Value[]): FloatDType {
  let dtype: FloatDType | null = null;
  for (const value of values) {
    if (!isTensor(value) || !isFloat(value.dtype)) continue;
    if (dtype === null) {
      dtype = value.dtype;
      continue;
    }
    const both = promoteTypes(dtype, value.dtype);
    if (isFloat(both)) dtype = both;
  }
  return dtype ?? getDefaultDtype();
}

/**
 * Parameters as tensors of one float dtype.
 * @throws TypeError for what is neither a tensor nor a number
 */
export function asTensors(owner: string, named: Readonly<Record<string, Value>>): Tensor[] {
  const values = Object.values(named);
  const dtype = dtypeOf(values);
  return Object.entries(named).map(([name, value]) => {
    if (typeof value === 'number') return tensor(value, { dtype });
    if (!isTensor(value)) {
      throw new TypeError(`${owner}: ${name} is a tensor or a number, got ${describeValue(value)}`);
    }
    return value.dtype === dtype ? value : value.to(dtype);
  });
}

/** The same, seen at the shape to which they broadcast. */
export function broadcastParameters(owner: string, named: Readonly<Record<string, Value>>): Tensor[] {
  const tensors = asTensors(owner, named);
  const shape = tensors.reduce<Shape>((all, x) => broadcastShapes(owner, all, x.shape), []);
  return tensors.map((x) => expanded(x, shape));
}

/** A tensor seen at a shape to which it broadcasts; itself where it has it. */
export function expanded(x: Tensor, shape: Shape): Tensor {
  return formatShape(x.shape) === formatShape(shape) ? x : x.expand([...shape]);
}

/** Of a value in a `logProb` or `cdf`, a tensor of the dtype of the parameters. */
export function valueLike(owner: string, value: unknown, like: Tensor): Tensor {
  if (typeof value === 'number') return tensor(value, { dtype: like.dtype });
  if (!isTensor(value))
    throw new TypeError(`${owner}: expected a tensor or a number, got ${describeValue(value)}`);
  return isFloat(value.dtype) ? value : value.to(like.dtype);
}

/** The dtype of a parameter, which is float. */
export function floatDType(x: Tensor): FloatDType {
  return isFloat(x.dtype) ? x.dtype : getDefaultDtype();
}

/** The limits of the dtype that a tensor is computed with. */
export function floatInfo(x: Tensor): FloatLimits {
  return finfo(x.dtype === 'float64' ? 'float64' : 'float32');
}

/** Probabilities kept off 0 and 1, so that their logarithms are finite. */
export function clampProbabilities(p: Tensor): Tensor {
  const { eps } = floatInfo(p);
  return p.clamp(eps, 1 - eps);
}
