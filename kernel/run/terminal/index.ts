import type { RunReporter } from '../reporter.js';
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

/** The reporter that suits `stream`: progress in place on a terminal, plain lines elsewhere. */
export function terminalReporter(stream: NodeJS.WriteStream): RunReporter {
  const looks = styleFor(stream);
  return stream.isTTY && process.env.TERM !== 'dumb'
    ? new LiveReporter(stream, looks)
    : new PlainReporter((text) => void stream.write(text), looks);
}
