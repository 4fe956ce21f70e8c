/** Magics as TypeScript on the same lines, and as blanks where only the person's own code counts. */
import { scanBrackets } from '../brackets.js';
import { scanMagics, type Magic, type MagicProblem } from './scan.js';

/** The hidden global of the user process with what magics call. */
export const MAGICS_KEY = 'nabla.magics';
const HELPER = `globalThis[Symbol.for(${JSON.stringify(MAGICS_KEY)})]`;

export interface Expansion {
  readonly text: string;
  /** The offset in the person's text of an offset in `text`. */
  readonly original: (offset: number) => number;
  /** The magic in whose own text, which the person has not written, an offset in `text` lies. */
  readonly magicAt: (offset: number) => string | null;
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Null: there is nothing to expand. */
export function expandMagics(
  code: string,
  isKnown?: (name: string) => boolean,
): Expansion | { readonly problem: MagicProblem } | null {
  const { magics, problem } = scanMagics(code, isKnown);
  if (problem) return { problem };
  if (magics.length === 0) return null;
  const edits = magics.flatMap((magic) => editsOf(code, magic));
  let text = '';
  let at = 0;
  const places: { readonly from: number; readonly to: number; readonly isNew: boolean }[] = [];
  for (const edit of edits) {
    places.push({ from: text.length, to: at, isNew: false });
    text += code.slice(at, edit.start);
    places.push({ from: text.length, to: edit.start, isNew: true });
    text += edit.text;
    at = edit.end;
  }
  places.push({ from: text.length, to: at, isNew: false });
  text += code.slice(at);
  return {
    text,
    original: (offset) => {
      const place = places.findLast(({ from }) => from <= offset);
      if (!place) return offset;
      return place.isNew ? place.to : Math.min(place.to + offset - place.from, code.length);
    },
    magicAt: (offset) => {
      const place = places.findLast(({ from }) => from <= offset);
      const magic = place?.isNew === true && magics.findLast(({ start }) => start <= place.to);
      return magic ? code.slice(magic.start, magic.args).trim() : null;
    },
  };
}

/** The text with blanks in the place of all that is no TypeScript; every offset stays. */
export function blankMagics(code: string, isKnown?: (name: string) => boolean): string {
  const { magics } = scanMagics(code, isKnown);
  let text = code;
  for (const magic of magics) {
    const [from, to] = blanked(code, magic);
    text = text.slice(0, from) + text.slice(from, to).replace(/[^\r\n]/g, ' ') + text.slice(to);
  }
  return text;
}

function blanked(code: string, magic: Magic): readonly [from: number, to: number] {
  const { kind, name, start, args, end } = magic;
  if (kind === 'help') {
    if (code[start] === '?') return [start, start + (magic.level ?? 1)];
    return name.startsWith('%') ? [start, end] : [start + name.length, end];
  }
  if (name === 'time') return [start, args];
  return name === 'timeit' ? [start, args + flagsOf(code, magic).length] : [start, end];
}

function editsOf(code: string, magic: Magic): Edit[] {
  const { kind, name, start, args, end } = magic;
  switch (kind) {
    case 'help':
      return [{ start, end, text: '' }];
    case 'shell':
      return [
        {
          start,
          end,
          text: `;await ${HELPER}.shell(${template(code.slice(args, end))})${newlines(code, start, end)}`,
        },
      ];
    case 'line':
      if (name === 'time') return time(code, magic);
      if (name === 'timeit') return timeit(code, magic);
      return [
        {
          start,
          end,
          text: `;await ${HELPER}.line(${JSON.stringify(name)}, ${template(code.slice(args, end).trim())})`,
        },
      ];
    case 'cell':
      if (name === 'time') return [{ start, end: args, text: `${HELPER}.timeCell();` }];
      if (name === 'timeit') return timeit(code, magic);
      return [
        {
          start,
          end,
          text: `${HELPER}.show(${JSON.stringify(name)}, ${JSON.stringify(code.slice(args, end).replace(/^\r?\n/, ''))})`,
        },
      ];
  }
}

const STATEMENT =
  /^(?:const|let|var|function|async\s+function|class|for|while|do|if|switch|try|throw|import|export|enum|interface|type|namespace|using)\b|^\{/;

function time(code: string, { start, args, end }: Magic): Edit[] {
  const body = bodyOf(code.slice(args, end));
  if (body === '') return [{ start, end, text: `;${HELPER}.line("time", "")` }];
  if (STATEMENT.test(body))
    return [
      { start, end: args, text: `;${HELPER}.start();` },
      { start: args + body.length, end: args + body.length, text: `;${HELPER}.stop()` },
    ];
  return [
    { start, end: args, text: `;(await ${HELPER}.timed(${HELPER}.begin(), ` },
    { start: args + body.length, end: args + body.length, text: '))' },
  ];
}

const FLAGS = /^(?:-[nr][ \t]*\d+[ \t]*)*/;

function flagsOf(code: string, { args, end }: Magic): string {
  return FLAGS.exec(code.slice(args, end))![0];
}

function timeit(code: string, magic: Magic): Edit[] {
  const { start, args, end } = magic;
  const flags = flagsOf(code, magic);
  const from = args + flags.length;
  const body = magic.kind === 'cell' ? code.slice(from, end) : bodyOf(code.slice(from, end));
  if (body.trim() === '') return [{ start, end, text: `;${HELPER}.line("timeit", "")` }];
  const isAsync = /\bawait\b/.test(body);
  const head = `;await ${HELPER}.timeit(${numberAfter('n', flags)}, ${numberAfter('r', flags)}, ${isAsync ? 'async ' : ''}() => `;
  const isBlock = magic.kind === 'cell' || STATEMENT.test(body);
  const to = from + body.length;
  return [
    { start, end: from, text: head + (isBlock ? '{ ' : '(') },
    { start: to, end: to, text: isBlock ? '\n})' : '))' },
  ];
}

function numberAfter(flag: string, flags: string): string {
  return new RegExp(`-${flag}\\s*(\\d+)`).exec(flags)?.[1] ?? 'undefined';
}

/** Without a comment at its end, and without the semicolon that hides a result. */
function bodyOf(text: string): string {
  const { end } = scanBrackets(text);
  return text.slice(0, end).replace(/[\s;]+$/, '');
}

/** A template literal in which `${x}` is TypeScript, and all else is as it stands. */
function template(text: string): string {
  const escaped = text.replace(/\\\$\{|\\|`/g, (found) => (found === '\\${' ? found : `\\${found}`));
  return `\`${escaped.replace(/\r?\n/g, '\\n')}\``;
}

/** What was on several lines stays on as many. */
function newlines(code: string, start: number, end: number): string {
  return '\n'.repeat(code.slice(start, end).split('\n').length - 1);
}
