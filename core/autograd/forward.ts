/** Forward mode: `jvp`. */
import { isFloat } from '../dtype.js';
import { formatShape, sameShape } from '../layout.js';
import { filled } from '../ops/raw.js';
import { Tensor } from '../tensor.js';
import { Dual, DualLevel } from './levels/index.js';
import { checkTree, mapTree } from './trees.js';

/**
 * The value of `fn` at `primals` and its derivative there in the direction of `tangents`, J v, computed along with the
 * value in one pass without a graph (forward mode). As `torch.func.jvp`; it nests with itself and all other transforms.
 *
 * ```ts
 * const [y, slope] = jvp((x) => x.sin(), [x], [onesLike(x)]);
 * ```
 * @throws RangeError unless each tangent has the shape of its primal, TypeError for integers
 */
export function jvp<Args extends readonly Tensor[], Out>(
  fn: (...args: Args) => Out,
  primals: Args,
  tangents: { readonly [I in keyof Args]: Tensor },
): [Out, Out] {
  if (primals.length !== tangents.length) {
    throw new RangeError(
      `jvp: got ${primals.length} primals and ${tangents.length} tangents; give one for each`,
    );
  }
  const level = new DualLevel();
  const output = level.within(() => {
    const duals = primals.map((primal, i) => {
      const tangent = tangents[i];
      if (!isFloat(primal.dtype)) {
        throw new TypeError(`jvp: primals are float tensors, number ${i} is ${primal.dtype}`);
      }
      if (!sameShape(primal.shape, tangent.shape)) {
        throw new RangeError(
          `jvp: primal ${i} has shape ${formatShape(primal.shape)}, its tangent ${formatShape(tangent.shape)}; they must be equal`,
        );
      }
      if (primal.dtype !== tangent.dtype) {
        throw new TypeError(
          `jvp: primal ${i} is ${primal.dtype}, its tangent ${tangent.dtype}; they must be equal`,
        );
      }
      return new Dual(level, primal, tangent);
    });
    // As many, in the same order.
    const result = fn(...(duals as readonly Tensor[] as Args));
    checkTree('jvp', result);
    return result;
  });
  return [
    mapTree(output, (x) => level.primal(x)),
    mapTree(output, (x) => level.tangent(x) ?? filled(x.shape, 0, x.dtype, 'jvp')),
  ];
}
