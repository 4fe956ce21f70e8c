/** Choices among classes, as an index or as a row with a single 1. */
import { type Arguments, byName } from '../arguments.js';
import { noGrad } from '../autograd/mode.js';
import type { Shape } from '../layout.js';
import { functional as F } from '../nn/index.js';
import { arange, broadcastTensors, eye, fullLike } from '../ops/index.js';
import { isTensor } from '../ops/operand.js';
import { multinomial } from '../random/ops.js';
import type { DrawOptions } from '../random/tensors.js';
import type { Tensor } from '../tensor.js';
import { Distribution } from './distribution.js';
import { describeValue } from '../layout.js';
import {
  broadcastParameters,
  canLook,
  checkElements,
  clampProbabilities,
  expanded,
  floatInfo,
  nonNegative,
  real,
  type Value,
  valueLike,
  zeroOrOne,
} from './parameters.js';

const CLASS_ORDER = ['probs', 'logits'] as const;

/** One of both is given; the last dimension is that of the classes. */
export interface ClassOptions {
  /** Probabilities, or weights in proportion to them. */
  probs?: Tensor;
  /** Logarithms of them, up to a constant. */
  logits?: Tensor;
}

/** The normalized parameter that was given. */
interface Given {
  readonly probs: Tensor | null;
  readonly logits: Tensor | null;
}

function givenOf(owner: string, args: Arguments<ClassOptions, typeof CLASS_ORDER>): Given {
  const { probs, logits } = byName<ClassOptions>(owner, args, CLASS_ORDER, 0, []);
  const given = probs ?? logits;
  if (given === undefined || (probs !== undefined && logits !== undefined)) {
    throw new TypeError(`${owner}: takes either probs or logits, as new ${owner}({ logits: x })`);
  }
  if (!isTensor(given) || given.ndim < 1) {
    throw new TypeError(`${owner}: takes a tensor with a number for each class, got ${describeValue(given)}`);
  }
  const [x] = broadcastParameters(owner, { given });
  if (probs === undefined) {
    checkElements(owner, 'logits', x, real);
    return { probs: null, logits: x.sub(x.logsumexp(-1, true)) };
  }
  checkElements(owner, 'probs', x, nonNegative);
  const sum = x.sum(-1, { keepdim: true });
  if (canLook() && x.numel() > 0 && !(sum.min().item() > 0)) {
    throw new RangeError(`${owner}: the probabilities of a row are all 0`);
  }
  return { probs: x.div(sum), logits: null };
}

function sizesOf({ probs, logits }: Given): Shape {
  return (probs ?? logits)?.shape ?? [];
}

/** The index of a class, drawn in proportion to `probs` or to e^`logits`: int64, of shape `batchShape`. */
export class Categorical extends Distribution {
  readonly #given: Given;
  readonly #classes: number;

  constructor(...args: Arguments<ClassOptions, typeof CLASS_ORDER>) {
    const given = givenOf('Categorical', args);
    const shape = sizesOf(given);
    super(shape.slice(0, -1));
    this.#given = given;
    this.#classes = shape[shape.length - 1];
  }

  /** Probabilities, which add up to 1. */
  get probs(): Tensor {
    return this.#given.probs ?? this.logits.exp();
  }

  /** Their logarithms. */
  get logits(): Tensor {
    return this.#given.logits ?? clampProbabilities(this.probs).log();
  }

  /** Not defined: NaN, as in PyTorch. */
  get mean(): Tensor {
    return fullLike(this.probs.select(-1, 0), Number.NaN).detach();
  }

  /** Not defined: NaN, as in PyTorch. */
  get variance(): Tensor {
    return this.mean;
  }

  override get mode(): Tensor {
    return this.probs.argmax(-1);
  }

