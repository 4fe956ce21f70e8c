/** Durations as people write them on a command line. */
import { ExitCode, RunError } from './exit.js';

const MS = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 } as const;

/** `90`, `90s`, `500ms`, `5m`, `2h` in milliseconds; a bare number is seconds. Throws `RunError` (exit code 2). */
export function milliseconds(text: string, option: string): number {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?|\.\d+)\s*(ms|s|min|m|h)?$/.exec(text.trim()) ?? [];
  const ms = Number(number) * (isUnit(unit) ? MS[unit] : NaN);
  // Longer timers fire at once in Node.
  if (!(ms > 0 && ms < 2 ** 31))
    throw new RunError(
      `${option} ${text}: give seconds, or a time such as 500ms, 90s, 5m, 2h`,
      ExitCode.usage,
    );
  return ms;
}

const isUnit = (unit: string): unit is keyof typeof MS => Object.hasOwn(MS, unit);
