/** One interrupt of a real kernel, by a client that shares no code with it. */
import type { Cell, Client } from '../wire/client.js';
import { executeContent } from '../wire/client.js';
import { KernelProcess } from '../wire/kernel-process.js';
import { randomNumbers } from '../wire/malformed.js';
import { KINDS } from './kinds.js';

/** How long anything may take: an interrupt that has no effect for so long is missed. */
const PATIENCE_MS = 8000;

/** What a seed decides. */
export interface Plan {
  readonly seed: number;
  readonly kind: string;
  readonly by: 'message' | 'SIGINT';
  /** From the cell's start, or from its `in`, to the interrupt. */
  readonly delayMs: number;
  /** Whether another cell waits in the queue, which must be aborted. */
  readonly isQueued: boolean;
}

export function plan(seed: number, kinds: readonly string[]): Plan {
  const random = randomNumbers(Math.imul(seed, 0x9e3779b1));
  const kind = kinds[Math.floor(random() * kinds.length)];
  // A signal is not acknowledged, so that one for a cell that has ended may rightly come after the next has begun.
  const isSignal = random() < 0.5 && !KINDS[kind].ends;
  return {
    seed,
    kind,
    by: isSignal ? 'SIGINT' : 'message',
    delayMs: (random() < 0.3 ? 3 : 30) * random(),
    isQueued: random() < 0.2 && !KINDS[kind].ends && !KINDS[kind].isOver,
  };
}

/** A kernel that is interrupted again and again, and what its notebook has counted up to. */
export class Target {
  #counted = 0;

  private constructor(
    readonly version: string,
    readonly kernel: KernelProcess,
    readonly client: Client,
  ) {}

  static async start(node: string): Promise<Target> {
    const { kernel, client } = await KernelProcess.connected({ node, env: { NABLA_HISTORY: 'off' } });
    const { stdout } = await client.execute('let counted = 0; console.log(process.version)');
    return new Target(stdout.trim(), kernel, client);
  }

  /**
   * Runs a cell, interrupts it, and checks that it alone has ended of it and that the notebook's variables are there.
   * Resolves to the milliseconds from the interrupt to the cell's idle, undefined where the cell ended by itself.
   */
  async interrupt({ kind, by, delayMs, isQueued }: Plan): Promise<number | undefined> {
    const { client, kernel } = this;
    const { code, announces, ends, isOver, cleanUp, keeps } = KINDS[kind];
    client.received.length = 0;

    const id = client.send('execute_request', executeContent(code));
    const queued = isQueued ? client.send('execute_request', executeContent('counted = NaN')) : undefined;
    await client.output(id, announces ? 'stream' : 'execute_input', PATIENCE_MS);
    await new Promise((resolve) => setTimeout(resolve, delayMs));

    const sent = performance.now();
    let request: string | undefined;
    if (by === 'SIGINT') process.kill(kernel.pid, 'SIGINT');
    else request = client.send('interrupt_request', {}, { channel: 'control' });
    const cell = await client.finish(id, PATIENCE_MS);
    const stopped = isOver ? await client.output(id, 'error', PATIENCE_MS) : await client.idle(id);
    const latency = stopped.at - sent;
    if (request !== undefined) await client.reply(request, PATIENCE_MS);

    const isInterrupted = isOver ? stopped.content.ename === 'KeyboardInterrupt' : wasInterrupted(cell);
    if (!isInterrupted && !(ends && cell.reply.status === 'ok'))
      throw new Error(`the cell ended with ${JSON.stringify(cell.reply).slice(0, 300)}`);
    if (queued !== undefined) {
      const { reply } = await client.finish(queued, PATIENCE_MS);
      if (reply.status !== 'aborted') throw new Error(`the queued cell ended with ${String(reply.status)}`);
    }
    await this.#checkNext();
    if (keeps !== undefined && isInterrupted) {
      const { result } = await client.execute(keeps, {}, PATIENCE_MS);
      if (result !== 'true') throw new Error(`${keeps} is ${String(result)} afterwards`);
    }
    if (cleanUp !== undefined) await client.execute(cleanUp, {}, PATIENCE_MS);

    const strays = client.received.filter(({ type, parent }) => type === 'error' && parent.msg_id !== id);
    if (strays.length > 0)
      throw new Error(`an error came to another cell: ${JSON.stringify(strays[0].content)}`);
    return isInterrupted ? latency : undefined;
  }

  /** The next cell runs, its output is its own, and it sees the variables as they were. */
  async #checkNext(): Promise<void> {
    this.#counted++;
    const next = await this.client.execute('console.log("alive"); ++counted', {}, PATIENCE_MS);
    if (next.reply.status !== 'ok' || next.stdout !== 'alive\n' || next.result !== String(this.#counted))
      throw new Error(
        `the next cell printed ${JSON.stringify(next.stdout)}, gave ${String(next.result)} instead of ` +
          `${this.#counted}, and ended with ${JSON.stringify(next.reply).slice(0, 300)}`,
      );
  }
}

/** Whether both the reply and the outputs say so. */
function wasInterrupted({ reply, outputs }: Cell): boolean {
  const errors = outputs.filter(({ type }) => type === 'error');
  return (
    reply.status === 'error' &&
    reply.ename === 'KeyboardInterrupt' &&
    errors.length === 1 &&
    errors[0].content.ename === 'KeyboardInterrupt'
  );
}
