/** Special functions, as PyTorch's `torch.special`; the usual ones are functions and methods of tensors, too. */
export { entr, erfcx, i0, i0e, i1, i1e, logNdtr, ndtr, ndtri, xlog1py } from './functions.js';
export { igamma as gammainc, igammac as gammaincc, zeta } from './incomplete-gamma.js';
export { logit, sinc, xlogy } from '../combined.js';
export { erf, erfc, exp2, expm1, log1p, round, sigmoid as expit } from '../pointwise.js';
export { logSoftmax, softmax } from '../softmax.js';
export {
  digamma,
  digamma as psi,
  erfinv,
  lgamma as gammaln,
  mvlgamma as multigammaln,
  polygamma,
} from '../special.js';
export { logsumexp } from '../statistics.js';
