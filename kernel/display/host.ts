/**
 * The one place through which anything is shown. In a notebook the user process installs a host that writes frames
 * to the kernel process; in a plain script the default host prints the text representation.
 */
import type { MimeBundle, MimeMetadata } from './mime.js';

export interface DisplayMessage {
  data: MimeBundle;
  metadata: MimeMetadata;
  /** Given: the display can be updated in place later. */
  displayId?: string;
  /** Replace the content of every display with this id instead of adding one. */
  update: boolean;
}

/** Something for the frontend to do when the cell has ended. */
export type Payload =
  | { source: 'page'; data: MimeBundle; start: number }
  | { source: 'set_next_input'; text: string; replace: boolean };

export interface DisplayHost {
  /** `notebook`: rich outputs are seen, updates replace in place. `text`: only text/plain is seen. */
  readonly kind: 'notebook' | 'text';
  /** Sends at once, also from inside a synchronous loop. */
  send(message: DisplayMessage): void;
  clearOutput(wait: boolean): void;
  /** Runs `callback` once when the current cell has ended in any way (or at exit, in a script). */
  atCellEnd(callback: () => void | Promise<void>): void;
  /** Runs `callback` once right before the next thing that the current cell prints or shows. Not where nothing is placed. */
  beforeOutput?(callback: () => void): void;
  /** Goes out with the reply of the cell. */
  payload?(payload: Payload): void;
  /** The execution that the calling code belongs to: of the cell that runs, or of one that has left a timer behind. */
  execution?(): { readonly id: number; readonly ended: boolean } | null;
}

let atExit: (() => void | Promise<void>)[] | null = null;

const textHost: DisplayHost = {
  kind: 'text',
  send: ({ data, update }) => {
    const text = data['text/plain'];
    if (!update && typeof text === 'string') process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  },
  clearOutput: () => undefined,
  atCellEnd: (callback) => {
    if (atExit !== null) return void atExit.push(callback);
    atExit = [callback];
    process.once('beforeExit', () => {
      const callbacks = atExit ?? [];
      atExit = null;
      for (const each of callbacks) void each();
    });
  },
};

let current: DisplayHost = textHost;

/** The host that is in force. */
export function displayHost(): DisplayHost {
  return current;
}

/** Installs a host (the user process does so before the first cell); returns the one it replaces. */
export function setDisplayHost(host: DisplayHost): DisplayHost {
  const previous = current;
  current = host;
  return previous;
}
