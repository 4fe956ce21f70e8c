/** The five sockets of a kernel, bound as the connection file says. */
import { createConnection } from 'node:net';
import { Router, XPublisher, type Socket } from 'zeromq';
import {
  ConnectionError,
  endpoint,
  isErrno,
  type ChannelPort,
  type ConnectionInfo,
} from './connection-file.js';

/** How long a closed socket may go on sending what it holds, in milliseconds. */
const LINGER = 1000;

/** IOPub messages held for a subscriber that does not read; past that it loses messages, the others do not. */
const HELD_FOR_A_SLOW_SUBSCRIBER = 20_000;

/** A frame above this ends its sender's connection before it takes memory, without a word: ZeroMQ does not say why. */
const MOST_FRAME_BYTES = 512 * 1024 * 1024;
/** Of a subscription, a beat of the heart: they are a few bytes. */
const MOST_SMALL_BYTES = 64 * 1024;

export interface Sockets {
  readonly shell: Router;
  readonly control: Router;
  readonly stdin: Router;
  readonly iopub: XPublisher;
  readonly heartbeat: Router;
}

/** Binds all five; on failure none stays open. Throws `ConnectionError` naming the address and the field. */
export async function bindSockets(info: ConnectionInfo): Promise<Sockets> {
  const sockets: Sockets = {
    shell: router(),
    control: router(),
    stdin: router(),
    iopub: new XPublisher({
      linger: LINGER,
      sendHighWaterMark: HELD_FOR_A_SLOW_SUBSCRIBER,
      maxMessageSize: MOST_SMALL_BYTES,
    }),
    heartbeat: router(MOST_SMALL_BYTES),
  };
  // Every subscription is seen, also one that another client has: each is to be welcomed.
  sockets.iopub.verbosity = 'allSubs';
  try {
    await bind(sockets.shell, info, 'shell_port');
    await bind(sockets.control, info, 'control_port');
    await bind(sockets.stdin, info, 'stdin_port');
    await bind(sockets.iopub, info, 'iopub_port');
    await bind(sockets.heartbeat, info, 'hb_port');
  } catch (error) {
    closeSockets(sockets);
    throw error;
  }
  return sockets;
}

export function closeSockets(sockets: Sockets): void {
  for (const socket of [sockets.shell, sockets.control, sockets.stdin, sockets.iopub, sockets.heartbeat])
    if (!socket.closed) socket.close();
}

function router(maxMessageSize = MOST_FRAME_BYTES): Router {
  // With handover a client that comes back under its old identity takes the place of its dead connection.
  return new Router({ linger: LINGER, handover: true, sendHighWaterMark: 0, maxMessageSize });
}

async function bind(socket: Socket, info: ConnectionInfo, port: ChannelPort): Promise<void> {
  if (info.curve) {
    socket.curveServer = true;
    socket.curvePublicKey = info.curve.publicKey;
    socket.curveSecretKey = info.curve.secretKey;
  }
  const address = endpoint(info, port);
  try {
    // ZeroMQ would take over the file of a living kernel.
    if (info.transport === 'ipc' && (await isListening(`${info.ip}-${info[port]}`)))
      throw Object.assign(new Error('Address already in use'), { code: 'EADDRINUSE' });
    await socket.bind(address);
  } catch (error) {
    const reason = isErrno(error, 'EADDRINUSE')
      ? 'another process listens there; end it, or start the kernel again from its client to get other ports'
      : isErrno(error, 'EADDRNOTAVAIL')
        ? "this machine has no such address; check 'ip'"
        : isErrno(error, 'EACCES')
          ? 'that is not permitted; use ports from 1024 and a folder you can write to'
          : `${error instanceof Error ? error.message : String(error)}; check 'ip' and 'transport'`;
    throw new ConnectionError(
      `connection file ${info.file}: cannot listen on ${address} ('${port}'): ${reason}`,
    );
  }
}

/** Whether somebody answers at a Unix socket's path. */
function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createConnection(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}
