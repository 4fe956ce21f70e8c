/**
 * The watchdog thread of the user process: it reads what the kernel process sends, hands it to the main thread, and stops user
 * code there when asked. When the kernel process is gone it ends the whole process group.
 */
import { writeSync } from 'node:fs';
import inspector from 'node:inspector';
import net from 'node:net';
import { workerData } from 'node:worker_threads';
import { DebugPort } from './debug-port.js';
import { encodeFrame, FrameDecoder } from './framing.js';
import {
  CONTROL_FD,
  INPUTS_POSTED,
  REPORT_FD,
  RUNTIME_KEY,
  STATES_POSTED,
  TERMINATE_POSTED,
  type FromMain,
  type InputMessage,
  type ProbeAnswer,
  type ScriptMessage,
  type ToMain,
  type WatchdogData,
} from './link.js';
import { LocalKeeper } from './locals.js';
import { look } from './look.js';
import type { ExecutionId, FromUser, LiveState, LookAnswer, ToUser } from './frames.js';

/** A longer silence of the event loop than this is no waiting for a promise: microtasks keep it from turning. */
const TURN_MS = 60;
const RETRY_MS = 2;
const SIGNAL_MS = 100;
/** A pause for the sake of completion costs the cell about 10 ms. */
const KEEP_EVERY_MS = 200;
const RUNTIME = `globalThis[Symbol.for(${JSON.stringify(RUNTIME_KEY)})]`;

const data: unknown = workerData;
if (!isWatchdogData(data)) throw new Error('watchdog: started without its ports');
const { port, inputPort, statePort, shared } = data;
const flags = new Int32Array(shared);
const session = new inspector.Session();
session.connectToMainThread();

const locals = new LocalKeeper(session);
const debug = new DebugPort(flags, report);
/** Of the cell that runs or has run last. */
let keep: string | undefined;
let lastKept = -Infinity;
/** Interrupts under way. */
let stopping = 0;
let lastSeq = 0;
const sent = new Map<number, ToMain>();
const settling = new Map<number, (reply: FromMain) => void>();

function post(
  message: { type: 'frame'; frame: ToUser } | { type: 'settle'; ticket: number; id: ExecutionId | null },
): void {
  const numbered = { seq: ++lastSeq, ...message };
  sent.set(numbered.seq, numbered);
  // Only what the main thread may not have seen is kept, and it has seen all that came before its last reply.
  if (sent.size > 256) sent.delete(sent.keys().next().value!);
  port.postMessage(numbered);
}

port.on('message', (reply: FromMain | ScriptMessage) => {
  if (reply.type === 'script') {
    report(reply);
    return;
  }
  for (const seq of reply.lost) {
    const message = sent.get(seq);
    if (message) port.postMessage(message);
  }
  settling.get(reply.ticket)?.(reply);
});

function handle(frame: ToUser): void {
  switch (frame.type) {
    case 'interrupt':
      void interrupt(frame.ticket, frame.id).then(() =>
        report({ type: 'interrupt_handled', ticket: frame.ticket }),
      );
      break;
    case 'look':
      void lookAt(frame.path, frame.prefix).then((answer) =>
        report({ type: 'look_reply', request: frame.request, answer }),
      );
      break;
    case 'inspector':
      debug.handle(frame);
      break;
    case 'debug_mode':
      debug.setMode(frame.mode);
      break;
    case 'script_seen':
      debug.scriptSeen(frame.ticket);
      break;
    case 'execute':
      keep = frame.cell.keep;
      lastKept = -Infinity;
      post({ type: 'frame', frame });
      break;
    case 'input_reply': {
      const message: InputMessage = { id: frame.id, value: frame.value };
      inputPort.postMessage(message);
      Atomics.add(flags, INPUTS_POSTED, 1);
      Atomics.notify(flags, INPUTS_POSTED);
      break;
    }
    case 'comm':
      if (frame.live === true) {
        const { commId, data, buffers } = frame;
        const state: LiveState = { commId, data, buffers };
        statePort.postMessage(state);
        Atomics.add(flags, STATES_POSTED, 1);
      }
      post({ type: 'frame', frame });
      break;
    default:
      post({ type: 'frame', frame });
  }
}

/** Variables of a running cell are looked at as they are now. */
async function lookAt(path: readonly string[], prefix: string | null): Promise<LookAnswer | null> {
  if (path.length === 0) {
    const names = await ask(`${RUNTIME}?.names(${JSON.stringify(prefix ?? '')})`);
    return { members: isMembers(names) ? names : [], data: {}, folder: process.cwd() };
  }
  if (debug.isPaused) {
    if (keep !== undefined) await debug.keep(keep);
    // A pause for this purpose could be taken for one of the debugger's, and the other way round.
  } else if (!debug.isAttached && stopping === 0 && performance.now() - lastKept > KEEP_EVERY_MS) {
    const goOn = await keepLocals();
    goOn?.();
    if (goOn) lastKept = performance.now();
  }
  return look(session, path, prefix);
}

