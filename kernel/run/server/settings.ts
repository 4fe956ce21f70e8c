/** How a server is spoken to: its address, and what proves who asks. */
import { ServerConnection } from '@jupyterlab/services';
import { randomBytes } from 'node:crypto';
import { ExitCode, RunError } from '../exit.js';
import type { ServerAddress } from '../options.js';

export interface Connection {
  settings: ServerConnection.ISettings;
  /** Why the WebSocket of a kernel was refused last; the client library tries again and keeps no reason. */
  refused: () => string | undefined;
}

/** Throws `RunError` (exit code 2) when the address is none. */
export function connectionTo({ url, token }: ServerAddress): Connection {
  const base = baseOf(url);
  const given = token ?? base.searchParams.get('token') ?? process.env.JUPYTER_TOKEN ?? '';
  base.search = '';
  const login = credentials(base, given);
  const socket = new URL(base);
  socket.protocol = base.protocol === 'https:' ? 'wss:' : 'ws:';
  const headers = headersFor(given, login);
  let refused: string | undefined;
  const settings = ServerConnection.makeSettings({
    baseUrl: base.href,
    wsUrl: socket.href,
    token: given,
    // JupyterHub takes no token from a URL, and a URL ends up in logs.
    appendToken: false,
    fetch: (request: Request) => {
      for (const [name, value] of Object.entries(headers)) request.headers.set(name, value);
      return fetch(request);
    },
  });
  const authorized = new Proxy(settings.WebSocket, {
    construct(target, [address, protocols]: unknown[]): WebSocket {
      // The class of `ws` takes headers, which that of browsers does not.
      const made = Reflect.construct(target, [address, protocols, { headers }]) as WebSocket;
      made.addEventListener('error', (event) => {
        refused = 'message' in event && typeof event.message === 'string' ? event.message : refused;
      });
      return made;
    },
  });
  return { settings: { ...settings, WebSocket: authorized }, refused: () => refused };
}

function baseOf(url: string): URL {
  let base: URL;
  try {
    base = new URL(url);
  } catch {
    throw new RunError(`--server ${url}: give a URL such as http://localhost:8888/`, ExitCode.usage);
  }
  if (base.protocol !== 'http:' && base.protocol !== 'https:')
    throw new RunError(`--server ${url}: give a URL that begins with http:// or https://`, ExitCode.usage);
  base.hash = '';
  base.pathname = serverPath(base.pathname);
  return base;
}

/** A link that was copied from the browser's address bar leads to the same server; a hub's user may be called `lab`. */
function serverPath(path: string): string {
  const [, root = '', rest = ''] = /^(.*?\/user\/[^/]+)(\/.*)?$/.exec(path) ?? [undefined, '', path];
  return `${root}${rest.replace(/\/(lab|tree|notebooks|edit|consoles|doc)(\/.*)?$/, '')}`.replace(
    /\/?$/,
    '/',
  );
}

/** A name and password in the URL, for a proxy that asks for them; they are taken out of it. */
function credentials(base: URL, token: string): string | undefined {
  const { username, password } = base;
  if (username === '') return undefined;
  base.username = '';
  base.password = '';
  if (token !== '')
    throw new RunError(
      `--server ${base.href}: give a token, or a name and password in the URL, not both`,
      ExitCode.usage,
    );
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(text).toString('base64')}`;
}

function headersFor(token: string, login: string | undefined): Record<string, string> {
  // A server that asks for no token wants to see that whoever asks can set its cookies (Tornado's XSRF check).
  const xsrf = randomBytes(16).toString('hex');
  const authorization = token === '' ? login : `token ${token}`;
  return {
    Cookie: `_xsrf=${xsrf}`,
    'X-XSRFToken': xsrf,
    ...(authorization !== undefined && { Authorization: authorization }),
  };
}
