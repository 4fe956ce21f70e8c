/** Why a server cannot be used, in words for whoever gave its address. */
import type { ServerConnection } from '@jupyterlab/services';
import { ExitCode, RunError } from '../exit.js';

export const notStarted = (reason: string): RunError => new RunError(reason, ExitCode.notStarted);

export const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ').slice(0, 200);

/** Why an answer is not the list of kernels that was asked for. */
export async function refusal(
  response: Response,
  { baseUrl, token }: ServerConnection.ISettings,
): Promise<string> {
  const { status } = response;
  const hint =
    token === '' ? 'give its token with --token or JUPYTER_TOKEN' : 'the token is not the right one';
  if (status === 401 || status === 403) return `the server ${baseUrl} refuses (${status}): ${hint}`;
  if (response.redirected && isPage(response)) {
    const { origin, pathname } = new URL(response.url);
    return `the server ${baseUrl} leads to a page instead, ${origin}${pathname}: ${hint}`;
  }
  if (status >= 500) return `the server ${baseUrl} answered ${status}: ${await said(response)}`;
  return status === 200
    ? `${baseUrl} did not answer as a Jupyter server`
    : `${baseUrl} answered ${status}: is it the base URL of a Jupyter server?`;
}

const isPage = ({ headers }: Response): boolean => headers.get('content-type')?.includes('html') ?? false;

/** What an answer says about what went wrong. */
export async function said(response: Response): Promise<string> {
  const body: unknown = await response.json().catch(() => undefined);
  const text =
    typeof body === 'object' && body !== null && 'message' in body && typeof body.message === 'string'
      ? body.message
      : '';
  return messageOf(text || response.statusText || 'no reason given');
}

/** What is wrong with the connection: the client library keeps only that the fetch failed. */
export async function networkFailure(url: string): Promise<string> {
  try {
    await fetch(url, { method: 'HEAD' });
    return 'it broke the connection';
  } catch (error) {
    const cause = error instanceof Error ? causeOf(error) : undefined;
    if (cause === undefined) return messageOf(error);
    const silent = cause.code === 'ECONNRESET' && url.startsWith('http:');
    return `${cause.text}${silent ? OTHER : (HINTS.get(cause.code) ?? '')}`;
  }
}

function causeOf(error: Error): { text: string; code: string } | undefined {
  const { cause } = error;
  if (!(cause instanceof Error)) return undefined;
  // Several addresses of one name that all refuse come as one error without a message.
  const inner = cause instanceof AggregateError && cause.errors[0] instanceof Error ? cause.errors[0] : cause;
  const code = 'code' in inner ? String(inner.code) : '';
  return { text: messageOf(inner.message || code), code };
}

const OTHER = '; does it speak https:// rather than http://?';
const TRUST = '; trust its certificate with NODE_EXTRA_CA_CERTS=file.pem';
const HINTS = new Map([
  ['DEPTH_ZERO_SELF_SIGNED_CERT', TRUST],
  ['SELF_SIGNED_CERT_IN_CHAIN', TRUST],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', TRUST],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', TRUST],
  ['ERR_SSL_WRONG_VERSION_NUMBER', '; does it speak http:// rather than https://?'],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', '; does it speak http:// rather than https://?'],
]);
