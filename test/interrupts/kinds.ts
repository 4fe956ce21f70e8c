/** What a cell can be at when it is interrupted. */
export interface Kind {
  readonly code: string;
  /** It prints `in` when there is something to interrupt; the others are interrupted at any moment of their life. */
  readonly announces?: true;
  /** It ends by itself after a few milliseconds: the interrupt may come too late, and must then stop nothing else. */
  readonly ends?: true;
  /** The cell has ended by then, and what it left behind is interrupted. */
  readonly isOver?: true;
  /** Ends what the cell leaves running, as its interrupt must not. */
  readonly cleanUp?: string;
  /** An expression that is true after the interrupt: what the cell had computed is there, and what it used works. */
  readonly keeps?: string;
}

const NEVER = 'await new Promise(() => {})';
const LOOP = 'for (;;) {}';
/** Kernels, their scratch memory and the allocator. */
const CORE_WORKS = `(() => {
  const a = arange(60_000).reshape([200, 300]).to('float64'), sums = a.sum(1), ones = full([300, 1], 1, { dtype: 'float64' });
  return a.matmul(ones).reshape([200]).sub(sums).abs().max().item() === 0 && memory().allocated >= 0;
})()`;

function moduleFile(name: string, text: string): string {
  return `require('fs').writeFileSync(${JSON.stringify(name)}, ${JSON.stringify(text)});`;
}

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

  // Loops over names that are locals of the cell. What a name held before is not kept, so that a lost value is undefined.
  locals: {
    code: 'let total = 0; console.log("in"); for (let i = 0; ; i++) total += i * 0.5',
    announces: true,
    keeps: 'total >= 0',
  },
  localObjects: {
    code: 'let pair = [0, 0]; console.log("in"); for (let i = 0; ; i++) pair = [i, pair[0]]',
    announces: true,
    keeps: 'pair.length === 2',
  },
  localsInCallback: {
    code: `let steps = 0; while (steps < 7) steps++; console.log("in"); [3, 2, 1].sort(() => { ${LOOP} })`,
    announces: true,
    keeps: 'steps === 7',
  },
  localsAndAwaits: {
    code: 'let waits = 0; console.log("in"); for (;;) { waits += 0.5; await null }',
    announces: true,
    keeps: 'waits >= 0',
  },
  localsAfterAwait: {
    code: 'let sum = 0; console.log("in"); for (;;) { await null; for (let i = 0; i < 1e7; i++) sum += i * 0.5 }',
    announces: true,
    keeps: 'sum >= 0',
  },

  // Modules of the person.
  localModule: {
    code: `${moduleFile('spin.ts', `export function spin(): never { ${LOOP} }`)}
      const { spin } = await import('./spin.ts'); console.log("in"); spin()`,
    announces: true,
  },
  moduleThatSpins: {
    code: `${moduleFile('endless.ts', `console.log("in"); ${LOOP}`)} await import('./endless.ts')`,
    announces: true,
  },

  // WebAssembly.
  wasm: {
    code: `const spinning = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0,
      1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 8, 1, 4, 115, 112, 105, 110, 0, 0, 10, 9, 1, 7, 0, 3, 64, 12, 0, 11, 11])));
      spinning.exports.spin()`,
  },
  bigMatmul: {
    code: 'const big = randn([1200, 1200]); console.log("in"); for (;;) big.matmul(big)',
    announces: true,
    keeps: CORE_WORKS,
  },
  convolution: {
    code: `const image = randn([4, 16, 96, 96]), filters = randn([32, 16, 5, 5]); console.log("in");
      for (;;) F.conv2d(image, filters)`,
    announces: true,
    keeps: CORE_WORKS,
  },

  // Native code.
  bufferSort: { code: 'const bytes = Buffer.alloc(1e7); for (;;) bytes.sort()' },
  regularExpression: { code: '/(a+)+b/.test("a".repeat(40))' },
  atomicsWait: { code: 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)' },
  childProcess: { code: 'require("child_process").execSync("sleep 30")' },
  spawnedChild: {
    code: `const child = require("child_process").spawn("sleep", ["30"]);
      console.log("in"); await new Promise((resolve) => child.on("exit", resolve))`,
    announces: true,
    keeps:
      'child.signalCode !== null || (await new Promise((resolve) => child.on("exit", () => resolve(true))))',
  },
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
  // These come again and again, so that the next cell runs only if the interrupt calls them off.
  spinningInterval: {
    code: `setInterval(() => { console.log("in"); ${LOOP} }, 1); ${NEVER}`,
    announces: true,
  },
  asyncInterval: {
    code: `setInterval(async () => { await null; console.log("in"); ${LOOP} }, 1); ${NEVER}`,
    announces: true,
  },
  timerChain: {
    code: `setTimeout(function next() { setTimeout(next, 1); console.log("in"); ${LOOP} }, 1); ${NEVER}`,
    announces: true,
  },
  endedCellsTimer: {
    code: `setTimeout(function next() { setImmediate(next); console.log("in"); ${LOOP} }, 1)`,
    announces: true,
    isOver: true,
  },
  // These spin so soon that who interrupts them may not know yet that the cell has ended.
  endedCellsImmediate: {
    code: `setImmediate(function next() { setImmediate(next); console.log("in"); ${LOOP} })`,
    announces: true,
    isOver: true,
  },
  endedCellsPromise: {
    code: `void Promise.resolve().then(() => { console.log("in"); ${LOOP} })`,
    announces: true,
    isOver: true,
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
