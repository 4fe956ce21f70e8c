import type { RunReporter } from '../reporter.js';
import { JsonLinesReporter } from './json-lines.js';
import { LiveReporter } from './live.js';
import { PlainReporter } from './plain.js';
import { style, type Style } from './text.js';

export { duration, style, type Style } from './text.js';

/** What to print on `stream`: colours only where they are seen (NO_COLOR and FORCE_COLOR are heeded). */
export function styleFor(stream: NodeJS.WriteStream): Style {
  const forced = process.env.FORCE_COLOR;
  const colours = stream.isTTY ? stream.hasColors() : forced !== undefined && !['', '0'].includes(forced);
  return style(colours);
}

/** How a run is shown: `auto` is `tty` on a terminal and `plain` elsewhere, `json` writes events, `none` nothing. */
export type Progress = 'auto' | 'tty' | 'plain' | 'json' | 'none';

/** The reporter that suits `stream`: progress in place on a terminal, plain lines elsewhere. */
export function terminalReporter(stream: NodeJS.WriteStream, progress: Progress = 'auto'): RunReporter {
  if (progress === 'none') return {};
  if (progress === 'json') return new JsonLinesReporter((line) => void stream.write(line));
  const looks = styleFor(stream);
  // Lines are only drawn in place where the size of the terminal is known.
  return stream.isTTY && (progress === 'tty' || (progress === 'auto' && process.env.TERM !== 'dumb'))
    ? new LiveReporter(stream, looks)
    : new PlainReporter((text) => void stream.write(text), looks);
}
