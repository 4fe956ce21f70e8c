/** Linear algebra, as PyTorch's `torch.linalg`. */
export { linalgCholesky as cholesky } from './cholesky.js';
export { matmul } from '../matmul.js';
export { cond } from './condition.js';
export { linalgDet as det, linalgSlogdet as slogdet } from './determinant.js';
export { eigh, eigvalsh } from './eigen.js';
export { eig, eigvals } from './general-eigen.js';
export { householderProduct } from './householder.js';
export { linalgMatrixExp as matrixExp } from './exponential.js';
export { lstsq, matrixRank, pinv, type PinvOptions } from './least-squares.js';
export { lu, luFactor, luSolve, type LuSolveOptions } from './lu.js';
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
export { linalgVander as vander, tensorinv, tensorsolve, type VanderOptions } from './tensors.js';
