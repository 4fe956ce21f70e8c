/** The connection file: where a kernel is to listen, and the key that its messages are signed with. */
import { readFileSync } from 'node:fs';
import { isJsonObject, parse, type JsonObject } from '../protocol/json.js';

export const CHANNEL_PORTS = ['shell_port', 'iopub_port', 'stdin_port', 'control_port', 'hb_port'] as const;

export type ChannelPort = (typeof CHANNEL_PORTS)[number];

export interface ConnectionInfo extends Readonly<Record<ChannelPort, number>> {
  readonly transport: 'tcp' | 'ipc';
  /** An address for tcp; for ipc, the path that the socket files' names begin with. */
  readonly ip: string;
  /** Empty: messages are not signed. */
  readonly key: string;
  /** Node's name of the hash that the signatures use. */
  readonly hash: 'sha256' | 'sha384' | 'sha512';
  /** Z85 keys of CurveZMQ, when the traffic is to be encrypted. */
  readonly curve: { readonly publicKey: string; readonly secretKey: string } | null;
  /** The file this came from, for messages to people. */
  readonly file: string;
}

/** A connection file that cannot be used, or an address that cannot be bound; the text is one line for a person. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
}

/** Reads and checks a connection file; throws `ConnectionError` with one line that says what to do. */
export function readConnectionFile(file: string): ConnectionInfo {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const reason = isErrno(error, 'ENOENT')
      ? 'it does not exist'
      : isErrno(error, 'EISDIR')
        ? 'it is a folder'
        : `it cannot be read (${error instanceof Error ? error.message : String(error)})`;
    throw new ConnectionError(
      `connection file ${file}: ${reason}; pass the file that a Jupyter client wrote (jupyter --runtime-dir shows where)`,
    );
  }
  let json: unknown;
  try {
    json = parse(text);
  } catch (error) {
    throw new ConnectionError(
      `connection file ${file}: not JSON (${oneLine(error)}); start the kernel again from its client to get a fresh one`,
    );
  }
  if (!isJsonObject(json)) throw new ConnectionError(`connection file ${file}: must hold a JSON object`);
  return parseConnectionInfo(json, file);
}

/** Checks the fields of a connection file. */
export function parseConnectionInfo(json: JsonObject, file: string): ConnectionInfo {
  const fail = (field: string, wanted: string): never => {
    const value = json[field];
    const got = value === undefined ? 'it is missing' : `got ${oneLine(JSON.stringify(value))}`;
    throw new ConnectionError(`connection file ${file}: '${field}' must be ${wanted}, ${got}`);
  };
  const text = (field: string, fallback?: string): string => {
    const value = json[field] ?? fallback;
    return typeof value === 'string' ? value : fail(field, 'a string');
  };

  const transport = text('transport', 'tcp');
  if (transport !== 'tcp' && transport !== 'ipc') return fail('transport', "'tcp' or 'ipc'");
  const ip = text('ip');
  if (ip === '') return fail('ip', transport === 'tcp' ? 'an IP address' : 'a path');
  const scheme = text('signature_scheme', 'hmac-sha256');
  const hash = (['sha256', 'sha384', 'sha512'] as const).find((name) => scheme === `hmac-${name}`);
  if (hash === undefined) return fail('signature_scheme', "'hmac-sha256', 'hmac-sha384' or 'hmac-sha512'");

  const port = (field: ChannelPort): number => {
    const value = json[field];
    return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65535
      ? value
      : fail(field, 'a port from 1 to 65535');
  };
  const ports = {
    shell_port: port('shell_port'),
    iopub_port: port('iopub_port'),
    stdin_port: port('stdin_port'),
    control_port: port('control_port'),
    hb_port: port('hb_port'),
  };
  for (const [index, field] of CHANNEL_PORTS.entries()) {
    const other = CHANNEL_PORTS.slice(0, index).find((name) => ports[name] === ports[field]);
    if (other !== undefined) fail(field, `another port than '${other}'`);
  }

  const curveKey = (field: string): string => {
    const key = text(field);
    return /^[\x21-\x7e]{40}$/.test(key) ? key : fail(field, 'a Z85 key of 40 characters');
  };
  const encrypted = (json.curve_secretkey ?? json.curve_publickey ?? null) !== null;
  return {
    ...ports,
    transport,
    ip,
    key: text('key', ''),
    hash,
    curve: encrypted
      ? { publicKey: curveKey('curve_publickey'), secretKey: curveKey('curve_secretkey') }
      : null,
    file,
  };
}

/** The ZeroMQ address of one channel. An ipc "port" is the ending of a file name. */
export function endpoint(info: ConnectionInfo, port: ChannelPort): string {
  if (info.transport === 'ipc') return `ipc://${info.ip}-${info[port]}`;
  const host = info.ip.includes(':') && !info.ip.startsWith('[') ? `[${info.ip}]` : info.ip;
  return `tcp://${host}:${info[port]}`;
}

export function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function oneLine(value: unknown): string {
  const text = value instanceof Error ? value.message : String(value);
  return text.replace(/\s+/g, ' ').slice(0, 120);
}
