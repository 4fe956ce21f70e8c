/** The ops of linear algebra that PyTorch has below `torch.` and as methods of tensors, too. */
export { cholesky, choleskyInverse, choleskySolve } from './cholesky.js';
export { det, logdet, slogdet } from './determinant.js';
export { matrixExp } from './exponential.js';
export { pinverse } from './least-squares.js';
export { cross, matrixPower } from './products.js';
export { inverse } from './solving.js';
