/** Ops under the further names that PyTorch gives them; each is a method where the op itself is one. */
export { div as divide, mul as multiply, neg as negative, sub as subtract } from './arithmetic.js';
export { atan2 as arctan2 } from './combined.js';
export {
  ge as greaterEqual,
  gt as greater,
  le as lessEqual,
  lt as less,
  ne as notEqual,
} from './comparison.js';
export { movedim as moveaxis, swapaxes as swapdims } from './dimensions.js';
export { clamp as clip } from './extremes.js';
export { nonzero as argwhere } from './masking.js';
export { cat as concat, cat as concatenate, vstack as rowStack } from './joining.js';
export { outer as ger } from './matmul.js';
export {
  abs as absolute,
  acos as arccos,
  acosh as arccosh,
  asin as arcsin,
  asinh as arcsinh,
  atan as arctan,
  atanh as arctanh,
  sign as sgn,
  trunc as fix,
} from './pointwise.js';
