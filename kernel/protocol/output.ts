/** What the kernel publishes on IOPub. */
import type { MimeBundle, MimeMetadata } from '../display/mime.js';
import type { CommMessages } from './comm.js';
import type { DebugEvent } from './debug.js';
import type { ShutdownReply } from './lifecycle.js';
import type { ErrorContent } from './reply.js';

export type ExecutionState = 'starting' | 'busy' | 'idle' | 'restarting' | 'dead';

interface DisplayData {
  data: MimeBundle;
  metadata: MimeMetadata;
  /** Always an object: nbclient does not survive null. */
  transient: { display_id?: string };
}

/** The content of each message type on IOPub. */
export interface OutputContents extends CommMessages {
  status: { execution_state: ExecutionState };
  execute_input: { code: string; execution_count: number };
  stream: { name: 'stdout' | 'stderr'; text: string };
  display_data: DisplayData;
  update_display_data: DisplayData;
  execute_result: { execution_count: number; data: MimeBundle; metadata: MimeMetadata };
  error: ErrorContent;
  clear_output: { wait: boolean };
  debug_event: DebugEvent;
  /** Greets a subscriber with the topic it subscribed to (JEP 65). */
  iopub_welcome: { subscription: string };
  /** Tells every client that somebody ended the kernel. */
  shutdown_reply: ShutdownReply;
}

/** A message on IOPub: its type decides its content. */
export type Output = {
  [Type in keyof OutputContents]: { type: Type; content: OutputContents[Type] };
}[keyof OutputContents];
