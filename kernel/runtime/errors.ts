/** Turns whatever was thrown into what Jupyter shows: name, message, and a traceback with the lines of the cell. */
import { inspect } from 'node:util';
import { highlightFrame } from './code-frame.js';
import type { ErrorReport } from './frames.js';
import { framesInText, type MappedFrame } from './stacks.js';

const RED = '\x1b[31m';
const BOLD = '\x1b[1m';
const DIM = '\x1b[2m';
const RESET = '\x1b[0m';
const MOST_CAUSES = 8;
const FOREIGN = /\((?:node:|file:.*\/kernel\/runtime\/)|at node:/;

/** Reads the error's properties, so it may run user code (getters, inspect hooks): call it in a slice. */
export function reportError(thrown: unknown): ErrorReport {
  if (!isError(thrown)) return reportNonError(thrown);
  const ename = nameOf(thrown);
  const evalue = messageOf(thrown);
  const traceback: string[] = [];
  describe(thrown, traceback, new Set());
  return { ename, evalue, traceback };
}

/** A report that touches nothing of the user's, for when even reading the error fails. */
export function plainReport(ename: string, evalue: string): ErrorReport {
  return { ename, evalue, traceback: [headline(ename, evalue)] };
}

function describe(error: Error, lines: string[], seen: Set<Error>): void {
  seen.add(error);
  // The stack is read first: formatting it finds the frame.
  const calls = stackLines(error);
  for (const frame of telling(framesInText(error))) lines.push(...highlightFrame(frame), '');
  lines.push(headline(nameOf(error), messageOf(error)));
  lines.push(...calls.map((line) => DIM + line + RESET));
  const extra = ownProperties(error);
  if (extra !== '') lines.push(extra);
  if (seen.size >= MOST_CAUSES) return;
  if (isAggregate(error))
    for (const [index, inner] of error.errors.entries()) related(`[${index}]`, inner, lines, seen);
  if (error.cause !== undefined) related('Caused by', error.cause, lines, seen);
}

/** Where the error was made, and when that is in another text, the line of the cell that led there. */
function telling(frames: readonly MappedFrame[]): MappedFrame[] {
  const inner = frames.at(0);
  const outer = frames.at(-1);
  if (!inner || !outer) return [];
  return inner.source === outer.source ? [inner] : [outer, inner];
}

function related(label: string, value: unknown, lines: string[], seen: Set<Error>): void {
  lines.push('', `${BOLD}${label}:${RESET}`);
  if (!isError(value)) lines.push(inspect(value, { colors: true }));
  else if (seen.has(value) || seen.size >= MOST_CAUSES) lines.push(headline(nameOf(value), messageOf(value)));
  else describe(value, lines, seen);
}

function reportNonError(thrown: unknown): ErrorReport {
  const shown = typeof thrown === 'string' ? thrown : inspect(thrown);
  const ename = 'Thrown';
  return {
    ename,
    evalue: shown,
    traceback: [
      headline(ename, typeof thrown === 'string' ? thrown : inspect(thrown, { colors: true })),
      `${DIM}    A value that is not an Error was thrown, so there is no stack to show.${RESET}`,
    ],
  };
}

function headline(name: string, message: string): string {
  return message === ''
    ? `${BOLD}${RED}${name}${RESET}`
    : `${BOLD}${RED}${name}${RESET}${BOLD}: ${message}${RESET}`;
}

/** The `at` lines of the stack; its head repeats name and message, which may themselves have many lines. */
function stackLines(error: Error): string[] {
  const stack: unknown = error.stack;
  if (typeof stack !== 'string') return [];
  // A message may have such lines, too: where an operation was called that made a NaN.
  const message = messageOf(error);
  const head = message === '' ? -1 : stack.indexOf(message);
  const calls = head < 0 ? stack : stack.slice(head + message.length);
  const first = calls.search(/\n {4}at /);
  if (first < 0) return [];
  const lines = calls.slice(first + 1).split('\n');
  // Errors of another thread (the module loader) bring a stack that was formatted there.
  return lines.filter((line) => !FOREIGN.test(line));
}

function ownProperties(error: Error): string {
  const hidden = new Set(['stack', 'message', 'name', 'cause', 'errors']);
  const entries = Object.entries(error).filter(([key]) => !hidden.has(key));
  return entries.length === 0 ? '' : inspect(Object.fromEntries(entries), { colors: true });
}

function nameOf(error: Error): string {
  const name: unknown = error.name;
  return typeof name === 'string' && name !== '' ? name : 'Error';
}

function messageOf(error: Error): string {
  const message: unknown = error.message;
  return typeof message === 'string' ? message : inspect(message);
}

function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';
}

function isAggregate(error: Error): error is AggregateError {
  return 'errors' in error && Array.isArray(error.errors);
}
