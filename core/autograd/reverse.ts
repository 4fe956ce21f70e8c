/** Reverse mode as a transform of functions: `vjp`, and gradients of functions of numbers. */
import { isFloat } from '../dtype.js';
import { formatShape, sameShape } from '../layout.js';
import { filled } from '../ops/raw.js';
import { Tensor } from '../tensor.js';
import { runBackward } from './engine.js';
import { TrackedLevel } from './levels/index.js';
import { checkTree, leavesOf, mapTree } from './trees.js';

function checkPrimal(transform: string, x: Tensor): void {
  if (isFloat(x.dtype)) return;
  throw new TypeError(
    `${transform}: a function is differentiated by float tensors, this argument is ${x.dtype}; convert it with x.to('float32')`,
  );
}

/** A function run on leaves of a level of its own, and the way back from its outputs to them. */
class Pullback<Args extends readonly unknown[], Out> {
  private readonly level: TrackedLevel;
  private readonly inputs: Tensor[] = [];
  private readonly tracked: Tensor[] = [];
  private readonly outputs: Tensor[];
  readonly output: Out;

  /** `wanted` says which of the arguments are differentiated. */
  constructor(
    readonly transform: string,
    fn: (...args: Args) => Out,
    private readonly args: Args,
    private readonly wanted: readonly number[],
    private readonly check: (output: Out) => void,
  ) {
    this.level = new TrackedLevel(transform);
    const wrapped = this.level.within(() => {
      const replaced = args.map((arg, i) =>
        mapTree(arg, (x) => {
          const differentiated = wanted.includes(i);
          if (differentiated) checkPrimal(transform, x);
          const leaf = this.level.wrap(x, differentiated);
          if (differentiated) {
            this.inputs.push(x);
            this.tracked.push(leaf);
          }
          return leaf;
        }),
      );
      const result = fn(...(replaced as readonly unknown[] as Args));
      this.check(result);
      return result;
    });
    this.outputs = leavesOf(wrapped);
    this.output = mapTree(wrapped, (x) => this.level.unwrap(x));
  }

  /** The products of cotangents (one for each output) with the Jacobians by the arguments asked for. */
  pull(cotangents: readonly Tensor[]): unknown[] {
    const { outputs, tracked, transform } = this;
    if (cotangents.length !== outputs.length) {
      throw new RangeError(
        `${transform}: the function has ${outputs.length} outputs, got ${cotangents.length} cotangents`,
      );
    }
    outputs.forEach((output, i) => {
      if (!sameShape(output.shape, cotangents[i].shape)) {
        throw new RangeError(
          `${transform}: a cotangent has the shape of its output, ${formatShape(output.shape)}; got ${formatShape(cotangents[i].shape)}`,
        );
      }
    });
    const found = this.level.within(() => {
      const roots = outputs.flatMap((output, i) => {
        const node = output.level === this.level.depth ? output.edge() : null;
        return node === null ? [] : [{ node, start: cotangents[i] }];
      });
      const gradients = runBackward(
        roots.map(({ node }) => node),
        roots.map(({ start }) => start),
        { retainGraph: true, createGraph: true, targets: tracked.map((leaf) => leaf.edge()) },
      );
      return gradients.map((gradient, i) =>
        gradient === null
          ? filled(this.inputs[i].shape, 0, this.inputs[i].dtype, transform)
          : this.level.unwrap(gradient),
      );
    });
    let at = 0;
    return this.wanted.map((i) => mapTree(this.args[i], () => found[at++]));
  }
}

/** The products of one cotangent for each output with the Jacobian: one for each argument, of its shape. */
export type Vjp<Args extends readonly unknown[]> = (...cotangents: Tensor[]) => [...Args];

