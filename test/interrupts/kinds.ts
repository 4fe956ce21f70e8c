/** What a cell can be at when it is interrupted. */
export interface Kind {
  readonly code: string;
  /** It prints `in` when there is something to interrupt; the others are interrupted at any moment of their life. */
  readonly announces?: true;
  /** It ends by itself after a few milliseconds: the interrupt may come too late, and must then stop nothing else. */
  readonly ends?: true;
  /** Ends what the cell leaves running, as its interrupt must not. */
  readonly cleanUp?: string;
}

const NEVER = 'await new Promise(() => {})';
const LOOP = 'for (;;) {}';

export const KINDS: Readonly<Record<string, Kind>> = {
  // Code that holds the thread.
  loop: { code: LOOP },
  tryCatch: { code: `for (;;) { try { ${LOOP} } catch {} }` },
  generator: { code: 'function* ones() { for (;;) yield 1 } for (const one of ones()) {}' },
  eval: { code: `eval("${LOOP}")` },
  allocation: {
    code: 'let list = []; for (;;) { list.push(new Array(100)); if (list.length > 1000) list = [] }',
  },

  // Our code called by native code.
  sort: { code: `[3, 2, 1].sort(() => { ${LOOP} })` },
  replacer: { code: `JSON.stringify({ a: 1 }, () => { ${LOOP} })` },
  toJSON: { code: `JSON.stringify({ toJSON() { ${LOOP} } })` },
  getter: { code: `({ get a() { ${LOOP} } }).a` },
  inspectHook: { code: `({ [Symbol.for("nodejs.util.inspect.custom")]() { ${LOOP} } })` },

  // Native code.
  bufferSort: { code: 'const bytes = Buffer.alloc(1e7); for (;;) bytes.sort()' },
  regularExpression: { code: '/(a+)+b/.test("a".repeat(40))' },
  atomicsWait: { code: 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)' },
  childProcess: { code: 'require("child_process").execSync("sleep 30")' },
  tensors: { code: 'const weights = randn([300, 300]); for (;;) weights.matmul(weights)' },
  training: {
    code: 'const w = randn([64, 64], { requiresGrad: true }); for (;;) w.matmul(w).sum().backward()',
  },

  // Waiting.
  await: { code: NEVER },
  sleepingTimer: { code: 'await new Promise((resolve) => setTimeout(resolve, 60_000))' },
  input: { code: 'await input("?")' },
  inputSync: { code: 'inputSync("?")' },
  displayHook: { code: '({ [Symbol.for("Jupyter.display")]: () => new Promise(() => {}) })' },
  finally: { code: `for (;;) { try { ${NEVER} } finally { globalThis.finished = true } }` },

  // After an await.
  afterAwait: { code: `await (async () => { await null; ${LOOP} })()` },
  awaitLoop: { code: 'for (;;) await null' },
  forAwait: { code: 'for await (const one of (async function* () { for (;;) yield 1 })()) {}' },
  turns: {
    code: 'for (;;) { await new Promise((resolve) => setImmediate(resolve)); for (let i = 0; i < 1e5; i++); }',
  },
  files: { code: 'const { stat } = require("fs/promises"); for (;;) await stat("/")' },
  imports: { code: 'for (;;) await import("node:os")' },

  // Queues that never empty.
  microtasks: { code: `function storm() { Promise.resolve().then(storm) } storm(); ${NEVER}` },
  ticks: { code: `process.nextTick(function storm() { process.nextTick(storm) }); ${NEVER}` },

  // Code of the cell that the event loop calls.
  timer: { code: `setTimeout(() => { console.log("in"); ${LOOP} }, 0); ${NEVER}`, announces: true },
  newFunction: {
    code: `setTimeout(new Function('console.log("in"); ${LOOP}'), 0); ${NEVER}`,
    announces: true,
  },
  emitter: {
    code: `const { EventEmitter } = require("events"); const emitter = new EventEmitter();
      emitter.on("event", () => { console.log("in"); ${LOOP} });
      setTimeout(() => emitter.emit("event"), 1); ${NEVER}`,
    announces: true,
  },
  interval: {
    code: `globalThis.ticker = setInterval(() => { for (let i = 0; i < 1e6; i++); }, 1); ${NEVER}`,
    cleanUp: 'clearInterval(globalThis.ticker)',
  },

  // Output.
  print: { code: 'for (;;) console.log("x")' },
  printSome: { code: 'for (let i = 1; ; i++) if (i % 10_000 === 0) console.log("some text", i)' },
  display: { code: 'const shown = display(0); for (let i = 1; ; i++) shown.update(i)' },

  // Cells that may have ended before.
  short: { code: '1 + 1', ends: true },
  shortLoop: { code: 'for (const end = Date.now() + 8; Date.now() < end; );', ends: true },
  shortWait: { code: 'await new Promise((resolve) => setTimeout(resolve, 8))', ends: true },
};
