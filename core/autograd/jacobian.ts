/** Whole Jacobians and Hessians of functions. */
import { eye } from '../ops/sequences.js';
import { filled } from '../ops/raw.js';
import { movedim } from '../ops/dimensions.js';
import { reshapeTo } from '../ops/shape.js';
import { Tensor } from '../tensor.js';
import { jvp } from './forward.js';
import { argumentNumbers, vjp } from './reverse.js';
import { checkTree, leavesOf } from './trees.js';
import { vmap } from './vmap.js';

export interface JacobianOptions {
  /** Which argument (or arguments) the Jacobian is taken by. Default 0. */
  argnums?: number | readonly number[];
  /** At most this many rows (or columns) at once, to save memory. */
  chunkSize?: number;
}

/** Of one output by one argument a tensor; an array for each that is an array: first outputs, then arguments. */
export type Jacobian = Tensor | Jacobian[];

type Differentiated = (...args: Tensor[]) => Tensor | readonly Tensor[];

/** The function with all but the arguments asked for held fast. */
function byArguments(fn: Differentiated, args: readonly Tensor[], wanted: readonly number[]): Differentiated {
  return (...some) => fn(...args.map((arg, i) => (wanted.includes(i) ? some[wanted.indexOf(i)] : arg)));
}

/** Unit vectors of a shape, as a batch. */
function basis({ shape, dtype }: Tensor): Tensor {
  const size = shape.reduce((n, d) => n * d, 1);
  return reshapeTo(eye(size, { dtype }), [size, ...shape]);
}

function assembled(
  blocks: readonly (readonly Tensor[])[],
  output: Tensor | readonly Tensor[],
  argnums: number | readonly number[],
): Jacobian {
  const rows = blocks.map((row) => (typeof argnums === 'number' ? row[0] : [...row]));
  return output instanceof Tensor ? rows[0] : rows;
}

/**
 * The function that computes the Jacobian of `fn` by its first argument (or by `argnums`) in reverse mode: best for
 * fewer outputs than inputs. Of an output of shape [o…] by an argument of shape [i…] it has shape [o…, i…].
 * As `torch.func.jacrev`.
 */
export function jacrev<Out extends Tensor | readonly Tensor[]>(
  fn: (...args: Tensor[]) => Out,
  options?: { argnums?: number; chunkSize?: number },
): (...args: Tensor[]) => Out extends Tensor ? Tensor : Tensor[];
export function jacrev(fn: Differentiated, options: JacobianOptions): (...args: Tensor[]) => Jacobian;
export function jacrev(fn: Differentiated, options: JacobianOptions = {}): (...args: Tensor[]) => Jacobian {
  const { argnums = 0, chunkSize } = options;
  return (...args) => {
    const wanted = argumentNumbers('jacrev', argnums, args.length);
    const inputs = wanted.map((i) => args[i]);
    const [output, pullback] = vjp(byArguments(fn, args, wanted), ...inputs);
    const outputs = leavesOf(output);
    const blocks = outputs.map((each, o) => {
      const rows = vmap(
        (unit: Tensor) =>
          pullback(
            ...outputs.map((other, i) => (i === o ? unit : filled(other.shape, 0, other.dtype, 'jacrev'))),
          ),
        chunkSize === undefined ? {} : { chunkSize },
      )(basis(each));
      return rows.map((row) => reshapeTo(row, [...each.shape, ...row.shape.slice(1)]));
    });
    return assembled(blocks, output, argnums);
  };
}

/** As {@link jacrev}, in forward mode: best for fewer inputs than outputs. As `torch.func.jacfwd`. */
export function jacfwd<Out extends Tensor | readonly Tensor[]>(
  fn: (...args: Tensor[]) => Out,
  options?: { argnums?: number; chunkSize?: number },
): (...args: Tensor[]) => Out extends Tensor ? Tensor : Tensor[];
export function jacfwd(fn: Differentiated, options: JacobianOptions): (...args: Tensor[]) => Jacobian;
export function jacfwd(fn: Differentiated, options: JacobianOptions = {}): (...args: Tensor[]) => Jacobian {
  const { argnums = 0, chunkSize } = options;
  return (...args) => {
    const wanted = argumentNumbers('jacfwd', argnums, args.length);
    const shape = { single: false };
    const columns = wanted.map((w) => {
      const directional = (direction: Tensor): Tensor[] => {
        const [output, tangent] = jvp((x: Tensor) => fn(...args.with(w, x)), [args[w]], [direction]);
        checkTree('jacfwd', output);
        shape.single = output instanceof Tensor;
        return leavesOf(tangent);
      };
      const all = vmap(directional, chunkSize === undefined ? {} : { chunkSize })(basis(args[w]));
      return all.map((column) =>
        reshapeTo(movedim(column, 0, -1), [...column.shape.slice(1), ...args[w].shape]),
      );
    });
    const rows = columns[0].map((_, o) => {
      const row = columns.map((column) => column[o]);
      return typeof argnums === 'number' ? row[0] : row;
    });
    return shape.single ? rows[0] : rows;
  };
}

/**
 * The Jacobian of `fn`: `jacobian(fn)` is the function that computes it (`jacrev`), `jacobian(fn, x)` is it at `x`, as
 * `torch.autograd.functional.jacobian`; for several inputs, given as an array, one Jacobian for each.
 */
export function jacobian(fn: (...args: Tensor[]) => Tensor): (...args: Tensor[]) => Tensor;
export function jacobian(fn: (...args: Tensor[]) => Tensor, inputs: Tensor): Tensor;
export function jacobian(fn: Differentiated, inputs: Tensor | readonly Tensor[]): Jacobian;
export function jacobian(
  fn: Differentiated,
  inputs?: Tensor | readonly Tensor[],
): Jacobian | ((...args: Tensor[]) => Jacobian) {
  if (inputs === undefined) return jacrev(fn, {});
  if (inputs instanceof Tensor) return jacrev(fn, {})(inputs);
  return jacrev(fn, { argnums: inputs.map((_, i) => i) })(...inputs);
}

/**
 * The Hessian of `fn`, which returns one number: `hessian(fn)` is the function that computes it (forward over reverse
 * mode), `hessian(fn, x)` is it at `x`. By an argument of shape [i…] it has shape [i…, i…].
 */
export function hessian(fn: (...args: Tensor[]) => Tensor): (...args: Tensor[]) => Tensor;
export function hessian(fn: (...args: Tensor[]) => Tensor, input: Tensor): Tensor;
export function hessian(fn: (...args: Tensor[]) => Tensor, inputs: readonly Tensor[]): Jacobian;
export function hessian(
  fn: (...args: Tensor[]) => Tensor,
  inputs?: Tensor | readonly Tensor[],
): Jacobian | ((...args: Tensor[]) => Tensor) {
  const second = jacfwd(jacrev(fn));
  if (inputs === undefined) return second;
  if (inputs instanceof Tensor) return second(inputs);
  return inputs.map((_, i) =>
    inputs.map((__, j) => jacfwd(jacrev(fn, { argnums: i }), { argnums: j })(...inputs)),
  );
}