/**
 * The value of `fn` at `primals`, and the function that multiplies vectors with its Jacobian there: vᵀ J, one result for
 * each argument. That function takes a cotangent for each output of `fn`, of the output's shape, and can be called
 * again and again. As `torch.func.vjp`.
 *
 * ```ts
 * const [y, pullback] = vjp((a, b) => a.mul(b).sum(), x, w);
 * const [byX, byW] = pullback(tensor(1));
 * ```
 */
export function vjp<Args extends readonly unknown[], Out>(
  fn: (...args: Args) => Out,
  ...primals: Args
): [Out, Vjp<Args>] {
  const all = primals.map((_, i) => i);
  const pullback = new Pullback('vjp', fn, primals, all, (output) => checkTree('vjp', output));
  // One result for each argument, of the same arrays and objects.
  return [pullback.output, (...cotangents) => pullback.pull(cotangents) as readonly unknown[] as [...Args]];
}

export interface GradFnOptions {
  /** Which argument (or arguments) the gradient is taken by. Default 0. */
  argnums?: number | readonly number[];
}

export function argumentNumbers(
  transform: string,
  argnums: number | readonly number[],
  count: number,
): number[] {
  return (typeof argnums === 'number' ? [argnums] : argnums).map((n) => {
    if (Number.isInteger(n) && n >= -count && n < count) return n < 0 ? n + count : n;
    throw new RangeError(`${transform}: there is no argument ${n}; the function was called with ${count}`);
  });
}

/** The number in a function's only output. */
function checkScalar(transform: string, output: unknown): void {
  if (output instanceof Tensor && output.ndim === 0 && isFloat(output.dtype)) return;
  const shown =
    output instanceof Tensor
      ? `a ${output.dtype} tensor of shape ${formatShape(output.shape)}`
      : Array.isArray(output)
        ? 'an array'
        : typeof output;
  throw new TypeError(
    `${transform}: the function must return one float number (a 0-d tensor), got ${shown}; reduce it with sum() or ` +
      'mean(), or take jacrev of it',
  );
}

type GradientOf<Args extends readonly unknown[], Options> = Options extends { argnums: readonly number[] }
  ? Tensor[]
  : Options extends { argnums: number }
    ? Tensor
    : Args[0];

function gradientOf<Args extends readonly unknown[]>(
  transform: string,
  fn: (...args: Args) => Tensor,
  args: Args,
  argnums: number | readonly number[],
): [unknown, Tensor] {
  const wanted = argumentNumbers(transform, argnums, args.length);
  const pullback = new Pullback(transform, fn, args, wanted, (output) => checkScalar(transform, output));
  const { output } = pullback;
  const gradients = pullback.pull([filled([], 1, output.dtype, transform)]);
  return [typeof argnums === 'number' ? gradients[0] : gradients, output];
}

/**
 * The function that computes the gradient of `fn`, which returns one number, by its first argument (or by `argnums`).
 * It nests: `gradFn(gradFn(f))` is the second derivative, `vmap(gradFn(loss), …)` gives a gradient for each sample.
 * As `torch.func.grad`. An argument may be an array or object of tensors; the gradient then is one, too.
 */
export function gradFn<Args extends readonly unknown[], const Options extends GradFnOptions = object>(
  fn: (...args: Args) => Tensor,
  options?: Options,
): (...args: Args) => GradientOf<Args, Options> {
  return (...args) => gradientOf('gradFn', fn, args, options?.argnums ?? 0)[0] as GradientOf<Args, Options>;
}

/** The function that computes value and gradient of `fn` together: `const [loss, gradient] = valueAndGrad(f)(w)`. */
export function valueAndGrad<Args extends readonly unknown[], const Options extends GradFnOptions = object>(
  fn: (...args: Args) => Tensor,
  options?: Options,
): (...args: Args) => [Tensor, GradientOf<Args, Options>] {
  return (...args) => {
    const [gradient, value] = gradientOf('valueAndGrad', fn, args, options?.argnums ?? 0);
    return [value, gradient as GradientOf<Args, Options>];
  };
}
