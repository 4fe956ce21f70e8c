/**
 * JupyterHub: it gives every user a server, which may not be running. Source: its REST API,
 * https://jupyterhub.readthedocs.io/en/stable/reference/rest-api.html
 */
import { ServerConnection } from '@jupyterlab/services';
import { isRecord } from '../parameters/types.js';
import { messageOf, notStarted, said } from './failures.js';

/** Between two looks at a server that is being started. */
const BETWEEN_MS = 500;

/** Whether an answer comes from a hub rather than from one of its servers. */
export const isFromHub = (response: Response): boolean =>
  response.headers.has('x-jupyterhub-version') && response.status !== 200;

/**
 * Starts the user's server that `settings` lead to, or that of whoever the token belongs to when they lead to the hub
 * itself; resolves to its URL when it runs. Throws `RunError` with exit code 4 when it does not.
 */
export async function startServer(
  settings: ServerConnection.ISettings,
  hubSettings: (url: string) => ServerConnection.ISettings,
  timeout: number,
): Promise<string> {
  const until = performance.now() + timeout;
  const { prefix, user, server } = placeOnHub(settings.baseUrl);
  const hub = hubSettings(prefix);
  const ask = (path: string, method = 'GET'): Promise<Response> =>
    ServerConnection.makeRequest(`${prefix}hub/api/${path}`, { method }, hub);
  const name = user ?? (await owner(ask, prefix));
  const url = `${prefix}user/${encodeURIComponent(name)}/${server === '' ? '' : `${encodeURIComponent(server)}/`}`;
  const path = `users/${encodeURIComponent(name)}`;
  const started = await ask(
    `${path}/${server === '' ? 'server' : `servers/${encodeURIComponent(server)}`}`,
    'POST',
  );
  // 400 says that it runs, or is being started, already.
  if (![201, 202, 400].includes(started.status))
    throw notStarted(
      `${prefix}: the hub does not start the server of ${name} (${started.status}): ${await said(started)}`,
    );
  while (performance.now() < until) {
    const state = await stateOf(await ask(path), server);
    if (state === 'ready') return url;
    if (state === 'stopped')
      throw notStarted(`the server ${url} did not start; its hub says why: ${prefix}hub/home`);
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
  }
  throw notStarted(`the server ${url} was not up within ${timeout / 1000} s (--startup-timeout)`);
}

/** `…/user/NAME/` or `…/user/NAME/SERVER/`; anything else is the hub's own address. */
function placeOnHub(baseUrl: string): { prefix: string; user: string | undefined; server: string } {
  const found = /^(.*?\/)user\/([^/]+)\/(?:([^/]+)\/)?$/.exec(baseUrl);
  if (found === null)
    return { prefix: baseUrl.replace(/hub\/(home\/|token\/)?$/, ''), user: undefined, server: '' };
  const [, prefix, user, server = ''] = found;
  return { prefix, user: decodeURIComponent(user), server: decodeURIComponent(server) };
}

/** Whose token it is. */
async function owner(ask: (path: string) => Promise<Response>, prefix: string): Promise<string> {
  const response = await ask('user');
  const model: unknown = response.ok ? await response.json() : undefined;
  if (isRecord(model) && model.kind === 'user' && typeof model.name === 'string') return model.name;
  const reason = response.ok ? 'its token is no user’s' : `${response.status}: ${await said(response)}`;
  throw notStarted(
    `${prefix} is a JupyterHub that does not say whose server is meant (${messageOf(reason)}): give ${prefix}user/NAME/ and --token`,
  );
}

async function stateOf(response: Response, server: string): Promise<'ready' | 'pending' | 'stopped'> {
  const model: unknown = response.ok ? await response.json() : undefined;
  const servers = isRecord(model) && isRecord(model.servers) ? model.servers : undefined;
  // Who may start a server but not look at it has to try.
  if (servers === undefined) return 'ready';
  const found = servers[server];
  if (!isRecord(found)) return 'stopped';
  if (found.ready === true) return 'ready';
  return found.pending === null || found.stopped === true ? 'stopped' : 'pending';
}
