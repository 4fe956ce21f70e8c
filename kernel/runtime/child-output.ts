/**
 * What child processes write to inherited streams, as output of the cell that started them. Inherited as such it would come out of this
 * process's own file descriptors, where nobody knows whose it is, so it takes the way through a pipe. Those of
 * `spawnSync` and `execSync` stay as they are: nothing else runs meanwhile.
 */
import { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { setTimeout } from 'node:timers';
import { currentExecution, onBehalfOf } from './executions.js';
import type { WriteText } from './stdio.js';

type Spawn = (this: ChildProcess, options: object) => unknown;
type Name = 'stdout' | 'stderr';

/** A grandchild may hold the pipe open: how long the end of the child waits for the rest of its output. */
const REST_MS = 200;

const NAMES: readonly (readonly [fd: 1 | 2, name: Name])[] = [
  [1, 'stdout'],
  [2, 'stderr'],
];

export function attributeChildOutput(write: WriteText): void {
  const original: unknown = Reflect.get(ChildProcess.prototype, 'spawn');
  if (!isSpawn(original)) return;
  const spawn: Spawn = function (options) {
    const stdio = inherited(Reflect.get(options, 'stdio'));
    if (!stdio) return Reflect.apply(original, this, [options]);
    const result: unknown = Reflect.apply(original, this, [{ ...options, stdio: stdio.given }]);
    const streams = stdio.piped.flatMap(([fd, name]) => take(this, fd, name, write));
    if (streams.length > 0) holdExit(this, streams);
    return result;
  };
  Reflect.set(ChildProcess.prototype, 'spawn', spawn);
}

/** The streams with pipes in place of what is inherited; undefined when there is nothing to change. */
function inherited(
  stdio: unknown,
): { given: unknown[]; piped: (readonly [fd: 1 | 2, name: Name])[] } | undefined {
  const given: unknown[] =
    typeof stdio === 'string' ? [stdio, stdio, stdio] : Array.isArray(stdio) ? [...(stdio as unknown[])] : [];
  const piped: (readonly [fd: 1 | 2, name: Name])[] = [];
  for (const [fd] of NAMES) {
    // `2>&1` is the stream of the same descriptor as the first.
    const source = sourceOf(given[fd], fd);
    if (source === null) continue;
    given[fd] = 'pipe';
    piped.push([fd, source === 1 ? 'stdout' : 'stderr']);
  }
  return piped.length > 0 ? { given, piped } : undefined;
}

/** The descriptor of this process that a stream of a child stands for. */
function sourceOf(given: unknown, fd: 1 | 2): 1 | 2 | null {
  if (given === 'inherit') return fd;
  if (given === 1 || given === process.stdout) return 1;
  return given === 2 || given === process.stderr ? 2 : null;
}

/** Forwards a stream, and lets the child look as if it had none, as it has where it inherits. */
function take(child: ChildProcess, fd: 1 | 2, name: Name, write: WriteText): Readable[] {
  const key = fd === 1 ? 'stdout' : 'stderr';
  const stream = child[key];
  if (!stream) return [];
  Reflect.set(child, key, null);
  Reflect.set(child.stdio, fd, null);
  const execution = currentExecution();
  stream.setEncoding('utf8').on('data', (text: string) => {
    if (execution) onBehalfOf(execution, () => write(name, text));
    else write(name, text);
  });
  return [stream];
}

/** Who waits for the end of the child finds that all of its output is out. */
function holdExit(child: ChildProcess, streams: readonly Readable[]): void {
  const ended = Promise.all(
    streams.map(
      (stream) => new Promise<void>((resolve) => stream.once('close', resolve).once('end', resolve)),
    ),
  );
  let open = true;
  void ended.then(() => (open = false));
  const emit = child.emit.bind(child) as (event: string | symbol, ...args: unknown[]) => boolean;
  const late: Promise<unknown>[] = [];
  const held = (event: string | symbol, ...args: unknown[]): boolean => {
    if (event === 'exit' && open) {
      const limit = new Promise((resolve) => setTimeout(resolve, REST_MS));
      late.push(Promise.race([ended, limit]).then(() => emit(event, ...args)));
      return true;
    }
    if (event === 'close' && late.length > 0) {
      void Promise.all(late).then(() => emit(event, ...args));
      return true;
    }
    return emit(event, ...args);
  };
  Reflect.set(child, 'emit', held);
}

function isSpawn(value: unknown): value is Spawn {
  return typeof value === 'function';
}
