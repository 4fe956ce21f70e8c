/** Copies, conversions, and leaving the graph. */
import { highest, levels } from '../autograd/levels/wrapped.js';
import { type DType, DTYPE_NAMES, isDType } from '../dtype.js';
import { Tensor } from '../tensor.js';
import { cast } from './cast.js';
import { type MethodOp, methodOp } from './record.js';
import { copyOf } from './shape.js';
import { fewContiguous } from './few.js';
import { fewClone } from './few-movement.js';

type Same = (input: Tensor) => Tensor;

/** A copy of the elements, through which gradients flow. */
export const clone: MethodOp<Same> = methodOp<Same>(
  { name: 'clone', few: fewClone, params: ['input'], samples: (make) => [[make([2, 3])], [make([])]] },
  (input) => copyOf(input),
);

/** The tensor itself if its elements lie in row-major order without gaps, else a copy that does. */
export const contiguous: MethodOp<Same> = methodOp<Same>(
  { name: 'contiguous', few: fewContiguous, params: ['input'], samples: (make) => [[make([2, 3])]] },
  (input) => (input.isContiguous() ? input : copyOf(input, 'contiguous')),
);

/** The same elements (shared) outside of the graph: no gradient flows through. */
export const detach: MethodOp<Same> = methodOp<Same>(
  { name: 'detach', samples: (make) => [[make([2, 3])]], params: ['input'] },
  (input) => {
    if (levels.top === null || input.level === 0) return new Tensor(input.storage, input.layout, input.dtype);
    const again = ([x]: readonly (Tensor | number)[]): Tensor => (typeof x === 'number' ? input : detach(x));
    return highest([input])!.run({
      name: 'detach',
      inputs: [input],
      kernel: { kind: 'same' },
      call: again,
      batch: again,
      jvp: () => null,
    });
  },
);

function dtypeOf(given: object): unknown {
  return 'dtype' in given ? given.dtype : undefined;
}

type To = (input: Tensor, dtype: DType | 'cpu' | { dtype: DType } | Tensor) => Tensor;

/** Places for tensors that PyTorch has. */
const DEVICE = /^(cpu|cuda|mps|xpu|xla|meta)(:\d+)?$/;

/** The tensor in another dtype (its own, or that of another tensor): itself where it has it, else a copy. */
export const to: MethodOp<To> = methodOp<To>(
  {
    name: 'to',
    params: ['input', 'dtype'],
    samples: (make) => [[make([2, 3]), 'float64']],
    errors: (make) => [{ args: [make([2]), 'float17'], message: /no dtype 'float17'/ }],
  },
  (input, dtype) => {
    const given: unknown = dtype;
    const asked: unknown = typeof given === 'object' && given !== null ? dtypeOf(given) : given;
    if (typeof asked === 'string' && DEVICE.test(asked)) {
      if (asked.startsWith('cpu')) return input;
      throw new Error(`to: there is no device but the CPU, so no '${asked}'; leave the call out`);
    }
    if (!isDType(asked)) {
      throw new TypeError(`to: there is no dtype '${String(asked)}'; the dtypes are ${DTYPE_NAMES}`);
    }
    return cast(input, asked);
  },
);

// Differences of floats narrower than float64 are too coarse for samples with gradients.
function conversion(name: string, dtype: DType): MethodOp<Same> {
  return methodOp<Same>(
    {
      name,
      params: ['input'],
      samples: (make) => [
        [make([2, 3], { requiresGrad: dtype === 'float64' })],
        [make([2, 3], { dtype: 'int64' })],
        [make([0], { requiresGrad: dtype === 'float64' })],
      ],
    },
    (input) => cast(input, dtype),
  );
}

/** The tensor as float32. */
export const float: MethodOp<Same> = conversion('float', 'float32');
/** The tensor as float64. */
export const double: MethodOp<Same> = conversion('double', 'float64');
/** The tensor as float16: rounded to the nearest, to even between two; infinite past 65504. */
export const half: MethodOp<Same> = conversion('half', 'float16');
/** The tensor as bfloat16: rounded to the nearest, to even between two. */
export const bfloat16: MethodOp<Same> = conversion('bfloat16', 'bfloat16');
/** The tensor as int32. */
export const int: MethodOp<Same> = conversion('int', 'int32');
/** The tensor as int64. */
export const long: MethodOp<Same> = conversion('long', 'int64');
/** The tensor as bool: whether elements are not 0. */
export const bool: MethodOp<Same> = conversion('bool', 'bool');

type Like = (input: Tensor, other: Tensor) => Tensor;

/** The tensor in the dtype of another. */
export const typeAs: MethodOp<Like> = methodOp<Like>(
  {
    name: 'typeAs',
    samples: (make) => [
      [make([2, 3]), make([1])],
      [make([2], { dtype: 'int64' }), make([1])],
    ],
    params: ['input', 'other'],
  },
  (input, other) => cast(input, other.dtype),
);
