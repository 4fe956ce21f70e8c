/** Gives each output of the user process its parent, also long after the cell that caused it has ended. */
import type { Header } from '../protocol/message.js';
import type { Output } from '../protocol/output.js';
import type { ExecutionId, OutputFrame } from '../runtime/frames.js';
import type { CommRegistry } from './comms.js';
import type { Mailbox } from './mailbox.js';
import { OutputQueue, type Clock, type Pacing } from './output-queue.js';

/** How many executions are remembered, for outputs that come late. */
const REMEMBERED = 4096;

/** What is known of an execution. */
export interface ExecutionRecord {
  readonly parent: Header;
  /** A silent cell shows nothing. */
  readonly silent: boolean;
  /** Whether the error that ended it has been shown. */
  errorShown: boolean;
  /** The text of its result, for the history. */
  resultText: string | null;
}

export class Outputs {
  readonly #queue: OutputQueue;
  readonly #comms: CommRegistry;
  readonly #records = new Map<ExecutionId, ExecutionRecord>();
  #latest: ExecutionRecord | null = null;

  constructor(mailbox: Mailbox, comms: CommRegistry, clock?: Clock, pacing?: Pacing) {
    this.#comms = comms;
    this.#queue = new OutputQueue(
      ({ output, parent, metadata, buffers }) => {
        mailbox.publish(output, parent, { metadata, buffers });
      },
      clock,
      pacing,
    );
  }

  /** From now on what `id` shows belongs to the request with this header. */
  begin(id: ExecutionId, parent: Header, silent: boolean): ExecutionRecord {
    const record = { parent, silent, errorShown: false, resultText: null };
    this.#latest = record;
    this.#records.set(id, record);
    if (this.#records.size > REMEMBERED) {
      for (const oldest of this.#records.keys()) {
        this.#records.delete(oldest);
        break;
      }
    }
    return record;
  }

  accept(frame: OutputFrame): void {
    // What cannot be told goes to the latest cell: a person looks there.
    const record = frame.id === null ? this.#latest : (this.#records.get(frame.id) ?? this.#latest);
    if (frame.type === 'error' && record) record.errorShown = true;
    if (frame.type === 'result' && record) record.resultText = plainText(frame.data);
    if (record?.silent && frame.type !== 'comm') return;
    const rest = frame.type === 'comm' ? { metadata: frame.metadata, buffers: frame.buffers } : {};
    const output = this.#translate(frame);
    this.#queue.push({ execution: frame.id, parent: record?.parent ?? null, output, ...rest });
  }

  /** Resolves when all that waits may go out, or when the signal comes. */
  drained(signal: AbortSignal): Promise<void> {
    return this.#queue.drained(signal);
  }

  /** Sends what waits: to be called before a reply. */
  flush(): void {
    this.#queue.flush();
  }

  #translate(frame: OutputFrame): Output {
    switch (frame.type) {
      case 'stream':
        return { type: 'stream', content: { name: frame.name, text: frame.text } };
      case 'display':
        return {
          type: frame.update ? 'update_display_data' : 'display_data',
          content: {
            data: frame.data,
            metadata: frame.metadata,
            transient: frame.displayId === undefined ? {} : { display_id: frame.displayId },
          },
        };
      case 'result':
        return {
          type: 'execute_result',
          content: { execution_count: frame.count, data: frame.data, metadata: frame.metadata },
        };
      case 'error':
        return {
          type: 'error',
          content: { ename: frame.ename, evalue: frame.evalue, traceback: frame.traceback },
        };
      case 'clear_output':
        return { type: 'clear_output', content: { wait: frame.wait } };
      case 'comm':
        return this.#comms.fromUser(frame);
    }
  }
}

function plainText(data: Record<string, unknown>): string | null {
  const text = data['text/plain'];
  return typeof text === 'string' ? text : null;
}
