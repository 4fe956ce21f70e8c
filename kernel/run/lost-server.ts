/** Tells a connection that comes back from a server that is gone. */
import { KernelAPI, type Kernel, type ServerConnection } from '@jupyterlab/services';

/** How long a server may be out of reach. It buffers what its kernel publishes until the client is back. */
const PATIENCE_MS = 15_000;
const BETWEEN_MS = 500;

/**
 * Calls `lost` with the reason when the connection to the kernel broke and the server is out of reach for long, or
 * no longer has the kernel. Until then `@jupyterlab/services` connects again by itself.
 */
export function watchConnection(
  kernel: Kernel.IKernelConnection,
  settings: ServerConnection.ISettings,
  lost: (reason: string) => void,
): void {
  let watching = false;
  kernel.connectionStatusChanged.connect((_, status) => {
    if (status === 'disconnected' && !kernel.isDisposed)
      lost(`the connection to ${settings.baseUrl} was lost`);
    if (status !== 'connecting' || watching) return;
    watching = true;
    void reachable(kernel, settings)
      .then((reason) => (reason === undefined ? undefined : lost(reason)))
      .finally(() => (watching = false));
  });
}

/** Resolves when the connection is back, or to the reason why it will not be. */
async function reachable(
  kernel: Kernel.IKernelConnection,
  settings: ServerConnection.ISettings,
): Promise<string | undefined> {
  const since = performance.now();
  for (;;) {
    if (kernel.isDisposed || kernel.connectionStatus === 'connected') return undefined;
    let failure: string | undefined;
    try {
      const model = await KernelAPI.getKernelModel(kernel.id, settings);
      if (model === undefined) return `the server ${settings.baseUrl} no longer has it`;
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
    }
    if (failure !== undefined && performance.now() - since > PATIENCE_MS)
      return `its server ${settings.baseUrl} is gone: ${failure}`;
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
  }
}