  override sample(sampleShape: Shape = [], options: DrawOptions = {}): Tensor {
    const shape = this.extended(sampleShape);
    return noGrad(() => {
      const rows = this.probs.reshape([-1, this.#classes]);
      const draws = sampleShape.reduce((n, size) => n * size, 1);
      // One draw for each row is the largest of weight / Exp(1), as in PyTorch 2.
      const drawn = multinomial(rows, draws, { ...options, replacement: draws !== 1 });
      return drawn.t().reshape([...shape]);
    });
  }

  logProb(value: Value): Tensor {
    const { logits } = this;
    const index = (isTensor(value) ? value : valueLike('Categorical.logProb', value, logits)).to('int64');
    const classes = this.#classes;
    checkElements('Categorical.logProb', 'the value', index, {
      words: `an index of ${classes} classes`,
      holds: (i) => i >= 0 && i < classes,
    });
    const [places, all] = broadcastTensors(index.unsqueeze(-1), logits);
    return all.gather(-1, places.narrow(-1, 0, 1)).squeeze(-1);
  }

  override entropy(): Tensor {
    const { logits, probs } = this;
    return logits.clampMin(floatInfo(logits).min).mul(probs).sum(-1).neg();
  }

  override enumerateSupport(expand = true): Tensor {
    const classes = this.#classes;
    const values = arange(classes).reshape([classes, ...this.batchShape.map(() => 1)]);
    return expand ? values.expand([classes, ...this.batchShape]) : values;
  }

  expand(batchShape: Shape): Categorical {
    return new Categorical(resized(this.#given, [...batchShape, this.#classes]));
  }

  protected parameters(): Record<string, Tensor> {
    return parametersOf(this.#given);
  }
}

function parametersOf({ probs, logits }: Given): Record<string, Tensor> {
  if (probs !== null) return { probs };
  return logits === null ? {} : { logits };
}

function resized({ probs, logits }: Given, shape: Shape): ClassOptions {
  if (probs !== null) return { probs: expanded(probs, shape) };
  return logits === null ? {} : { logits: expanded(logits, shape) };
}

/** A row with 1 at the class that was drawn, else 0: of shape [...batchShape, classes]. */
export class OneHotCategorical extends Distribution {
  /** The same with indices as outcomes. */
  readonly categorical: Categorical;

  constructor(...args: Arguments<ClassOptions, typeof CLASS_ORDER>) {
    const base = new Categorical(...args);
    super(base.batchShape, base.probs.shape.slice(-1));
    this.categorical = base;
  }

  get probs(): Tensor {
    return this.categorical.probs;
  }

  get logits(): Tensor {
    return this.categorical.logits;
  }

  get mean(): Tensor {
    return this.probs;
  }

  get variance(): Tensor {
    return this.probs.mul(this.probs.neg().add(1));
  }

  override get mode(): Tensor {
    return F.oneHot(this.categorical.mode, this.eventShape[0]).to(this.probs.dtype);
  }

  override sample(sampleShape: Shape = [], options: DrawOptions = {}): Tensor {
    return F.oneHot(this.categorical.sample(sampleShape, options), this.eventShape[0]).to(this.probs.dtype);
  }

  logProb(value: Value): Tensor {
    const rows = valueLike('OneHotCategorical.logProb', value, this.probs);
    checkElements('OneHotCategorical.logProb', 'the value', rows, zeroOrOne);
    return this.categorical.logProb(rows.argmax(-1));
  }

  override entropy(): Tensor {
    return this.categorical.entropy();
  }

  override enumerateSupport(expand = true): Tensor {
    const [classes] = this.eventShape;
    const rows = eye(classes, { dtype: this.probs.dtype });
    const values = rows.reshape([classes, ...this.batchShape.map(() => 1), classes]);
    return expand ? values.expand([classes, ...this.batchShape, classes]) : values;
  }

  expand(batchShape: Shape): OneHotCategorical {
    return new OneHotCategorical({ probs: expanded(this.probs, [...batchShape, ...this.eventShape]) });
  }

  protected parameters(): Record<string, Distribution> {
    return { categorical: this.categorical };
  }
}

/** A row with a single 1 through which the gradient of the probabilities flows (Bengio et al., 2013). */
export class OneHotCategoricalStraightThrough extends OneHotCategorical {
  override readonly hasRsample: boolean = true;

  override rsample(sampleShape: Shape = [], options: DrawOptions = {}): Tensor {
    const { probs } = this;
    return this.sample(sampleShape, options).add(probs.sub(probs.detach()));
  }

  override expand(batchShape: Shape): OneHotCategoricalStraightThrough {
    return new OneHotCategoricalStraightThrough({
      probs: expanded(this.probs, [...batchShape, ...this.eventShape]),
    });
  }
}
