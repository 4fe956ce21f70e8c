/** A client for kernels that run here. In a module of its own: `@jupyterlab/services` takes a while to load. */
import { bridge } from './bridge/index.js';
import type { LocalKernels } from './bridge/kernels.js';
import { KernelClient } from './client.js';

/** Starts the first of `kernels` in `cwd` and connects to it. */
export function connectLocally(
  kernels: LocalKernels,
  cwd: string,
  startupTimeout: number,
): Promise<KernelClient> {
  return KernelClient.connect({ settings: bridge(kernels, cwd), startupTimeout });
}
