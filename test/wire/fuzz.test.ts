/**
 * Bad input against a real kernel: what is malformed is dropped with one line in the log, the kernel answers a cell
 * after each thousand, and its memory does not grow. `npm run test:fuzz` sends 100,000, the plain test run fewer.
 */
import { execFileSync } from 'node:child_process';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dealer } from 'zeromq';
import type { Client } from './client.js';
import { eventually, KernelProcess } from './kernel-process.js';
import { MalformedMessages, randomNumbers, type Frames, type Malformed } from './malformed.js';

const COUNT = Number(process.env.NABLA_FUZZ_COUNT ?? 2000);
const SEED = Number(process.env.NABLA_FUZZ_SEED ?? 20260729);
/** Oversized messages (64 and 128 MiB) may still wait for the garbage collector. */
const MOST_GROWTH_MIB = 64 + 128 + 36;

let kernel: KernelProcess;
let client: Client;
let sender: Sender;

beforeAll(async () => {
  ({ kernel, client } = await KernelProcess.connected());
  sender = new Sender(kernel);
});
afterAll(async () => {
  sender.close();
  await kernel.dispose();
});

/** A client that says anything, and hears how many answers there are. */
class Sender {
  readonly #sockets: Record<Malformed['channel'], Dealer>;
  answers = 0;
  #awaited = '';

  constructor({ connection }: KernelProcess) {
    const dealer = (port: number) => {
      const socket = new Dealer({ linger: 0 });
      socket.connect(`tcp://127.0.0.1:${port}`);
      void this.#count(socket);
      return socket;
    };
    this.#sockets = {
      shell: dealer(connection.shell_port),
      control: dealer(connection.control_port),
      stdin: dealer(connection.stdin_port),
    };
  }

  send(channel: Malformed['channel'], frames: Frames): Promise<void> {
    return this.#sockets[channel].send(frames);
  }

  /** Resolves when what was sent before has been received, on shell and on control. */
  async settled(client: Client): Promise<void> {
    for (const channel of ['shell', 'control'] as const) {
      const header = client.header('kernel_info_request');
      this.#awaited = header.msg_id;
      await this.send(channel, client.frames({ header }));
      await eventually(`an answer on ${channel}`, () => this.#awaited === '');
    }
  }

  close(): void {
    for (const socket of Object.values(this.#sockets)) socket.close();
  }

  async #count(socket: Dealer): Promise<void> {
    for await (const frames of socket) {
      this.answers++;
      // Behind the delimiter: the signature, the header, the parent header.
      if (this.#awaited !== '' && frames[3].includes(this.#awaited)) this.#awaited = '';
    }
  }
}

/** A frame that claims to be larger than any memory, or bytes at random. */
async function rawBytes(port: number, isNoise: boolean, random: () => number): Promise<void> {
  const greeting = Buffer.concat([
    Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0]),
    Buffer.from('NULL'.padEnd(20, '\0')),
    Buffer.alloc(32),
  ]);
  const huge = Buffer.concat([greeting, Buffer.from([2, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])]);
  const noise = Buffer.from(Array.from({ length: 200 }, () => Math.floor(random() * 256)));
  await new Promise<void>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(isNoise ? noise : huge));
    socket.on('error', () => undefined).once('close', () => resolve());
    socket.resume();
  });
}

function residentMiB(pid: number): number {
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024;
}

const lines = () => kernel.stderr.split('\n').filter((line) => line !== '');

test(
  `${COUNT} malformed messages (seed ${SEED}) are dropped with one line each, and every cell is answered`,
  async () => {
    const messages = new MalformedMessages(client, SEED);
    const random = randomNumbers(SEED + 1);
    const tally = new Map<string, number>();
    const { shell_port, iopub_port, hb_port } = kernel.connection;
    let begin = NaN;
    for (let sent = 0; sent < COUNT;) {
      let dropped = 0;
      for (const end = Math.min(COUNT, sent + 1000); sent < end; sent++) {
        const place = sent % 10_000;
        const message =
          place === 999
            ? messages.oversized()
            : place === 499
              ? messages.oversizedBuffers()
              : messages.next();
        tally.set(message.kind, (tally.get(message.kind) ?? 0) + 1);
        if (message.effect === 'dropped') dropped++;
        await sender.send(message.channel, message.frames);
      }
      await rawBytes(shell_port, false, random);
      // ZeroMQ takes some noise for the first version of its protocol: on shell that would count as a message.
      await rawBytes(random() < 0.5 ? iopub_port : hb_port, true, random);
      await sender.settled(client);
      messages.settled();
      await eventually(`${dropped} lines`, () => lines().length >= dropped, 30_000);
      const cell = await client.execute(`${sent} + 1`);
      expect(cell.result).toBe(String(sent + 1));
      const log = lines();
      expect(log.filter((line) => !line.startsWith('nabla: dropped a message on '))).toEqual([]);
      expect(log).toHaveLength(dropped);
      kernel.stderr = '';
      client.received.splice(0);
      if (sent === Math.min(20_000, COUNT / 2)) begin = residentMiB(kernel.pid);
    }
    expect(Math.min(...tally.values())).toBeGreaterThan(0);
    expect(sender.answers).toBeGreaterThan(COUNT / 40);
    const growth = residentMiB(kernel.pid) - begin;
    if (COUNT > 10_000)
      console.log(`memory ${begin.toFixed(0)} MiB, grown by ${growth.toFixed(1)} MiB`, tally);
    expect(growth).toBeLessThan(MOST_GROWTH_MIB);
    expect((await client.ping()).answer).toBe('ping');
  },
  10 * 60_000,
);
