/**
 * `@jupyterlab/services` tells the browser's console about its connection, and in Node that is the terminal, where
 * it would be mixed with the notebook's output. There is no setting for it, so its lines, and only its, are dropped
 * while a client of it is in use.
 */
const ITS_LINES =
  /^(Starting WebSocket: |Kernel: |Connection lost, reconnecting in |The kernel ".*" does not exist)/;

let users = 0;
const original = { debug: console.debug, warn: console.warn };

/** Starts dropping; call what it returns when the client is no longer in use. */
export function quietServices(): () => void {
  if (users++ === 0) {
    original.debug = console.debug;
    original.warn = console.warn;
    console.debug = without(console.debug);
    console.warn = without(console.warn);
  }
  let inUse = true;
  return () => {
    if (!inUse) return;
    inUse = false;
    if (--users === 0) Object.assign(console, original);
  };
}

type Log = (...data: unknown[]) => void;

const without =
  (log: Log): Log =>
  (...data) => {
    if (typeof data[0] !== 'string' || !ITS_LINES.test(data[0])) log.apply(console, data);
  };
