/**
 * Timers of cells that can be called off together. An interrupt that had to stop a callback would otherwise be followed by the
 * next one: a function that orders itself anew before it spins, or an interval whose async function does.
 * Code of the kernel takes its timers from `node:timers`, which these do not touch.
 */
import { promisify } from 'node:util';
import { currentExecution } from './executions.js';
import { clearImmediate, setImmediate } from './immediates.js';
import type { ExecutionId } from './frames.js';

type Callback = (...args: unknown[]) => unknown;
type Schedule = (callback: unknown, ...rest: unknown[]) => unknown;

/** How many times timers have been called off, and at which of them those of an execution last were. */
let calls = 0;
const calledOff = new Map<ExecutionId, number>();

/** What the execution has ordered and has not come yet does not come any more. */
export function callOffTimers(id: ExecutionId): void {
  calledOff.set(id, ++calls);
}

/** Replaces the global functions that order timers. */
export function installTimers(): void {
  for (const name of ['setTimeout', 'setInterval', 'setImmediate'] as const) install(name);
  replaceGlobal('clearImmediate', clearImmediate);
}

function install(name: 'setTimeout' | 'setInterval' | 'setImmediate'): void {
  const own: unknown = Reflect.get(globalThis, name);
  if (!isSchedule(own)) return;
  const original = name === 'setImmediate' ? orderImmediate(own) : own;
  const schedule = (callback: unknown, ...rest: unknown[]): unknown => {
    if (!isCallback(callback)) return original(callback, ...rest);
    const owner = currentExecution()?.id;
    const born = calls;
    const run = function (this: unknown, ...args: unknown[]): unknown {
      if (owner !== undefined && (calledOff.get(owner) ?? 0) > born) {
        if (name === 'setInterval') clearInterval(this as NodeJS.Timeout);
        return undefined;
      }
      return Reflect.apply(callback, this, args);
    };
    return original(run, ...rest);
  };
  Object.defineProperty(schedule, 'name', { value: name });
  Object.defineProperty(schedule, 'length', { value: own.length });
  const promised: unknown = Reflect.get(own, promisify.custom);
  Object.defineProperty(schedule, promisify.custom, { value: promised, enumerable: true });
  replaceGlobal(name, schedule);
}

function replaceGlobal(name: string, value: unknown): void {
  Object.defineProperty(globalThis, name, { value, writable: true, enumerable: true, configurable: true });
}

/** Node's function where there is nothing to call: its error says so. */
function orderImmediate(own: Schedule): Schedule {
  return (callback, ...args) =>
    isCallback(callback) ? setImmediate(callback, ...args) : own(callback, ...args);
}

function isSchedule(value: unknown): value is Schedule {
  return typeof value === 'function';
}

function isCallback(value: unknown): value is Callback {
  return typeof value === 'function';
}
