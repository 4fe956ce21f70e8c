/** Kernels behind a URL: Jupyter Server, JupyterHub's single-user servers, Enterprise and Kernel Gateway. */
import { KernelSpecAPI, ServerConnection, type KernelSpec } from '@jupyterlab/services';
import { DEFAULT_NAME } from '../install/kernelspec.js';
import { KernelClient } from './client.js';
import { ExitCode, RunError } from './exit.js';
import { nearest } from './nearest.js';
import { checkLanguage, type Notebook } from './notebook/index.js';
import type { ServerAddress } from './options.js';

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
  const settings = settingsFor(address);
  const { name, language } = await kernelOf(settings, address, notebook, startupTimeout);
  try {
    checkLanguage(notebook, language);
  } catch (error) {
    throw new RunError(`the notebook is ${messageOf(error)}`, ExitCode.unreadable);
  }
  return KernelClient.connect({
    settings,
    kernelName: name,
    startupTimeout,
    ...(folder !== undefined && { path: folder }),
  });
}

function settingsFor({ url, token }: ServerAddress): ServerConnection.ISettings {
  let base: URL;
  try {
    base = new URL(url);
  } catch {
    throw new RunError(`--server ${url}: give a URL such as http://localhost:8888/`, ExitCode.usage);
  }
  if (base.protocol !== 'http:' && base.protocol !== 'https:')
    throw new RunError(`--server ${url}: give a URL that begins with http:// or https://`, ExitCode.usage);
  const given = token ?? base.searchParams.get('token') ?? process.env.JUPYTER_TOKEN ?? '';
  base.search = '';
  base.hash = '';
  // A link that was copied from the browser's address bar leads to the same server.
  base.pathname = base.pathname.replace(/\/(lab|tree|notebooks)(\/.*)?$/, '/').replace(/\/?$/, '/');
  const socket = new URL(base);
  socket.protocol = base.protocol === 'https:' ? 'wss:' : 'ws:';
  return ServerConnection.makeSettings({
    baseUrl: base.href,
    wsUrl: socket.href,
    token: given,
    appendToken: given !== '',
  });
}

/** The kernel to start, from those that the server has. */
async function kernelOf(
  settings: ServerConnection.ISettings,
  { kernelName }: ServerAddress,
  notebook: Notebook,
  timeout: number,
): Promise<{ name: string; language: string }> {
  const specs = await specsOf(settings, timeout);
  const wanted = kernelName ?? notebook.metadata.kernelspec?.name ?? DEFAULT_NAME;
  const spec =
    specs.find((one) => one.name === wanted) ?? specs.find((one) => one.name === wanted.toLowerCase());
  if (spec !== undefined) return spec;
  const names = specs.map(({ name }) => name);
  const near = nearest(wanted, names);
  const hint = near !== undefined ? `did you mean ${near}?` : `it has: ${names.join(', ') || 'none'}`;
  throw notStarted(`the server ${settings.baseUrl} has no kernel ${wanted}; ${hint}`);
}

async function specsOf(
  settings: ServerConnection.ISettings,
  timeout: number,
): Promise<KernelSpec.ISpecModel[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const reason = `the server ${settings.baseUrl} did not answer within ${timeout / 1000} s`;
    timer = setTimeout(() => reject(notStarted(reason)), timeout);
  });
  try {
    const { kernelspecs } = await Promise.race([KernelSpecAPI.getSpecs(settings), late]);
    return Object.values(kernelspecs).filter((spec) => spec !== undefined);
  } catch (error) {
    throw error instanceof RunError ? error : notStarted(await whyNot(error, settings));
  } finally {
    clearTimeout(timer);
  }
}

/** Why a server did not say which kernels it has. */
async function whyNot(error: unknown, { baseUrl, token }: ServerConnection.ISettings): Promise<string> {
  const status = error instanceof ServerConnection.ResponseError ? error.response.status : undefined;
  if (status === 401 || status === 403) {
    const hint =
      token === '' ? 'give its token with --token or JUPYTER_TOKEN' : 'the token is not the right one';
    return `the server ${baseUrl} refuses (${status}): ${hint}`;
  }
  if (status !== undefined) return `${baseUrl} answered ${status}: is it the base URL of a Jupyter server?`;
  if (error instanceof ServerConnection.NetworkError)
    return `no server answers at ${baseUrl}: ${await networkFailure(baseUrl)}`;
  return `${baseUrl} did not answer as a Jupyter server: ${messageOf(error)}`;
}

/** What is wrong with the connection: the client library keeps only that the fetch failed. */
async function networkFailure(url: string): Promise<string> {
  try {
    await fetch(url, { method: 'HEAD' });
    return 'it broke the connection';
  } catch (error) {
    return (error instanceof Error ? causeOf(error) : undefined) ?? messageOf(error);
  }
}

function causeOf(error: Error): string | undefined {
  const { cause } = error;
  if (!(cause instanceof Error)) return undefined;
  // Several addresses of one name that all refuse come as one error without a message.
  const inner = cause instanceof AggregateError && cause.errors[0] instanceof Error ? cause.errors[0] : cause;
  return inner.message || ('code' in inner ? String(inner.code) : undefined);
}

const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ').slice(0, 200);

const notStarted = (reason: string): RunError => new RunError(reason, ExitCode.notStarted);
