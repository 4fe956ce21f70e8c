/**
 * Checks of derivatives against finite differences, in float64: a gradient that backward computes must agree with how
 * the result changes when an input is changed a little.
 */
import { isFloat } from '../dtype.js';
import { formatShape } from '../layout.js';
import { contiguousData, elements } from '../ops/raw.js';
import { Tensor } from '../tensor.js';
import { grad } from './backward.js';

export interface GradcheckOptions {
  /** The change of an input. Default 1e-6. */
  eps?: number;
  /** Absolute tolerance. Default 1e-5. */
  atol?: number;
  /** Relative tolerance. Default 1e-3. */
  rtol?: number;
  /** Return false instead of an error that says where they differ. Default true. */
  raiseException?: boolean;
}

type Checked = (...inputs: Tensor[]) => Tensor | readonly Tensor[];

function outputsOf(fn: Checked, inputs: readonly Tensor[]): Tensor[] {
  const result = fn(...inputs);
  const list: readonly Tensor[] = result instanceof Tensor ? [result] : result;
  return list.filter((output) => isFloat(output.dtype));
}

/** All values of the outputs in a row. */
function valuesOf(outputs: readonly Tensor[]): number[][] {
  return outputs.map((output) => Array.from(elements(contiguousData(output.detach(), 'gradcheck'))));
}

/** For each output, d output / d (one element of an input), by central differences. */
function numericalColumn(
  fn: Checked,
  inputs: readonly Tensor[],
  input: Tensor,
  element: number,
  eps: number,
): number[][] {
  const data = elements(input);
  const before = data[element];
  try {
    data[element] = before + eps;
    const above = valuesOf(outputsOf(fn, inputs));
    data[element] = before - eps;
    const below = valuesOf(outputsOf(fn, inputs));
    return above.map((row, o) => row.map((value, i) => (value - below[o][i]) / (2 * eps)));
  } finally {
    data[element] = before;
  }
}

/** d output[i] / d inputs, for one element of one output. */
function analyticalRow(output: Tensor, element: number, inputs: readonly Tensor[]): (Float64Array | null)[] {
  const start = new Float64Array(output.numel());
  start[element] = 1;
  const seed = output.detach().clone();
  elements(seed).set(start);
  const rows = grad([output], inputs, { gradOutputs: [seed], retainGraph: true, allowUnused: true });
  return rows.map((row) =>
    row === null ? null : Float64Array.from(elements(contiguousData(row, 'gradcheck'))),
  );
}

/**
 * Whether the gradients of `fn` by its float64 inputs that require grad agree with finite differences.
 *
 * @throws Error that says which element of which Jacobian differs, unless `raiseException` is false
 * @throws TypeError if an input is float32, whose precision is too low for differences
 */
export function gradcheck(fn: Checked, inputs: readonly Tensor[], options: GradcheckOptions = {}): boolean {
  const { eps = 1e-6, atol = 1e-5, rtol = 1e-3, raiseException = true } = options;
  const sources = inputs.filter((input) => input.requiresGrad);
  if (sources.length === 0) throw new Error('gradcheck: none of the inputs requires grad');
  for (const source of sources) {
    if (source.dtype !== 'float64') {
      throw new TypeError(
        `gradcheck: differences need float64 inputs, got ${source.dtype}; make them with { dtype: 'float64' }`,
      );
    }
    if (!source.isContiguous())
      throw new Error('gradcheck: the inputs must be contiguous; make views inside the function');
  }
  const outputs = outputsOf(fn, inputs);
  const numerical = sources.map((source) =>
    Array.from({ length: source.numel() }, (_, k) => numericalColumn(fn, inputs, source, k, eps)),
  );
  for (const [o, output] of outputs.entries()) {
    for (let i = 0; i < output.numel(); i++) {
      const rows = output.requiresGrad ? analyticalRow(output, i, sources) : sources.map(() => null);
      for (const [s, source] of sources.entries()) {
        for (let k = 0; k < source.numel(); k++) {
          const expected = numerical[s][k][o][i];
          const actual = rows[s]?.[k] ?? 0;
          if (Math.abs(actual - expected) <= atol + rtol * Math.abs(expected)) continue;
          if (!raiseException) return false;
          throw new Error(
            `gradcheck: d output ${o}[${i}] / d input ${s}[${k}] is ${actual} by backward, but ${expected} by finite ` +
              `differences (output of shape ${formatShape(output.shape)}, input of shape ${formatShape(source.shape)})`,
          );
        }
      }
    }
  }
  return true;
}

/**
 * Whether second-order gradients of `fn` agree with finite differences of its first-order gradients. The cotangents
 * are fixed pseudo-random numbers, which the second derivative is taken by too.
 */
export function gradgradcheck(
  fn: Checked,
  inputs: readonly Tensor[],
  options: GradcheckOptions = {},
): boolean {
  const sources = inputs.filter((input) => input.requiresGrad);
  const outputs = outputsOf(fn, inputs).filter((output) => output.requiresGrad);
  const seeds = outputs.map((output, o) => {
    const seed = output.detach().clone();
    const data = elements(seed);
    for (let i = 0; i < data.length; i++) data[i] = Math.sin(1 + 1.7 * i + 0.6 * o);
    return seed.requiresGrad_();
  });
  const first: Checked = (...all) => {
    const replaced = all.slice(0, inputs.length);
    const results = outputsOf(fn, replaced).filter((output) => output.requiresGrad);
    const wanted = replaced.filter((_, i) => inputs[i].requiresGrad);
    const grads = grad(results, wanted, {
      gradOutputs: all.slice(inputs.length),
      createGraph: true,
      allowUnused: true,
    });
    return grads.filter((g) => g !== null);
  };
  if (sources.length === 0) throw new Error('gradgradcheck: none of the inputs requires grad');
  return gradcheck(first, [...inputs, ...seeds], options);
}
