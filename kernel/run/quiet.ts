/**
 * `@jupyterlab/services` tells the browser's console about its connection, and in Node that is the terminal, where
 * it would be mixed with the notebook's output. There is no setting for it, so its lines, and only its, are dropped
 * while a client of it is in use.
 */
const ITS_LINES =
  /^(Starting WebSocket: |Kernel: |Connection lost, reconnecting in |The kernel ".*" does not exist|Traceback \(most recent call last\))/;

/** Where it reads the bodies of answers; those that are no JSON it tells as errors. */
const ITS_READING = 'ResponseError.create';

let users = 0;
const original = { debug: console.debug, warn: console.warn, error: console.error };

/** Starts dropping; call what it returns when the client is no longer in use. */
export function quietServices(): () => void {
  if (users++ === 0) {
    original.debug = console.debug;
    original.warn = console.warn;
    original.error = console.error;
    console.debug = without(console.debug);
    console.warn = without(console.warn);
    console.error = without(console.error);
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
    const [said] = data;
    const itsOwn =
      typeof said === 'string'
        ? ITS_LINES.test(said)
        : said instanceof SyntaxError && (said.stack?.includes(ITS_READING) ?? false);
    if (!itsOwn) log.apply(console, data);
  };
