/** The user process: evaluates cells on its main thread, with a watchdog thread beside it. */
import { MessageChannel } from 'node:worker_threads';
import { takeOver } from '../boot/handover.js';
import { receiveComm, setCommHost } from '../display/comms.js';
import { unwindLevels } from '../../core/autograd/levels/wrapped.js';
import { unwindGradMode } from '../../core/autograd/mode.js';
import { uninterrupted } from '../../core/uninterrupted.js';
import { settleThreads } from '../../core/kernels/threads/index.js';
import { setDisplayHost } from '../display/host.js';
import { setInputHost } from '../display/input.js';
import { distFile } from '../install/paths.js';
import { cellHelpers } from '../language/context.js';
import { attributeChildOutput } from './child-output.js';
import { NotebookComms } from './comms.js';
import { Evaluator, Executions } from './evaluator.js';
import { installDebugHooks } from './debug-hooks.js';
import { beforeOutput, currentExecution, type Execution } from './executions.js';
import type { ToUser } from './frames.js';
import { Guard } from './guard.js';
import { protectImmediates, setImmediate } from './immediates.js';
import { Inputs } from './inputs.js';
import { LiveStates } from './live-states.js';
import { OUTPUT_FD, type FromMain, type ToMain } from './link.js';
import { installMagics } from './magics/index.js';
import { protectLoading } from './module-loading.js';
import { Modules } from './modules.js';
import { NotebookHost } from './notebook-host.js';
import { Outlet } from './outlet.js';
import { tidyPromises } from './promise-text.js';
import { endProcess, refuseToExit } from './process-exit.js';
import { listenAlways, restoreListeners } from './process-listeners.js';
import { provideLibrary } from './library.js';
import { History } from './scope.js';
import { installStackFormat } from './stacks.js';
import { hideOwnWarnings, installStdio, type WriteText } from './stdio.js';
import { HeapTidier } from './tidy-heap.js';
import { installTimers } from './timers.js';
import { startWatchdog } from './watchdog-thread.js';

/** When the code that the start has compiled is kept for the next start: nobody waits for anything then. */
const SAVE_MS = 5000;
const { setTimeout } = globalThis;

// The kernel process signals the whole group so that children of a cell stop; this process is stopped by its watchdog.
listenAlways('SIGINT', () => undefined);

const begun = takeOver();
const watchdog = begun.watchdog ?? startWatchdog(distFile('kernel/runtime/watchdog.cjs'));

const owner = (): Execution | undefined => currentExecution();
const executions = new Executions(() => owner()?.id ?? null);
const guard = new Guard(watchdog.shared, executions);
const outlet = new Outlet(OUTPUT_FD, guard);
const inputs = new Inputs(watchdog.inputs, watchdog.shared, outlet);

installStackFormat();
installTimers();
protectImmediates(guard);
// Weights are those before an update or after it.
uninterrupted.run = (body) => guard.critical(body);
const writeText: WriteText = (name, text) => {
  const execution = owner();
  beforeOutput(execution);
  outlet.send({ type: 'stream', id: execution?.id ?? null, name, text });
};
installStdio(writeText);
attributeChildOutput(writeText);
setDisplayHost(new NotebookHost(outlet));
setInputHost(inputs);
refuseToExit();
protectLoading(guard);
hideOwnWarnings();
tidyPromises();

const history = new History();
const modules = new Modules(process.cwd(), guard);
installMagics((folder) => modules.moveTo(folder));
installDebugHooks(watchdog.shared, { ...cellHelpers, ...modules.context }, (message) =>
  watchdog.control.postMessage(message),
);
const heap = new HeapTidier();
const evaluator = new Evaluator(guard, executions, outlet, history, modules, (execution) => {
  inputs.forget(execution.id);
  // After the answer: the collection takes as long as some cells.
  setImmediate(() => guard.enter(() => heap.cellEnded()));
});

setCommHost(
  new NotebookComms(outlet, guard, evaluator, new LiveStates(watchdog.states, watchdog.shared, guard)),
);

listenAlways('uncaughtException', (error) => guard.enter(() => evaluator.uncaught(error, owner())));
listenAlways('unhandledRejection', (reason) => guard.enter(() => evaluator.uncaught(reason, owner())));

// Without the library cells still run: the first one says what is wrong with it.
let fault: { error: unknown } | undefined;
const api = import('../api.js')
  .then((library) => {
    provideLibrary(library);
    modules.provide(library);
  })
  .catch((error: unknown) => {
    fault = { error };
  });
let isReady = false;
let received = 0;
const lost = new Set<number>();

watchdog.control.on('message', (message: ToMain) =>
  guard.macrotask(() => {
    for (let seq = received + 1; seq < message.seq; seq++) lost.add(seq);
    received = Math.max(received, message.seq);
    lost.delete(message.seq);
    if (message.type === 'frame') handle(message.frame);
    else {
      settleThreads();
      unwindGradMode();
      unwindLevels();
      const served = evaluator.settle(message.ticket, message.id);
      const reply: FromMain = { type: 'settled', ticket: message.ticket, served, lost: [...lost] };
      watchdog.control.postMessage(reply);
    }
  }),
);

function handle(frame: ToUser): void {
  switch (frame.type) {
    case 'execute':
      // A cell sees the names of the API, and an interrupt of the cell must not hit their loading.
      if (isReady) start(frame);
      else void api.then(() => inTaskOfItsOwn(() => start(frame)));
      break;
    case 'comm': {
      const known = receiveComm(frame);
      outlet.send({ type: 'comm_handled', request: frame.request, known });
      break;
    }
    case 'shutdown':
      process.emit('exit', 0);
      begun.saveCode?.();
      endProcess(0);
      break;
    default:
  }
}

function start(frame: Extract<ToUser, { type: 'execute' }>): void {
  restoreListeners();
  evaluator.start(frame, fault);
  fault = undefined;
}

/** As a message would: not from within a microtask, which others would have to wait for. */
function inTaskOfItsOwn(body: () => void): void {
  const { port1, port2 } = new MessageChannel();
  port1.once('message', () => {
    port1.close();
    guard.enter(body);
  });
  port2.postMessage(null);
}

void api.then(() => {
  isReady = true;
  void import('./tensor-summary.js').then(({ provideTensorSummary }) => provideTensorSummary());
  void import('./function-source.js').then(({ provideFunctionSource }) => provideFunctionSource());
  setTimeout(() => guard.enter(() => begun.saveCode?.()), SAVE_MS).unref();
  outlet.send({ type: 'ready', pid: process.pid, nodeVersion: process.versions.node });
});
