/** Outputs as text for a terminal. */
import { stripVTControlCharacters } from 'node:util';
import type { MimeBundle, Output } from '../notebook/index.js';

/** An output as text, with the colours that it brings; it ends with a newline unless it is a stream. */
export function outputText(output: Output): string {
  switch (output.output_type) {
    case 'stream':
      return output.text;
    case 'error':
      return withNewline(
        output.traceback.length > 0 ? output.traceback.join('\n') : `${output.ename}: ${output.evalue}`,
      );
    case 'execute_result':
      return withNewline(`Out[${output.execution_count ?? ' '}]: ${indented(bundleText(output.data))}`);
    case 'display_data':
      return withNewline(bundleText(output.data));
  }
}

/** A result of several lines begins below its `Out[n]:`, so that its columns stay aligned. */
const indented = (text: string): string => (text.trimEnd().includes('\n') ? `\n${text}` : text);

function bundleText(data: MimeBundle): string {
  for (const type of ['text/plain', 'text/markdown', 'text/latex']) {
    const text = data[type];
    if (typeof text === 'string') return text;
  }
  const types = Object.entries(data).map(([type, value]) => `${type}${size(value)}`);
  return `<${types.join(', ') || 'nothing'}>`;
}

function size(value: unknown): string {
  return typeof value === 'string' ? `, ${(value.length / 1024).toFixed(1)} KiB` : '';
}

const withNewline = (text: string): string => (text.endsWith('\n') ? text : `${text}\n`);

export interface Style {
  bold: (text: string) => string;
  dim: (text: string) => string;
  red: (text: string) => string;
  green: (text: string) => string;
  /** Text of a cell: its own colours, where there are any to be seen. */
  own: (text: string) => string;
}

/** Colours for a terminal that shows them, or none. */
export function style(colours: boolean): Style {
  const code = (start: number, end: number) => (text: string) =>
    colours ? `\x1b[${start}m${text}\x1b[${end}m` : text;
  return {
    bold: code(1, 22),
    dim: code(2, 22),
    red: code(31, 39),
    green: code(32, 39),
    own: (text) => (colours ? text : stripVTControlCharacters(text)),
  };
}

const LONGEST_TITLE = 72;

/** The first line of a cell that says something, for a heading. */
export function title(source: string): string {
  const lines = source
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return fit(lines.find((line) => !/^(import |\/[/*]|\*)/.test(line)) ?? lines.at(0) ?? '', LONGEST_TITLE);
}

/** `text` cut to `columns` characters that are seen; colours in it are ended. */
export function fit(text: string, columns: number): string {
  const plain = stripVTControlCharacters(text);
  if (plain.length <= columns) return text;
  if (plain === text) return `${text.slice(0, Math.max(0, columns - 1))}…`;
  let seen = 0;
  let kept = '';
  for (const [part] of text.matchAll(CODE_OR_CHARACTER)) {
    if (part.length > 2 && part.startsWith('\x1b')) kept += part;
    else if (seen < columns - 1) {
      kept += part;
      seen += part.length;
    } else break;
  }
  return `${kept}…\x1b[0m`;
}

const CODE_OR_CHARACTER = new RegExp(String.raw`\u001b\[[0-9;]*[A-Za-z]|[^]`, 'gu');

/** Seconds for people: `0.4 s`, `12 s`, `3 min 5 s`. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(seconds < 0.1 ? 2 : 1)} s`;
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