/** What the runtime has answered, and not an error in its place. */
function isMembers(names: unknown): names is LookAnswer['members'] {
  return Array.isArray(names);
}

/** What the running cell holds in locals is put where all see it. The cell then stands still until the result is called. */
async function keepLocals(): Promise<(() => void) | undefined> {
  if (keep !== undefined && debug.isPaused) {
    await debug.keep(keep);
    return undefined;
  }
  if (keep === undefined || (await ask(`${RUNTIME}?.inSlice()`)) !== true) return undefined;
  return locals.pause(keep);
}

/** Stops what `id` names, or any user code when it is null; returns when that has happened or there was nothing to stop. */
async function interrupt(ticket: number, id: ExecutionId | null): Promise<void> {
  const first = probe(ticket, id, false);
  // Children of the cell stop too. The question is on its way by then: it comes first when the main thread waits for
  // one. As long as this takes the main thread may be starting another.
  signalChildren();
  const timer = setInterval(signalChildren, SIGNAL_MS);
  stopping++;
  debug.preventPauses();
  await stop(ticket, id, first);
  if (--stopping === 0) debug.allowPauses();
  clearInterval(timer);
}

async function stop(ticket: number, id: ExecutionId | null, first: Promise<ProbeAnswer>): Promise<void> {
  let answer = await first;
  for (;;) {
    if (answer === 'served') return;
    let silent = false;
    if (answer === 'busy') {
      debug.resume();
      await delay(RETRY_MS);
    } else {
      const goOn = answer === 'running' ? await keepLocals() : undefined;
      const terminated = answer === 'running' ? terminate() : Promise.resolve();
      goOn?.();
      // What stands at a breakpoint goes on, into the termination.
      debug.resume();
      const settled = settle(ticket, id);
      // No other question before the termination has come: it would be the one that is terminated.
      await Promise.race([terminated, settled]);
      const reply = await Promise.race([settled, delay(TURN_MS)]);
      if (reply?.served === true) return;
      silent = reply === undefined;
    }
    answer = await probe(ticket, id, silent);
  }
}

async function probe(ticket: number, id: ExecutionId | null, force: boolean): Promise<ProbeAnswer> {
  const value = await ask(`${RUNTIME}?.probe(${ticket}, ${id ?? 'null'}, ${force})`);
  return isProbeAnswer(value) ? value : 'busy';
}

/** Has the main thread evaluate something of ours; undefined when a termination that was still on its way has hit it. */
function ask(expression: string): Promise<unknown> {
  return new Promise((resolve) => {
    session.post('Runtime.evaluate', { expression, silent: true, returnByValue: true }, (error, answer) =>
      resolve(error === null ? answer.result.value : undefined),
    );
  });
}

/** Resolves when the termination has come. That is never when nothing ran any more. */
function terminate(): Promise<void> {
  return new Promise((resolve) => {
    session.post('Runtime.terminateExecution', () => resolve());
    Atomics.add(flags, TERMINATE_POSTED, 1);
    Atomics.notify(flags, TERMINATE_POSTED);
  });
}

/** Asks the main thread to tidy up in a macrotask of its own; resolves with its answer. */
function settle(ticket: number, id: ExecutionId | null): Promise<FromMain> {
  return new Promise((resolve) => {
    settling.set(ticket, (reply) => {
      settling.delete(ticket);
      resolve(reply);
    });
    post({ type: 'settle', ticket, id });
  });
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** SIGINT for the whole group; this process itself ignores it. */
function signalChildren(): void {
  process.kill(-process.pid, 'SIGINT');
}

function report(frame: FromUser): void {
  writeSync(REPORT_FD, encodeFrame(frame));
}

function isProbeAnswer(value: unknown): value is ProbeAnswer {
  return value === 'served' || value === 'busy' || value === 'running' || value === 'waiting';
}

function isWatchdogData(value: unknown): value is WatchdogData {
  return (
    typeof value === 'object' &&
    value !== null &&
    'port' in value &&
    'inputPort' in value &&
    'statePort' in value &&
    'shared' in value
  );
}

const decoder = new FrameDecoder((message) => handle(message as ToUser));
const control = new net.Socket({ fd: CONTROL_FD, readable: true, writable: false });
control.on('data', (chunk: Buffer) => decoder.push(chunk));
const endGroup = (): void => void process.kill(-process.pid, 'SIGKILL');
control.on('end', endGroup);
control.on('close', endGroup);
control.on('error', endGroup);
