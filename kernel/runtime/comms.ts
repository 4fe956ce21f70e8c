/** Sends what cells put into comms to the kernel process, and runs their handlers as the cells' own code. */
import type { CommHost } from '../display/comms.js';
import type { Evaluator } from './evaluator.js';
import { currentExecution, onBehalfOf } from './executions.js';
import type { CommPacket, LiveState } from './frames.js';
import type { Guard } from './guard.js';
import { setImmediate } from './immediates.js';
import type { LiveStates } from './live-states.js';
import type { Outlet } from './outlet.js';

export class NotebookComms implements CommHost {
  constructor(
    private readonly outlet: Outlet,
    private readonly guard: Guard,
    private readonly evaluator: Pick<Evaluator, 'uncaught' | 'interrupted'>,
    private readonly states: LiveStates,
  ) {}

  takeStates(take: (state: LiveState) => void): void {
    this.states.take(take);
  }

  send(packet: CommPacket): void {
    this.outlet.send({ type: 'comm', id: currentExecution()?.id ?? null, ...packet });
  }

  later(body: () => void): void {
    setImmediate(() => this.guard.enter(body));
  }

  bind<Args extends unknown[]>(handler: (...args: Args) => unknown): (...args: Args) => void {
    const execution = currentExecution();
    return (...args) => {
      const called = execution
        ? onBehalfOf(execution, () => this.guard.run(() => void handler(...args)))
        : this.guard.run(() => void handler(...args));
      // A promise that the handler leaves behind is like any other that a cell does not await.
      if (called.status === 'threw') this.evaluator.uncaught(called.error, execution);
      else if (called.status === 'interrupted') this.evaluator.interrupted(called.error, execution);
    };
  }
}
