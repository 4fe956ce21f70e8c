/** Random numbers with PyTorch's sequences. */
export {
  Generator,
  getRngState,
  initialSeed,
  manualSeed,
  type Seed,
  seed,
  setRngState,
} from './generator.js';
export { bernoulli, binomial, multinomial, poisson } from './ops.js';
export {
  type DrawOptions,
  type MultinomialOptions,
  normal,
  rand,
  randint,
  type RandomIntegerOptions,
  randintLike,
  randLike,
  randn,
  randnLike,
  type RandomOptions,
  randperm,
} from './tensors.js';
