/**
 * A Jupyter server's kernel service without a server: kernels are started here, and `@jupyterlab/services` reaches
 * them over ZeroMQ through the `fetch` and the `WebSocket` that it is given. With other settings the same client code
 * speaks to a real server.
 */
import { ServerConnection } from '@jupyterlab/services';
import { kernelFetch } from './fetch.js';
import { LocalKernels } from './kernels.js';
import type { LaunchSpec } from './process.js';
import { KernelSocket } from './socket.js';

export type { LaunchSpec } from './process.js';

export interface Bridge {
  settings: ServerConnection.ISettings;
  /** Ends every kernel that was started through these settings. */
  close(): Promise<void>;
}

/** Settings under which a `KernelManager` starts `specs` directly, by default in the folder `cwd`. */
export function bridge(specs: readonly LaunchSpec[], cwd: string): Bridge {
  const kernels = new LocalKernels(specs);
  const fetchKernels = kernelFetch(kernels, cwd);
  class LocalSocket extends KernelSocket {
    constructor(url: string | URL) {
      const id = /\/api\/kernels\/([^/]+)\/channels/.exec(new URL(url).pathname)?.[1] ?? '';
      super(String(url), kernels.find(decodeURIComponent(id)));
    }
  }
  const settings = ServerConnection.makeSettings({
    baseUrl: 'http://kernels.invalid/',
    wsUrl: 'ws://kernels.invalid/',
    token: '',
    fetch: (input: Request) => fetchKernels(input),
    WebSocket: LocalSocket,
  });
  return { settings, close: () => kernels.shutdownAll() };
}
