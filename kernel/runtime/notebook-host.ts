/** Shows things by sending them to the kernel process, under the execution that the code belongs to. */
import type { DisplayHost, DisplayMessage, Payload } from '../display/host.js';
import { beforeOutput, currentExecution } from './executions.js';
import type { Outlet } from './outlet.js';

export class NotebookHost implements DisplayHost {
  readonly kind = 'notebook';

  constructor(private readonly outlet: Outlet) {}

  send(message: DisplayMessage): void {
    if (!message.update) beforeOutput(currentExecution());
    this.outlet.send({ type: 'display', id: currentExecution()?.id ?? null, ...message });
  }

  clearOutput(wait: boolean): void {
    this.outlet.send({ type: 'clear_output', id: currentExecution()?.id ?? null, wait });
  }

  payload(payload: Payload): void {
    const execution = currentExecution();
    if (execution?.ended === false) execution.payload.push(payload);
  }

  execution(): { readonly id: number; readonly ended: boolean } | null {
    return currentExecution() ?? null;
  }

  beforeOutput(callback: () => void): void {
    const execution = currentExecution();
    if (execution?.ended === false) execution.beforeOutput.push(callback);
  }

  atCellEnd(callback: () => void | Promise<void>): void {
    const execution = currentExecution();
    if (execution && !execution.ended) execution.atEnd.push(callback);
    // The cell is over: what a timer of it shows now is finished at once.
    else queueMicrotask(() => void callback());
  }
}
