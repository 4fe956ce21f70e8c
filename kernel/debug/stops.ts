/**
 * What to do when V8 pauses: set the breakpoints of a script that is about to run, go on where no person's code is, or
 * tell the person. And how it goes on.
 */
import type { DebugTarget } from '../session/session.js';
import type { Breakpoints } from './breakpoints.js';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../install/paths.js';
import { HOOKS, send, type CallFrame, type Paused, type RemoteObject } from './cdp.js';
import { RequestFailed, THREAD, type DebugEvent } from './dap.js';
import { Catches } from './exceptions.js';
import type { Frames } from './frames.js';
import type { Scripts } from './scripts.js';
import { valueText } from './values.js';
import type { Variables } from './variables.js';

export type Step = 'next' | 'stepIn' | 'stepOut';
export type ExceptionFilter = 'all' | 'uncaught';

const COMMANDS = {
  next: 'Debugger.stepOver',
  stepIn: 'Debugger.stepInto',
  stepOut: 'Debugger.stepOut',
} as const;

export interface StopParts {
  readonly target: DebugTarget;
  readonly scripts: Scripts;
  readonly breakpoints: Breakpoints;
  readonly frames: Frames;
  readonly variables: Variables;
  readonly emit: (event: DebugEvent) => void;
}

/** An exception that the program stands at. */
export interface Thrown {
  readonly name: string;
  readonly text: string;
  readonly isCaught: boolean;
}

/** How long V8 may take to tell of a script that exists. */
const SCRIPT_MS = 500;

/** Code that nobody steps into: Node's, the kernel's and that of packages. */
const HIDDEN = [
  '^node:',
  '^nabla:scope$',
  `^${escaped(pathToFileURL(path.join(packageRoot(), 'dist')).href)}/`,
  '/node_modules/',
];

export class Stops {
  readonly #parts: StopParts;
  readonly #catches: Catches;
  #isStopped = false;
  #thrown: Thrown | null = null;
  /** What V8 was asked to do; it tells only since Node 22. */
  #expected: Step | 'pause' | null = null;
  #filters: ReadonlySet<ExceptionFilter> = new Set();
  #isHiding = false;
  /** Called when V8 tells of a script. */
  #awaited: (() => void) | undefined;

