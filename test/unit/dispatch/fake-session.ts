/** A session without a user process: a test decides what each cell does. */
import type { ExecutionId, ExecutionOutcome, OutputFrame } from '../../../kernel/runtime/frames.js';
import type { ExecuteRequest, Session, SessionEvents, ValueInfo } from '../../../kernel/session/session.js';

export interface FakeCell {
  readonly id: ExecutionId;
  readonly request: ExecuteRequest;
  output(frame: OutputFrame): void;
  print(text: string, name?: 'stdout' | 'stderr'): void;
  finish(outcome?: Partial<Extract<ExecutionOutcome, { status: 'ok' }>>): void;
  fail(ename: string, evalue?: string): void;
}

export class FakeSession implements Session {
  readonly cells: FakeCell[] = [];
  readonly answers: { id: ExecutionId; value: string }[] = [];
  interrupts = 0;
  isShutDown = false;
  values: Record<string, ValueInfo> = {};
  look?: (path: readonly string[]) => Promise<ValueInfo | null> = (path) =>
    Promise.resolve(this.values[path.join('.')] ?? null);
  #ids = 0;
  #running: FakeCell | null = null;
  #watchers: (() => void)[] = [];

  constructor(readonly events: SessionEvents) {}

  reserve(): ExecutionId {
    return ++this.#ids;
  }

  execute(id: ExecutionId, request: ExecuteRequest): Promise<ExecutionOutcome> {
    if (this.#running) throw new Error('two cells at a time');
    return new Promise((resolve) => {
      const end = (outcome: ExecutionOutcome) => {
        this.#running = null;
        resolve(outcome);
      };
      const cell: FakeCell = {
        id,
        request,
        output: (frame) => this.events.output(frame),
        print: (text, name = 'stdout') => this.events.output({ type: 'stream', id, name, text }),
        finish: (outcome) => end({ status: 'ok', userExpressions: {}, payload: [], ...outcome }),
        fail: (ename, evalue = '') => {
          const report = { ename, evalue, traceback: [`${ename}: ${evalue}`] };
          this.events.output({ type: 'error', id, ...report });
          end({ status: 'error', ...report });
        },
      };
      this.#running = cell;
      this.cells.push(cell);
      const watchers = this.#watchers;
      this.#watchers = [];
      for (const notify of watchers) notify();
    });
  }

  /** The nth cell that runs (from 0), once it does. */
  async cell(index: number): Promise<FakeCell> {
    while (this.cells.length <= index) await new Promise<void>((resolve) => this.#watchers.push(resolve));
    return this.cells[index];
  }

  interrupt(): Promise<void> {
    this.interrupts++;
    this.#running?.fail('KeyboardInterrupt');
    return Promise.resolve();
  }

  inputReply(id: ExecutionId, value: string): void {
    this.answers.push({ id, value });
  }

  shutdown(): Promise<void> {
    this.isShutDown = true;
    return Promise.resolve();
  }
}
