/** How the connection of a kernel that this process starts is chosen. */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import path from 'node:path';
import type { JsonObject } from '../../protocol/json.js';

export type ChannelName = 'shell' | 'control' | 'stdin' | 'iopub';

/** sun_path holds 104 bytes on macOS and 108 on Linux, the final NUL included. */
const LONGEST_SOCKET_PATH = 103;

/**
 * The content of a new kernel's connection file; sockets may lie in `folder`. `ipc` cannot lose its addresses to another process
 * and needs no network, so it is preferred where it exists; a kernel that speaks only `tcp` gets free ports.
 */
export async function newConnection(
  kernelName: string,
  folder: string,
  transport: 'tcp' | 'ipc',
): Promise<JsonObject> {
  const socketPrefix = path.join(folder, 's');
  const ipc =
    transport === 'ipc' && process.platform !== 'win32' && socketPrefix.length + 2 <= LONGEST_SOCKET_PATH;
  const ports: Ports = ipc ? [1, 2, 3, 4, 5] : await freePorts();
  const [shell_port, control_port, stdin_port, iopub_port, hb_port] = ports;
  return {
    ...(ipc ? { transport: 'ipc', ip: socketPrefix } : { transport: 'tcp', ip: '127.0.0.1' }),
    shell_port,
    control_port,
    stdin_port,
    iopub_port,
    hb_port,
    key: randomBytes(32).toString('hex'),
    signature_scheme: 'hmac-sha256',
    kernel_name: kernelName,
  };
}

type Ports = [number, number, number, number, number];

/** Five free ports, all held at once so that they differ. */
async function freePorts(): Promise<Ports> {
  const [a, b, c, d, e] = await Promise.all([hold(), hold(), hold(), hold(), hold()]);
  const held = [a, b, c, d, e];
  await Promise.all(held.map(({ release }) => release()));
  return [a.port, b.port, c.port, d.port, e.port];
}

function hold(): Promise<{ port: number; release: () => Promise<void> }> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const bound = server.address();
      if (bound === null || typeof bound === 'string') {
        reject(new Error('no TCP port on 127.0.0.1 could be bound'));
        return;
      }
      const release = (): Promise<void> => new Promise((done) => server.close(() => done()));
      resolve({ port: bound.port, release });
    });
  });
}
