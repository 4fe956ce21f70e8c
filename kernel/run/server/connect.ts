/** Kernels behind a URL: Jupyter Server, JupyterHub's single-user servers, Enterprise and Kernel Gateway. */
import { ServerConnection } from '@jupyterlab/services';
import { DEFAULT_NAME } from '../../install/kernelspec.js';
import { KernelClient } from '../client.js';
import { ExitCode, RunError } from '../exit.js';
import { nearest } from '../nearest.js';
import { checkLanguage, type Notebook } from '../notebook/index.js';
import type { ServerAddress } from '../options.js';
import { isRecord } from '../parameters/types.js';
import { messageOf, networkFailure, notStarted, refusal } from './failures.js';
import { isFromHub, startServer } from './hub.js';
import { connectionTo, type Connection } from './settings.js';

/**
 * Starts a kernel on the server and connects to it. `folder` is where it works, as the server names it. Throws
 * `RunError` with exit code 4 when the server cannot be reached, refuses, or has no such kernel; with exit code 3 when
 * its kernel is of another language than the notebook.
 */
export async function connectToServer(
  address: ServerAddress,
  notebook: Notebook,
  startupTimeout: number,
  folder?: string,
): Promise<KernelClient> {
  const { connection, specs } = await reach(address, startupTimeout);
  const { name, language } = kernelOf(connection.settings, specs, address, notebook);
  try {
    checkLanguage(notebook, language);
  } catch (error) {
    throw new RunError(`the notebook is ${messageOf(error)}`, ExitCode.unreadable);
  }
  return KernelClient.connect({
    settings: connection.settings,
    kernelName: name,
    startupTimeout,
    ...(folder !== undefined && { path: folder }),
    env: gatewayEnv(),
    hint: connection.refused,
  });
}

/** What clients of Enterprise Gateway tell it about the kernel that they want, such as KERNEL_USERNAME. */
const gatewayEnv = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      name.startsWith('KERNEL_') && value !== undefined ? [[name, value]] : [],
    ),
  );

interface Spec {
  name: string;
  language: string;
}

/** A server that answers, and the kernels that it has. The server of a hub's user is started if need be. */
async function reach(
  address: ServerAddress,
  timeout: number,
): Promise<{ connection: Connection; specs: Spec[] }> {
  const connection = connectionTo(address);
  const response = await kernelspecs(connection.settings, timeout);
  const specs = await specsIn(response);
  if (specs !== undefined) return { connection, specs };
  if (!isFromHub(response) || response.status === 401 || response.status === 403)
    throw notStarted(await refusal(response, connection.settings));
  const { settings } = connection;
  const at = (url: string): Connection => connectionTo({ url, token: settings.token });
  const url = await startServer(settings, (hub) => at(hub).settings, timeout);
  const started = at(url);
  const again = await kernelspecs(started.settings, timeout);
  const found = await specsIn(again);
  if (found === undefined) throw notStarted(await refusal(again, started.settings));
  return { connection: started, specs: found };
}

/** Throws `RunError` when no answer comes. */
async function kernelspecs(settings: ServerConnection.ISettings, timeout: number): Promise<Response> {
  const { baseUrl } = settings;
  try {
    const signal = AbortSignal.timeout(timeout);
    return await ServerConnection.makeRequest(`${baseUrl}api/kernelspecs`, { signal }, settings);
  } catch (error) {
    throw notStarted(
      error instanceof Error && error.message.includes('timeout')
        ? `the server ${baseUrl} did not answer within ${timeout / 1000} s`
        : `no server answers at ${baseUrl}: ${await networkFailure(baseUrl)}`,
    );
  }
}

/** The kernels of a server's answer; undefined when it is another answer. */
async function specsIn(response: Response): Promise<Spec[] | undefined> {
  if (!response.ok) return undefined;
  const model: unknown = await response
    .clone()
    .json()
    .catch(() => undefined);
  if (!isRecord(model) || !isRecord(model.kernelspecs)) return undefined;
  return Object.entries(model.kernelspecs).map(([name, entry]) => {
    const spec = isRecord(entry) && isRecord(entry.spec) ? entry.spec : {};
    return { name, language: typeof spec.language === 'string' ? spec.language : '' };
  });
}

/** The kernel to start, from those that the server has. */
function kernelOf(
  { baseUrl }: ServerConnection.ISettings,
  specs: readonly Spec[],
  { kernelName }: ServerAddress,
  notebook: Notebook,
): Spec {
  const wanted = kernelName ?? notebook.metadata.kernelspec?.name ?? DEFAULT_NAME;
  const spec =
    specs.find((one) => one.name === wanted) ?? specs.find((one) => one.name === wanted.toLowerCase());
  if (spec !== undefined) return spec;
  const names = specs.map(({ name }) => name);
  const near = nearest(wanted, names);
  const hint = near !== undefined ? `did you mean ${near}?` : `it has: ${names.join(', ') || 'none'}`;
  throw notStarted(`the server ${baseUrl} has no kernel ${wanted}; ${hint}`);
}
