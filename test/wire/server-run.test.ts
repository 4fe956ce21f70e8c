/** `nabla run --server` against servers that refuse, redirect or have to be started: what is asked and what is said. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http';
import { afterAll, afterEach, beforeEach, expect, it, vi } from 'vitest';
import { exitCodeOf, runMany } from '../../kernel/run/many/index.js';
import { runNotebook, type Notebook, type RunOptions, type RunResult } from '../../kernel/run/index.js';
import { Notebooks } from './notebooks.js';

interface Answer {
  status?: number;
  headers?: Record<string, string>;
  body?: unknown;
}

const notebooks = new Notebooks();
const input = notebooks.write('1');
afterAll(() => notebooks.remove());

/** `METHOD /path` of every request. */
let asked: string[];
let seen: IncomingHttpHeaders;
let answer: (request: string) => Answer;
let server: Server;
let url: string;

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    const { status = 200, headers = {}, body = {} } = answer(note(request));
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  server.on('upgrade', (request, socket) => {
    const { status = 403 } = answer(note(request));
    socket.end(`HTTP/1.1 ${status} No\r\nConnection: close\r\n\r\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  url = `http://127.0.0.1:${address.port}/`;
});

afterEach(() => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  server.close();
});

function note(request: IncomingMessage): string {
  const what = `${request.method} ${new URL(request.url ?? '', url).pathname}`;
  asked.push(what);
  seen = request.headers;
  return what;
}

const specs = {
  default: 'nabla',
  kernelspecs: { nabla: { name: 'nabla', spec: { language: 'typescript' } } },
};
const model = { id: 'k', name: 'nabla', last_activity: '', execution_state: 'starting', connections: 0 };

/** A Jupyter server below `base` that starts kernels and refuses their WebSocket. */
const jupyter =
  (base = '/') =>
  (request: string): Answer => {
    if (request === `GET ${base}api/kernelspecs`) return { body: specs };
    if (request === `POST ${base}api/kernels`) return { status: 201, body: model };
    if (request === `GET ${base}api/kernels`) return { body: [model] };
    if (request === `GET ${base}api/kernels/k`) return { body: model };
    if (request === `DELETE ${base}api/kernels/k`) return { status: 204, body: '' };
    return { status: 403 };
  };

async function refusal(address: RunOptions['server'], startupTimeout = 400): Promise<string> {
  const failure: unknown = await runNotebook({ input, server: address, startupTimeout }).catch(
    (error: unknown) => error,
  );
  expect(failure).toMatchObject({ name: 'RunError', exitCode: 4 });
  return failure instanceof Error ? failure.message : '';
}

it('sends the token in headers only, also to the WebSocket, and says why that is refused', async () => {
  answer = jupyter();
  const said = await refusal({ url: `${url}lab?token=secret` });
  expect(said).toBe(
    'the kernel did not start: it did not answer within 0.4 s; Unexpected server response: 403',
  );
  const socket = asked.find((one) => one.includes('/channels'));
  expect(socket).toBe('GET /api/kernels/k/channels');
  expect(asked.join()).not.toContain('secret');
  expect(asked.at(-1)).toBe('DELETE /api/kernels/k');
});

it('proves to a server without a token that it can set its cookies, and logs in at a proxy', async () => {
  let posted: IncomingHttpHeaders = {};
  answer = (request) => {
    if (request.startsWith('POST')) posted = seen;
    return jupyter('/base/')(request);
  };
  await refusal({ url: `${url.replace('//', '//ada:pass%20word@')}base` });
  expect(posted['x-xsrftoken']).toMatch(/./);
  expect(posted.cookie).toBe(`_xsrf=${String(posted['x-xsrftoken'])}`);
  expect(posted.authorization).toBe(`Basic ${Buffer.from('ada:pass word').toString('base64')}`);
});

it('tells a gateway what the environment says about the kernel', async () => {
  vi.stubEnv('KERNEL_USERNAME', 'ada');
  let body = '';
  server.prependListener('request', (request: IncomingMessage) => {
    if (request.method === 'POST') request.on('data', (data: Buffer) => (body += data.toString()));
  });
  answer = jupyter();
  await refusal({ url });
  expect(JSON.parse(body)).toEqual({ name: 'nabla', env: { KERNEL_USERNAME: 'ada' } });
});

it.each<[string, (request: string) => Answer, RegExp]>([
  [
    'asks for a token',
    () => ({ status: 401 }),
    /refuses \(401\): give its token with --token or JUPYTER_TOKEN$/,
  ],
  [
    'leads to a login page',
    (request): Answer =>
      request.endsWith('/login')
        ? { headers: { 'Content-Type': 'text/html' }, body: '<html>' }
        : { status: 302, headers: { Location: '/login' } },
    /leads to a page instead, http:\/\/127\.0\.0\.1:\d+\/login: give its token/,
  ],
  ['is none', () => ({ body: '<html>' }), /did not answer as a Jupyter server$/],
  ['has another address', () => ({ status: 404 }), /answered 404: is it the base URL of a Jupyter server\?$/],
  ['is broken', () => ({ status: 502, body: { message: 'no upstream' } }), /answered 502: no upstream$/],
  [
    'may not start the kernel',
    (request) =>
      request.startsWith('POST') ? { status: 403, body: { message: 'not you' } } : jupyter()(request),
    /^the kernel did not start: the server answered 403: not you$/,
  ],
])('says of a server that it %s', async (_, answers, said) => {
  answer = answers;
  expect(await refusal({ url })).toMatch(said);
});

it('starts the stopped server of a hub’s user, whose token it is', async () => {
  let looks = 0;
  const headers = { 'X-JupyterHub-Version': '6' };
  answer = (request) => {
    if (request === 'GET /hub/api/user') return { headers, body: { kind: 'user', name: 'ada' } };
    if (request === 'POST /hub/api/users/ada/server') return { headers, status: 202 };
    if (request === 'GET /hub/api/users/ada') {
      const ready = looks++ > 0;
      return { headers, body: { servers: { '': { ready, pending: ready ? null : 'spawn' } } } };
    }
    if (looks > 1 && request.includes('/user/ada/')) return jupyter('/user/ada/')(request);
    return { headers, status: request.includes('/user/') ? 424 : 404 };
  };
  expect(await refusal({ url, token: 't' }, 1200)).toContain('it did not answer within 1.2 s');
  expect(asked).toContain('POST /user/ada/api/kernels');
  looks = -99;
  expect(await refusal({ url: `${url}user/ada/lab`, token: 't' }, 700)).toMatch(
    /\/user\/ada\/ was not up within 0\.7 s \(--startup-timeout\)$/,
  );
});

it('asks the next server when one gives no kernel, and that one last from then on', async () => {
  const options = [input, input, input].map((one) => ({ input: one }));
  const [dead, good] = [{ url: 'http://127.0.0.1:1/' }, { url }];
  const notebook: Notebook = { nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [] };
  const ended: RunResult = {
    exitCode: 0,
    notebook,
    cells: [],
    differences: [],
    attempts: 1,
    seconds: 0,
    records: new Map(),
  };
  const moved: string[] = [];
  const outcomes = await runMany(
    options,
    { jobs: 1, servers: [dead, good], moved: (_, index, reason) => moved.push(`${index} ${reason}`) },
    (one) => (one.server === good ? Promise.resolve(ended) : runNotebook(one)),
  );
  expect(outcomes.map(exitCodeOf)).toEqual([0, 0, 0]);
  expect(moved).toEqual([
    expect.stringMatching(/^0 no server answers at http:\/\/127\.0\.0\.1:1\/: /) as string,
  ]);
});
