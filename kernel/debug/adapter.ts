/**
 * The debugger: answers the requests of the Debug Adapter Protocol, and of what Jupyter adds to it, with V8's inspector in
 * the user process. One session for all frontends of a kernel. Costs nothing before `initialize`.
 */
import { readFile } from 'node:fs/promises';
import type { DebugReply, DebugRequest } from '../protocol/debug.js';
import { Fields } from '../protocol/fields.js';
import { isJsonObject } from '../protocol/json.js';
import type { DebugTarget } from '../session/session.js';
import { Breakpoints } from './breakpoints.js';
import { ask, GROUP, HOOKS, send, type Paused } from './cdp.js';
import { RequestFailed, THREAD, type DebugEvent, type SourceBreakpoint } from './dap.js';
import { Evaluator } from './evaluate.js';
import { Frames, type Frame } from './frames.js';
import { CELL_PATHS, cellPath, Scripts } from './scripts.js';
import { Stops, type ExceptionFilter } from './stops.js';
import { Variables } from './variables.js';

type Handler = (args: Fields) => object | Promise<object>;

const FILTERS: { filter: ExceptionFilter; label: string; description: string }[] = [
  {
    filter: 'all',
    label: 'All exceptions',
    description: 'Pause where an exception is thrown, caught or not',
  },
  {
    filter: 'uncaught',
    label: 'Uncaught exceptions',
    description: 'Pause where an exception is thrown that no code of yours catches',
  },
];

const CAPABILITIES = {
  supportsConfigurationDoneRequest: true,
  supportsConditionalBreakpoints: true,
  supportsHitConditionalBreakpoints: true,
  supportsLogPoints: true,
  supportsEvaluateForHovers: true,
  supportsSetVariable: true,
  supportsExceptionInfoRequest: true,
  supportsDelayedStackTraceLoading: true,
  supportsModulesRequest: true,
  exceptionBreakpointFilters: FILTERS,
};

/** What can be asked for before a frontend has attached. */
const ALWAYS = new Set([
  'initialize',
  'attach',
  'debugInfo',
  'disconnect',
  'inspectVariables',
  'richInspectVariables',
  'variables',
  'modules',
]);

export class DebugAdapter {
  readonly #target: DebugTarget;
  readonly #emit: (event: DebugEvent) => void;
  readonly #scripts: Scripts;
  readonly #breakpoints: Breakpoints;
  readonly #variables: Variables;
  readonly #frames: Frames;
  readonly #stops: Stops;
  readonly #evaluator: Evaluator;
  #isStarted = false;
  /** To the user process that is there now. */
  #isAttached = false;
  readonly #cells = new Map<string, string>();
  /** Events are handled one after the other, as they came. */
  #events: Promise<void> = Promise.resolve();
  #seq = 0;