  constructor(parts: StopParts) {
    this.#parts = parts;
    this.#catches = new Catches(parts.target);
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  get thrown(): Thrown | null {
    return this.#thrown;
  }

  /** Makes a process that has just been attached to behave as wanted. */
  async begin(): Promise<void> {
    this.#isHiding = false;
    this.#expected = null;
    await this.#hide(true);
    await this.filterExceptions([...this.#filters]);
  }

  async filterExceptions(filters: readonly ExceptionFilter[]): Promise<void> {
    this.#filters = new Set(filters);
    const isOn = filters.length > 0;
    this.updateMode();
    // Which of them will be caught V8 does not know.
    await this.#send('Debugger.setPauseOnExceptions', { state: isOn ? 'all' : 'none' });
    if (!this.#isStopped) await this.#hide(!isOn);
  }

  /** Nothing is looked at in vain: without breakpoints and filters cells run as they do without a debugger. */
  updateMode(): void {
    const { target, breakpoints } = this.#parts;
    const seesExceptions = this.#filters.size > 0;
    target.setMode({ isAttached: true, seesScripts: !breakpoints.isEmpty, seesExceptions });
  }

  /** The process is gone, or nobody listens any more. */
  end(): void {
    this.#catches.clear();
    this.#expected = null;
    this.resumed();
  }

  forgetFilters(): void {
    this.#filters = new Set();
  }

  scriptParsed(id: string, url: string): void {
    const { scripts } = this.#parts;
    scripts.add(id, url);
    this.#awaited?.();
  }

  /** Sets the breakpoints of a script that is about to run. */
  async scriptReady(file: string): Promise<void> {
    const { scripts, breakpoints } = this.#parts;
    // V8 tells of the script by another way, which may be the longer one.
    const end = Date.now() + SCRIPT_MS;
    while (scripts.idOf(file) === undefined && Date.now() < end)
      await new Promise<void>((resolve) => {
        this.#awaited = resolve;
        setTimeout(resolve, end - Date.now()).unref();
      });
    this.#awaited = undefined;
    const id = scripts.idOf(file);
    const script = id === undefined ? null : await scripts.load(id);
    if (script) await breakpoints.scriptReady(script);
  }

  async goOn(step?: Step): Promise<void> {
    if (!this.#isStopped)
      throw new RequestFailed('nothing stands still: set a breakpoint, or pause what runs');
    this.#expected = step ?? null;
    await this.#hide(step !== undefined || this.#filters.size === 0);
    await this.#send(step ? COMMANDS[step] : 'Debugger.resume');
  }

  async pause(): Promise<void> {
    if (this.#isStopped) return;
    this.#expected = 'pause';
    await this.#hide(true);
    await this.#send('Debugger.pause');
  }

  resumed(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    this.#thrown = null;
    const { frames, variables, emit } = this.#parts;
    frames.clear();
    variables.clear();
    emit({ type: 'event', event: 'continued', body: { threadId: THREAD, allThreadsContinued: true } });
  }

  async paused(paused: Paused): Promise<void> {
    const { frames, breakpoints } = this.#parts;
    const [top] = paused.callFrames;
    const hit = breakpoints.idsOf(paused.hitBreakpoints ?? []);
    const isException = paused.reason === 'exception' || paused.reason === 'promiseRejection';
    if (isException) {
      const thrown = await this.#exception(paused);
      if (!thrown) {
        await this.#send('Debugger.resume');
        return;
      }
      this.#thrown = thrown;
    } else if (hit.length === 0 && !(await this.#isPersons(top))) {
      await this.#leave(paused.callFrames);
      return;
    }
    await frames.take(paused.callFrames);
    const expected = this.#expected;
    this.#expected = null;
    this.#isStopped = true;
    const isStep = expected !== null && expected !== 'pause';
    const reason = isException
      ? 'exception'
      : hit.length > 0 || expected === null
        ? 'breakpoint'
        : isStep
          ? 'step'
          : 'pause';
    const isStatement = reason === 'breakpoint' && hit.length === 0;
    this.#parts.emit({
      type: 'event',
      event: 'stopped',
      body: {
        reason,
        threadId: THREAD,
        allThreadsStopped: true,
        ...(hit.length > 0 && { hitBreakpointIds: hit }),
        ...(isStatement && { description: 'Paused on a debugger statement' }),
        ...(this.#thrown && { description: 'Paused on an exception', text: this.#thrown.text }),
      },
    });
  }

  /** Whether a frame stands at something that the person has written. */
  async #isPersons({ location }: CallFrame): Promise<boolean> {
    const { scripts } = this.#parts;
    if (scripts.originOf(location.scriptId) !== 'person') return false;
    const script = await scripts.load(location.scriptId);
    return !script || scripts.placeOf(script, location) !== null;
  }

  /** Out of code that is not the person's, to where theirs goes on. */
  async #leave(calls: readonly CallFrame[]): Promise<void> {
    const { scripts } = this.#parts;
    const origins = calls.map(({ location }) => scripts.originOf(location.scriptId));
    const expected = this.#expected;
    if (expected === 'pause') await this.#send('Debugger.stepInto');
    else if (expected === null || !origins.includes('person')) {
      this.#expected = null;
      await this.#send('Debugger.resume');
    } else if (origins[0] === 'person') await this.#send(COMMANDS[expected]);
    else await this.#send('Debugger.stepOut');
  }

  /** Null for an exception that the person does not want to see. */
  async #exception({ callFrames, data }: Paused): Promise<Thrown | null> {
    const { scripts } = this.#parts;
    if (this.#filters.size === 0) return null;
    const origins = callFrames.map(({ location }) => scripts.originOf(location.scriptId));
    const first = origins.indexOf('person');
    if (first === -1) return null;
    const value = data as RemoteObject | undefined;
    // Packages, Node and the kernel throw and catch for their own purposes.
    if (first > 0 && (await this.#catches.catcher(callFrames.slice(0, first))) !== -1) return null;
    const last = origins.lastIndexOf('person');
    const isCaught = (await this.#catches.catcher(callFrames.slice(0, last + 1))) !== -1;
    if (isCaught && !this.#filters.has('all')) return null;
    if (!(await this.#isNew(value))) return null;
    const name = value?.className ?? value?.type ?? 'Error';
    return { name, text: value ? valueText(value) : name, isCaught };
  }

  /** The same error is thrown again where it was awaited. */
  async #isNew(value: RemoteObject | undefined): Promise<boolean> {
    if (value?.objectId === undefined) return true;
    const { result } = await send(this.#parts.target, 'Runtime.callFunctionOn', {
      objectId: value.objectId,
      functionDeclaration: `function () { return ${HOOKS}.isNew(this); }`,
      returnByValue: true,
      silent: true,
    });
    return result.value === true;
  }

  async #hide(isHiding: boolean): Promise<void> {
    if (isHiding === this.#isHiding) return;
    this.#isHiding = isHiding;
    // What a library throws is thrown at the person's line, but V8 says nothing of exceptions in what is hidden.
    await this.#send('Debugger.setBlackboxPatterns', { patterns: isHiding ? HIDDEN : [] });
  }

  async #send(method: Parameters<typeof send>[1], params: object = {}): Promise<void> {
    await send(this.#parts.target, method, params);
  }
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
