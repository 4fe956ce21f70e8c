/** Linear algebra, as PyTorch's `torch.linalg`. */
export { linalgCholesky as cholesky } from './cholesky.js';
export { linalgDet as det, linalgSlogdet as slogdet } from './determinant.js';
export { eigh, eigvalsh } from './eigen.js';
export { linalgMatrixExp as matrixExp } from './exponential.js';
export { lstsq, matrixRank, pinv, type PinvOptions } from './least-squares.js';
export {
  linalgNorm as norm,
  matrixNorm,
  vectorNorm,
  type LinalgNormOptions,
  type MatrixNormOptions,
  type MatrixOrder,
  type VectorNormOptions,
} from './norms.js';
export { linalgCross as cross, linalgMatrixPower as matrixPower, multiDot, vecdot } from './products.js';
export { qr, type QRMode } from './qr.js';
export { inv, solve, solveTriangular, type SolveOptions, type SolveTriangularOptions } from './solving.js';
export { svd, svdvals, type SVDOptions } from './svd.js';
