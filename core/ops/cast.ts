/** Conversion between dtypes, recorded between float dtypes. */
import { tracedStep } from '../autograd/levels/tracing.js';
import { levels } from '../autograd/levels/wrapped.js';
import { type DType, isFloat } from '../dtype.js';
import type { Tensor } from '../tensor.js';
import { apply, isRecorded, type Primitive } from './primitive.js';
import { castCopy } from './raw.js';

const castPrimitive: Primitive<{ from: DType; to: DType }> = {
  name: 'to',
  forward: ([x], { to }) => castCopy(x, to, 'to'),
  vjp: (grad, { attributes }) => [cast(grad, attributes.from)],
  jvp: 'linear',
  batch: 'elementwise',
};

/** The tensor itself where it has the dtype, else a copy; `name` is what the graph calls it. */
export function cast(x: Tensor, dtype: DType, name = 'to'): Tensor {
  if (x.dtype === dtype) return x;
  if (levels.top?.traces) return levels.top.run(tracedStep(name, { kind: 'number' }, [x]));
  if (levels.top !== null && x.level > 0) return apply(castPrimitive, [x], { from: x.dtype, to: dtype });
  if (!isFloat(dtype) || !isRecorded([x])) return castCopy(x, dtype, 'to');
  return apply(name === 'to' ? castPrimitive : { ...castPrimitive, name }, [x], { from: x.dtype, to: dtype });
}
