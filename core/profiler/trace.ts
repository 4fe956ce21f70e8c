/**
 * A profile in the Trace Event Format, which Perfetto and chrome://tracing read: complete events (`ph: 'X'`) with `ts` and
 * `dur` in microseconds, to the nanosecond, sorted by `ts`, each within the one that it ran in.
 */
import { writeAtomically } from '../io/sink.js';
import type { ProfileEvent } from './events.js';
import type { Profile } from './profile.js';

const PID = 1;
const TID = 1;
/** Events that are turned into text at once. */
const CHUNK = 1000;

interface CompleteEvent {
  readonly ph: 'X';
  readonly name: string;
  readonly cat: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur: number;
  readonly args: Readonly<Record<string, string | number>>;
}

/** In microseconds, of whole nanoseconds: rounded alike at both ends, so that events stay within each other. */
function microseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1e6);
}

export function traceEvent({
  name,
  kind,
  start,
  end,
  shapes,
  dtype,
  flops,
  bytes,
  module,
}: ProfileEvent): CompleteEvent {
  const [from, to] = [microseconds(start), microseconds(end)];
  return {
    ph: 'X',
    name,
    cat: kind,
    pid: PID,
    tid: TID,
    ts: from / 1000,
    dur: (to - from) / 1000,
    args: {
      ...(shapes === '' ? {} : { shapes }),
      ...(dtype === '' ? {} : { dtype }),
      ...(module === '' ? {} : { module }),
      flops,
      bytes,
    },
  };
}

/** Writes the trace, whole or not at all. */
export function writeTrace(path: string, { events, machine, notes }: Profile): void {
  const encoder = new TextEncoder();
  const named = (name: string, value: string): string =>
    JSON.stringify({ ph: 'M', name, pid: PID, tid: TID, ts: 0, args: { name: value } });
  writeAtomically(path, (sink) => {
    const head = [named('process_name', 'Nabla'), named('thread_name', 'main')].join(',\n');
    sink.write(encoder.encode(`{"traceEvents":[\n${head}`));
    for (let at = 0; at < events.length; at += CHUNK) {
      const lines = events.slice(at, at + CHUNK).map((event) => `,\n${JSON.stringify(traceEvent(event))}`);
      sink.write(encoder.encode(lines.join('')));
    }
    const about = { machine, notes };
    sink.write(encoder.encode(`\n],\n"displayTimeUnit":"ms",\n"otherData":${JSON.stringify(about)}}\n`));
  });
}
