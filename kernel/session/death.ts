/** Why a user process ended, in words that a person understands. */
import type { ErrorReport } from '../runtime/frames.js';
import type { ProcessEnd } from './user-process.js';

const AFTER = 'Its variables are lost. A new process has been started: run the cells again from the top.';

export function reportDeath(end: ProcessEnd): ErrorReport {
  return report(`${cause(end)} ${AFTER}`, end);
}

/** The process cannot even start. */
export function reportFailedStart(end: ProcessEnd): ErrorReport {
  return report(`The process that runs cells could not be started: ${cause(end)}`, end);
}

function report(evalue: string, end: ProcessEnd): ErrorReport {
  const ename = 'ProcessDied';
  // Of a full heap Node's last words are addresses in its own machine code.
  const words = isHeapFull(end) ? '' : end.lastWords.trim();
  const traceback = [`\x1b[1m\x1b[31m${ename}\x1b[0m\x1b[1m: ${evalue}\x1b[0m`];
  if (words !== '') traceback.push('Its last words:', ...words.split('\n').slice(-12));
  return { ename, evalue, traceback };
}

function isHeapFull({ lastWords }: ProcessEnd): boolean {
  return /JavaScript heap out of memory|Reached heap limit|Allocation failed/.test(lastWords);
}

function cause(end: ProcessEnd): string {
  const { code, signal, killedFor } = end;
  if (killedFor !== undefined) return killedFor;
  if (isHeapFull(end))
    return (
      'The process that ran your cells ran out of memory: the JavaScript heap was exhausted. ' +
      'NODE_OPTIONS=--max-old-space-size=8192 in the environment of the kernel would give it 8 GB.'
    );
  if (signal === 'SIGKILL')
    return 'The process that ran your cells was killed (SIGKILL; often the system does so when memory runs out).';
  if (signal === 'SIGSEGV' || signal === 'SIGBUS' || signal === 'SIGILL' || signal === 'SIGFPE')
    return `The process that ran your cells crashed in native code (${signal}).`;
  if (signal === 'SIGABRT' || signal === 'SIGTRAP' || code === 134)
    return 'The process that ran your cells aborted (a fatal error in Node or in native code).';
  if (signal !== null) return `The process that ran your cells was ended by the signal ${signal}.`;
  return `The process that ran your cells ended by itself with exit code ${code ?? 'unknown'}.`;
}
