/**
 * Normalizations that take the number of their features from their first input. As in PyTorch, those of instances learn
 * weights and keep statistics unless told otherwise, which the others do not.
 */
import { type Arguments, byName } from '../arguments.js';
import { noGrad } from '../autograd/mode.js';
import { formatShape } from '../layout.js';
import { ones, zeros } from '../ops/creation.js';
import type { Tensor } from '../tensor.js';
import { fit, type Laziness, makeLazy } from './lazy.js';
import {
  BatchNorm1d,
  BatchNorm2d,
  BatchNorm3d,
  type BatchNormArguments,
  InstanceNorm1d,
  InstanceNorm2d,
  InstanceNorm3d,
} from './normalization.js';

const ORDER = ['eps', 'momentum', 'affine', 'trackRunningStats'] as const;

type LazyNormArguments = Omit<BatchNormArguments, 'numFeatures'>;

type Norm = BatchNorm1d | BatchNorm2d | BatchNorm3d | InstanceNorm1d | InstanceNorm2d | InstanceNorm3d;

/**
 * How normalizations of inputs with so many dimensions find the number of their features: the size of the dimension
 * `behind` which so many more come, or of the second.
 */
const featuresOf = (dims: readonly number[], behind?: number): Laziness<Norm> => ({
  inInput: ({ typeName }, { ndim, shape }) => {
    if (dims.includes(ndim)) return shape[behind === undefined ? 1 : ndim - 1 - behind];
    const wanted = dims.join(' or ');
    throw new RangeError(`${typeName}: expected an input of ${wanted} dimensions, got ${formatShape(shape)}`);
  },
  inState: (_, own) => {
    const given = own('weight') ?? own('running_mean');
    return given?.ndim === 1 ? given.numel() : 0;
  },
  settle: (layer, size) => {
    const { weight, bias, runningMean, runningVar } = layer;
    const filled = (make: typeof ones | typeof zeros, x: Tensor | null) => {
      fit(x, (shape) => make([...shape], { dtype: x?.dtype }), [size]);
    };
    noGrad(() => {
      filled(ones, weight);
      filled(zeros, bias);
      filled(zeros, runningMean);
      filled(ones, runningVar);
    });
    Reflect.set(layer, 'numFeatures', size);
  },
});

/** {@link BatchNorm1d} whose `numFeatures` are the channels of its first input. */
export class LazyBatchNorm1d extends BatchNorm1d {
  static {
    makeLazy(this, BatchNorm1d, featuresOf([2, 3]));
  }

  constructor(options?: LazyNormArguments);
  constructor(...args: Arguments<LazyNormArguments, typeof ORDER>);
  constructor(...args: Arguments<LazyNormArguments, typeof ORDER>) {
    super({ ...byName<LazyNormArguments>('LazyBatchNorm1d', args, ORDER), numFeatures: 0 });
  }
}

/** {@link BatchNorm2d} whose `numFeatures` are the channels of its first input. */
export class LazyBatchNorm2d extends BatchNorm2d {
  static {
    makeLazy(this, BatchNorm2d, featuresOf([4]));
  }

  constructor(options?: LazyNormArguments);
  constructor(...args: Arguments<LazyNormArguments, typeof ORDER>);
  constructor(...args: Arguments<LazyNormArguments, typeof ORDER>) {
    super({ ...byName<LazyNormArguments>('LazyBatchNorm2d', args, ORDER), numFeatures: 0 });
  }
}

/** {@link BatchNorm3d} whose `numFeatures` are the channels of its first input. */
export class LazyBatchNorm3d extends BatchNorm3d {
  static {
    makeLazy(this, BatchNorm3d, featuresOf([5]));
  }

  constructor(options?: LazyNormArguments);
  constructor(...args: Arguments<LazyNormArguments, typeof ORDER>);
  constructor(...args: Arguments<LazyNormArguments, typeof ORDER>) {
    super({ ...byName<LazyNormArguments>('LazyBatchNorm3d', args, ORDER), numFeatures: 0 });
  }
}

function withDefaults(options: LazyNormArguments): BatchNormArguments {
  return { affine: true, trackRunningStats: true, ...options, numFeatures: 0 };
}

/** {@link InstanceNorm1d} whose `numFeatures` are the channels of its first input. */
export class LazyInstanceNorm1d extends InstanceNorm1d {
  static {
    makeLazy(this, InstanceNorm1d, featuresOf([2, 3], 1));
  }

  constructor(options?: LazyNormArguments);
  constructor(...args: Arguments<LazyNormArguments, typeof ORDER>);
  constructor(...args: Arguments<LazyNormArguments, typeof ORDER>) {
    super(withDefaults(byName<LazyNormArguments>('LazyInstanceNorm1d', args, ORDER)));
  }
}

/** {@link InstanceNorm2d} whose `numFeatures` are the channels of its first input. */
export class LazyInstanceNorm2d extends InstanceNorm2d {
  static {
    makeLazy(this, InstanceNorm2d, featuresOf([3, 4], 2));
  }

  constructor(options?: LazyNormArguments);
  constructor(...args: Arguments<LazyNormArguments, typeof ORDER>);
  constructor(...args: Arguments<LazyNormArguments, typeof ORDER>) {
    super(withDefaults(byName<LazyNormArguments>('LazyInstanceNorm2d', args, ORDER)));
  }
}

/** {@link InstanceNorm3d} whose `numFeatures` are the channels of its first input. */
export class LazyInstanceNorm3d extends InstanceNorm3d {
  static {
    makeLazy(this, InstanceNorm3d, featuresOf([4, 5], 3));
  }

  constructor(options?: LazyNormArguments);
  constructor(...args: Arguments<LazyNormArguments, typeof ORDER>);
  constructor(...args: Arguments<LazyNormArguments, typeof ORDER>) {
    super(withDefaults(byName<LazyNormArguments>('LazyInstanceNorm3d', args, ORDER)));
  }
}
