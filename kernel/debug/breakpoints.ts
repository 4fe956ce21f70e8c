/** Breakpoints: those that a person has set, by text and line, and what V8 knows of them in each script of the text. */
import { parseExpressionAt } from 'acorn';
import type { DebugTarget } from '../session/session.js';
import { HOOKS, send } from './cdp.js';
import { RequestFailed, type Breakpoint, type SourceBreakpoint } from './dap.js';
import type { Script, Scripts, Stop } from './scripts.js';

interface Wanted extends SourceBreakpoint {
  readonly id: number;
}

export class Breakpoints {
  /** By path. */
  readonly #wanted = new Map<string, Wanted[]>();
  /** Of V8, by script. */
  readonly #set = new Map<string, string[]>();
  /** Ours by V8's. */
  readonly #ours = new Map<string, number>();
  #last = 0;

  constructor(
    private readonly target: DebugTarget,
    private readonly scripts: Scripts,
  ) {}

  /** All forgotten. */
  clear(): void {
    this.#wanted.clear();
    this.scriptsGone();
  }

  /** The process has ended; what the person wants stays. */
  scriptsGone(): void {
    this.#set.clear();
    this.#ours.clear();
  }

  get isEmpty(): boolean {
    return this.#wanted.size === 0;
  }

  list(): { source: string; breakpoints: SourceBreakpoint[] }[] {
    return [...this.#wanted].map(([source, wanted]) => ({
      source,
      breakpoints: wanted.map(({ line, condition, hitCondition, logMessage }) => ({
        line,
        ...(condition !== undefined && { condition }),
        ...(hitCondition !== undefined && { hitCondition }),
        ...(logMessage !== undefined && { logMessage }),
      })),
    }));
  }

  /** Our numbers of the breakpoints that V8 says it has hit. */
  idsOf(hit: readonly string[]): number[] {
    return hit.flatMap((id) => this.#ours.get(id) ?? []);
  }

  /** Replaces the breakpoints of a text. */
  async replace(path: string, asked: readonly SourceBreakpoint[]): Promise<Breakpoint[]> {
    for (const [index, each] of asked.entries()) conditionOf({ ...each, id: index });
    const scripts = await this.scripts.withPath(path);
    for (const script of scripts) await this.#remove(script);
    const wanted = asked.map((each) => ({ ...each, id: ++this.#last }));
    if (wanted.length > 0) this.#wanted.set(path, wanted);
    else this.#wanted.delete(path);
    const answers = wanted.map(({ id, line }): Breakpoint => ({
      id,
      verified: true,
      line,
      source: { path },
    }));
    for (const script of scripts) {
      const found = (await this.#setAll(script, wanted)) ?? [];
      for (const [index, stop] of found.entries()) {
        answers[index].verified = stop !== undefined;
        if (stop) answers[index].line = stop.place.line;
        else answers[index].message = 'There is no code at or after this line.';
      }
    }
    // The next script of the text has them in the same lines, and so do frontends.
    for (const [index, { line }] of answers.entries()) wanted[index].line = line;
    return answers;
  }

  /** A script has been compiled and has not run yet. */
  async scriptReady(script: Script): Promise<void> {
    const wanted = this.#wanted.get(script.path);
    if (wanted && !this.#set.has(script.id)) await this.#setAll(script, wanted);
  }

  async #setAll(script: Script, wanted: readonly Wanted[]): Promise<(Stop | undefined)[] | null> {
    if (wanted.length === 0) return null;
    const stops = await this.scripts.stops(script);
    if (!stops) return null;
    const ids: string[] = [];
    this.#set.set(script.id, ids);
    const found: (Stop | undefined)[] = [];
    for (const breakpoint of wanted) {
      const stop = stopAt(stops, breakpoint.line);
      found.push(stop);
      if (!stop) continue;
      const params = { location: stop.location, condition: conditionOf(breakpoint) };
      try {
        const { breakpointId } = await send(this.target, 'Debugger.setBreakpoint', params);
        ids.push(breakpointId);
        this.#ours.set(breakpointId, breakpoint.id);
      } catch {
        // Two lines of the person's may lead to one place of the script.
      }
    }
    return found;
  }

  async #remove(script: Script): Promise<void> {
    for (const breakpointId of this.#set.get(script.id) ?? []) {
      this.#ours.delete(breakpointId);
      await send(this.target, 'Debugger.removeBreakpoint', { breakpointId });
    }
    this.#set.delete(script.id);
  }
}

/** The first place of a line, or of the next one that has any. */
function stopAt(stops: readonly Stop[], line: number): Stop | undefined {
  let best: Stop | undefined;
  for (const stop of stops) {
    if (stop.place.line < line) continue;
    if (!best || isBefore(stop, best)) best = stop;
  }
  return best;
}

function isBefore(a: Stop, b: Stop): boolean {
  if (a.place.line !== b.place.line) return a.place.line < b.place.line;
  if (a.isReturn !== b.isReturn) return b.isReturn;
  if (a.place.column !== b.place.column) return a.place.column < b.place.column;
  const [{ lineNumber: lineA, columnNumber: columnA = 0 }, { lineNumber: lineB, columnNumber: columnB = 0 }] =
    [a.location, b.location];
  return lineA !== lineB ? lineA < lineB : columnA < columnB;
}

/** What V8 shall ask before it pauses; undefined: nothing. A condition that throws pauses not. */
function conditionOf({ id, condition, hitCondition, logMessage }: Wanted): string | undefined {
  const parts: string[] = [];
  if (condition !== undefined && condition.trim() !== '') parts.push(`(${checked(condition)})`);
  if (hitCondition !== undefined && hitCondition.trim() !== '') parts.push(hits(id, hitCondition));
  if (logMessage !== undefined && logMessage !== '') parts.push(`${HOOKS}.log(${logParts(logMessage)})`);
  return parts.length > 0 ? parts.join(' && ') : undefined;
}

function checked(expression: string): string {
  try {
    const { end } = parseExpressionAt(expression, 0, {
      ecmaVersion: 'latest',
      allowAwaitOutsideFunction: false,
    });
    if (expression.slice(end).trim() === '') return expression;
  } catch {
    // Told below.
  }
  throw new RequestFailed(`setBreakpoints: the condition '${expression}' is no JavaScript expression`);
}

/** `5` and `>= 5` count how often the place was reached; `% 5` is every fifth time. */
function hits(id: number, text: string): string {
  const match = /^\s*(>=|<=|==|=|>|<|%)?\s*(\d+)\s*$/.exec(text);
  if (!match)
    throw new RequestFailed(
      `setBreakpoints: the hit condition '${text}' must be a number, or one after >, >=, <, <=, == or %`,
    );
  const [, operator = '==', count] = match;
  const reached = `${HOOKS}.hit('${id}')`;
  if (operator === '%') return `${reached} % ${count} === 0`;
  return `${reached} ${operator === '=' ? '==' : operator} ${count}`;
}

/** `x is {x}` prints the value of `x`. */
function logParts(message: string): string {
  return message
    .split(/\{([^{}]*)\}/)
    .map((part, index) => (index % 2 === 0 ? JSON.stringify(part) : `(${checked(part)})`))
    .join(', ');
}
