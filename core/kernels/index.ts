/** The kernels that run. */
import type { Kernels } from './api.js';
import { referenceKernels } from './reference/index.js';

export type * from './api.js';

export const kernels: Kernels = referenceKernels;
