/**
 * A Jupyter server's kernel service without a server: kernels are started here, and `@jupyterlab/services` reaches
 * them over ZeroMQ through the `fetch` and the `WebSocket` that it is given. With other settings the same client code
 * speaks to a real server.
 */
import { ServerConnection } from '@jupyterlab/services';
import { kernelFetch } from './fetch.js';
import type { LocalKernels } from './kernels.js';
import { KernelSocket } from './socket.js';

/** Settings under which a `KernelManager` starts and reaches `kernels`, by default in the folder `cwd`. */
export function bridge(kernels: LocalKernels, cwd: string): ServerConnection.ISettings {
  const fetchKernels = kernelFetch(kernels, cwd);
  class LocalSocket extends KernelSocket {
    constructor(url: string | URL) {
      const id = /\/api\/kernels\/([^/]+)\/channels/.exec(new URL(url).pathname)?.[1] ?? '';
      super(String(url), kernels.find(decodeURIComponent(id)));
    }
  }
  return ServerConnection.makeSettings({
    baseUrl: 'http://kernels.invalid/',
    wsUrl: 'ws://kernels.invalid/',
    token: '',
    fetch: (input: Request) => fetchKernels(input),
    WebSocket: LocalSocket,
  });
}
