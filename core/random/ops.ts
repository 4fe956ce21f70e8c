/** Random functions as methods of tensors: `x.uniform_()`, `p.bernoulli()`, … */

import { methodOp } from '../ops/record.js';
import * as inPlace from './methods.js';
import * as draws from './tensors.js';

export const uniform_ = methodOp<typeof inPlace.uniform_>(
  { name: 'uniform_', torch: 'Tensor.uniform_', params: ['input', 'from', 'to', 'options'] },
  inPlace.uniform_,
);

export const normal_ = methodOp<typeof inPlace.normal_>(
  { name: 'normal_', torch: 'Tensor.normal_', params: ['input', 'mean', 'std', 'options'] },
  inPlace.normal_,
);

export const logNormal_ = methodOp<typeof inPlace.logNormal_>(
  { name: 'logNormal_', torch: 'Tensor.log_normal_', params: ['input', 'mean', 'std', 'options'] },
  inPlace.logNormal_,
);

export const exponential_ = methodOp<typeof inPlace.exponential_>(
  { name: 'exponential_', torch: 'Tensor.exponential_', params: ['input', 'rate', 'options'] },
  inPlace.exponential_,
);

export const cauchy_ = methodOp<typeof inPlace.cauchy_>(
  { name: 'cauchy_', torch: 'Tensor.cauchy_', params: ['input', 'median', 'sigma', 'options'] },
  inPlace.cauchy_,
);

export const geometric_ = methodOp<typeof inPlace.geometric_>(
  { name: 'geometric_', torch: 'Tensor.geometric_', params: ['input', 'p', 'options'] },
  inPlace.geometric_,
);

export const bernoulli_ = methodOp<typeof inPlace.bernoulli_>(
  { name: 'bernoulli_', torch: 'Tensor.bernoulli_', params: ['input', 'p', 'options'] },
  inPlace.bernoulli_,
);

export const random_ = methodOp<typeof inPlace.random_>(
  { name: 'random_', torch: 'Tensor.random_', params: ['input', 'from', 'to', 'options'] },
  inPlace.random_,
);

export const bernoulli = methodOp<typeof draws.bernoulli>(
  { name: 'bernoulli', params: ['input', 'options'] },
  draws.bernoulli,
);

export const multinomial = methodOp<typeof draws.multinomial>(
  { name: 'multinomial', params: ['input', 'numSamples', 'options'] },
  draws.multinomial,
);