  constructor(target: DebugTarget, emit: (event: DebugEvent) => void, log: (text: string) => void) {
    this.#target = target;
    this.#emit = emit;
    this.#scripts = new Scripts(target);
    this.#breakpoints = new Breakpoints(target, this.#scripts);
    this.#variables = new Variables(target);
    this.#frames = new Frames(target, this.#scripts, this.#variables);
    this.#stops = new Stops({
      target,
      scripts: this.#scripts,
      breakpoints: this.#breakpoints,
      frames: this.#frames,
      variables: this.#variables,
      emit,
    });
    this.#evaluator = new Evaluator(target);
    target.listen({
      event: (method, params) => {
        if (method === 'Debugger.scriptParsed') {
          const { scriptId, url } = params as { scriptId: string; url: string };
          this.#stops.scriptParsed(scriptId, url);
          return;
        }
        this.#events = this.#events
          .then(() => this.#event(method, params))
          .catch((error: unknown) => log(`${method}: ${String(error)}`));
      },
      script: (file) => this.#stops.scriptReady(file),
      ended: () => this.#processEnded(),
    });
  }

  async handle(request: DebugRequest): Promise<DebugReply> {
    const { seq, command } = request;
    const reply = (rest: Pick<DebugReply, 'success' | 'body' | 'message'>): DebugReply => ({
      status: 'ok',
      type: 'response',
      seq: ++this.#seq,
      request_seq: seq,
      command,
      ...rest,
    });
    try {
      const handler = Object.hasOwn(this.#handlers, command) ? this.#handlers[command] : undefined;
      if (!handler) throw new RequestFailed(`${command}: this debugger knows no such request`);
      if (!this.#isStarted && !ALWAYS.has(command))
        throw new RequestFailed(
          `${command}: the debugger has not been started; send initialize and attach first`,
        );
      if (this.#isStarted && !this.#isAttached) await this.#attach();
      const body = await handler(new Fields(command, request.arguments));
      return reply({ success: true, body });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return reply({ success: false, message, body: {} });
    }
  }

  readonly #handlers: Readonly<Record<string, Handler>> = {
    initialize: (args) => {
      this.#variables.naming = args.raw('clientID') === 'jupyterlab' ? 'jupyterlab' : 'typescript';
      this.#isStarted = true;
      return CAPABILITIES;
    },
    attach: async () => {
      this.#isStarted = true;
      await this.#attach();
      this.#emit({ type: 'event', event: 'initialized', body: {} });
      return {};
    },
    disconnect: () => {
      this.#disconnect();
      return {};
    },
    configurationDone: () => ({}),
    debugInfo: () => ({
      isStarted: this.#isStarted,
      ...CELL_PATHS,
      breakpoints: this.#breakpoints.list(),
      stoppedThreads: this.#stops.isStopped ? [THREAD] : [],
      richRendering: true,
      exceptionPaths: [],
      copyToGlobals: true,
    }),
    dumpCell: (args) => {
      const code = args.string('code');
      const sourcePath = cellPath(code);
      this.#cells.set(sourcePath, code);
      return { sourcePath };
    },
    source: async (args) => {
      const source = args.object('source', {});
      const path = new Fields('source', source).string('path');
      const content = await this.#sourceText(path);
      if (content === undefined) throw new RequestFailed(`source: there is no text of '${path}'`);
      return { content, mimeType: 'text/typescript' };
    },
    modules: async () => {
      const files = (await ask(this.#target, `${HOOKS}.modules()`)) as string[];
      const modules = files.map((path, id) => ({ id, name: path.replace(/^.*[\\/]/, ''), path }));
      return { modules, totalModules: modules.length };
    },
    setBreakpoints: async (args) => {
      const path = new Fields('setBreakpoints', args.object('source')).string('path');
      const breakpoints = await this.#breakpoints.replace(path, asked(args));
      this.#stops.updateMode();
      return { breakpoints };
    },
    setExceptionBreakpoints: async (args) => {
      const given = args.raw('filters');
      const names: unknown[] = Array.isArray(given) ? given : [];
      const filters = FILTERS.map(({ filter }) => filter).filter((filter) => names.includes(filter));
      await this.#stops.filterExceptions(filters);
      return {};
    },
    threads: () => ({ threads: [{ id: THREAD, name: 'main' }] }),
    stackTrace: (args) => {
      const all = this.#frames.all.map(({ shown }) => shown);
      const start = args.integer('startFrame', 0);
      const levels = args.integer('levels', 0) || all.length;
      return { stackFrames: all.slice(start, start + levels), totalFrames: all.length };
    },
    scopes: (args) => ({ scopes: this.#frames.scopes(this.#frame(args)) }),
    variables: async (args) => {
      const reference = args.integer('variablesReference');
      const filter = args.optionalString('filter');
      const page = { start: args.optionalInteger('start'), count: args.optionalInteger('count'), filter };
      const variables = await this.#variables.get(reference, page);
      if (!variables) throw new RequestFailed(`variables: ${reference} is from before the program went on`);
      return { variables };
    },
    setVariable: async (args) => {
      const frame = this.#frames.all.at(0);
      if (!frame) throw new RequestFailed('setVariable: nothing stands still');
      const value = await this.#evaluator.assign(frame, args.string('name'), args.string('value'));
      this.#frames.changed(false);
      const { value: text, type, variablesReference } = await this.#variables.describeOne(value);
      return { value: text, type, variablesReference };
    },
    evaluate: async (args) => {
      const expression = args.string('expression');
      const frame = args.has('frameId') ? this.#frame(args) : undefined;
      const isHover = args.optionalString('context') === 'hover';
      const value = frame
        ? await this.#evaluator.inFrame(frame, expression, { isHover })
        : await this.#evaluator.atTopLevel(expression);
      if (frame && !isHover) this.#frames.changed(this.#variables.naming === 'jupyterlab');
      const { value: result, ...rest } = await this.#variables.describeOne(value, expression);
      return { result, type: rest.type, variablesReference: rest.variablesReference };
    },
    exceptionInfo: () => {
      const { thrown } = this.#stops;
      if (!thrown) throw new RequestFailed('exceptionInfo: the program does not stand at an exception');
      const { name, text, isCaught } = thrown;
      return { exceptionId: name, description: text, breakMode: isCaught ? 'always' : 'unhandled' };
    },
    continue: async () => {
      await this.#stops.goOn();
      return { allThreadsContinued: true };
    },
    next: () => this.#step('next'),
    stepIn: () => this.#step('stepIn'),
    stepOut: () => this.#step('stepOut'),
    pause: async () => {
      await this.#stops.pause();
      return {};
    },
    inspectVariables: async () => {
      if (!this.#stops.isStopped) {
        // Those of the last time are not asked for any more.
        this.#variables.clear();
        await send(this.#target, 'Runtime.releaseObjectGroup', { objectGroup: GROUP });
      }
      return { variables: await this.#frames.globals() };
    },
    richInspectVariables: async (args) => {
      const name = args.string('variableName');
      // `[100 … 199]` and `(return value)` are no names.
      if (!/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)) return { data: {}, metadata: {} };
      const frame = this.#stops.isStopped && args.has('frameId') ? this.#frame(args) : this.#frames.all.at(0);
      const { data, metadata } = await this.#evaluator.rich(frame, name);
      return { data, metadata };
    },
    copyToGlobals: async (args) => {
      const [from, to] = [args.string('srcVariableName'), args.string('dstVariableName')];
      const frame = this.#frames.get(args.integer('srcFrameId'));
      if (!frame) throw new RequestFailed('copyToGlobals: there is no such frame');
      await this.#evaluator.define(frame, to, from);
      const value = await this.#evaluator.inFrame(frame, to);
      const { value: text, type, variablesReference } = await this.#variables.describeOne(value, to);
      return { value: text, type, variablesReference };
    },
  };

  async #step(step: 'next' | 'stepIn' | 'stepOut'): Promise<object> {
    await this.#stops.goOn(step);
    return {};
  }

  #frame(args: Fields): Frame {
    const id = args.integer('frameId');
    const frame = this.#frames.get(id);
    if (!frame) throw new RequestFailed(`there is no frame ${id}: the program has gone on`);
    return frame;
  }

  async #attach(): Promise<void> {
    if (this.#isAttached) return;
    this.#isAttached = true;
    try {
      this.#stops.updateMode();
      await send(this.#target, 'Debugger.enable');
      await this.#stops.begin();
    } catch (error) {
      this.#isAttached = false;
      throw error;
    }
  }

  #disconnect(): void {
    const wasStarted = this.#isStarted;
    this.#isStarted = false;
    this.#isAttached = false;
    this.#target.setMode({ isAttached: false, seesScripts: false, seesExceptions: false });
    this.#forget();
    this.#breakpoints.clear();
    this.#stops.forgetFilters();
    this.#cells.clear();
    if (wasStarted) this.#emit({ type: 'event', event: 'terminated', body: {} });
  }

  /** What the person wants stays, and holds in the next process. */
  #processEnded(): void {
    this.#isAttached = false;
    this.#forget();
    this.#breakpoints.scriptsGone();
    // Without a process it is tried again with the next request.
    if (this.#isStarted) void this.#attach().catch(() => undefined);
  }

  #forget(): void {
    this.#stops.end();
    this.#scripts.clear();
    this.#frames.clear();
    this.#variables.clear();
  }

  async #event(method: string, params: object): Promise<void> {
    if (!this.#isAttached) return;
    if (method === 'Debugger.paused') await this.#stops.paused(params as Paused);
    else if (method === 'Debugger.resumed') this.#stops.resumed();
  }

  async #sourceText(path: string): Promise<string | undefined> {
    const dumped = this.#cells.get(path);
    if (dumped !== undefined) return dumped;
    const script = (await this.#scripts.withPath(path)).at(0);
    return script ? script.source : readFile(path, 'utf8').catch(() => undefined);
  }
}

function asked(args: Fields): SourceBreakpoint[] {
  const given = args.raw('breakpoints');
  const list: unknown[] = Array.isArray(given) ? given : [];
  return list.filter(isJsonObject).map((each) => {
    const fields = new Fields('setBreakpoints', each);
    return {
      line: fields.integer('line'),
      condition: fields.optionalString('condition'),
      hitCondition: fields.optionalString('hitCondition'),
      logMessage: fields.optionalString('logMessage'),
    };
  });
}
