/** A kernel in memory, with the test on both of its ends. */
import { Kernel, type KernelOptions } from '../../../kernel/dispatch/index.js';
import { FakeSession } from './fake-session.js';
import { MemoryTransport } from './memory-transport.js';

export interface TestKernel {
  readonly kernel: Kernel;
  readonly transport: MemoryTransport;
  readonly session: FakeSession;
  readonly log: string[];
  readonly ended: boolean[];
}

export async function makeKernel(options: Partial<KernelOptions> = {}): Promise<TestKernel> {
  const transport = new MemoryTransport();
  const log: string[] = [];
  const ended: boolean[] = [];
  const session = await new Promise<{ kernel: Kernel; session: FakeSession }>((resolve) => {
    const kernel = new Kernel({
      transport,
      startSession: (events) => {
        const session = new FakeSession(events);
        setImmediate(() => resolve({ kernel, session }));
        return session;
      },
      isComplete: () => ({ status: 'complete' }),
      version: '1.2.3',
      log: (text) => log.push(text),
      ended: (restart) => ended.push(restart),
      ...options,
    });
    void kernel.start();
  });
  return { ...session, transport, log, ended };
}
