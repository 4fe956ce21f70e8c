/** Starts the watchdog thread. It takes as long as everything else together, so it is started before anything else is loaded. */
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { SHARED_BYTES, type WatchdogData } from './link.js';

/** The main thread's side of the watchdog. */
export interface WatchdogThread {
  control: MessagePort;
  inputs: MessagePort;
  states: MessagePort;
  shared: SharedArrayBuffer;
}

export function startWatchdog(script: string): WatchdogThread {
  const shared = new SharedArrayBuffer(SHARED_BYTES);
  const control = new MessageChannel();
  const inputs = new MessageChannel();
  const states = new MessageChannel();
  const workerData: WatchdogData = {
    port: control.port2,
    inputPort: inputs.port2,
    statePort: states.port2,
    shared,
  };
  const watchdog = new Worker(script, {
    workerData,
    transferList: [control.port2, inputs.port2, states.port2],
    execArgv: [],
    // It prints nothing, and piping its streams to those of this thread would load all that these need.
    stdout: true,
    stderr: true,
    trackUnmanagedFds: false,
  });
  watchdog.unref();
  inputs.port1.unref();
  return { control: control.port1, inputs: inputs.port1, states: states.port1, shared };
}
