/**
 * Whether an exception will be caught. V8 takes all for caught, because the kernel shows what a cell throws; so the code of
 * the frames below is looked at for a `try` around the place where each of them stands.
 */
import { parse, parseExpressionAt, type Node, type Options } from 'acorn';
import { full } from 'acorn-walk';
import { LineIndex } from '../language/lines.js';
import type { DebugTarget } from '../session/session.js';
import { send, type CallFrame, type Location } from './cdp.js';

/** A function, as far as it matters here. */
interface Code {
  /** Inner functions: what they catch is not caught here. */
  readonly functions: readonly Node[];
  /** The blocks of `try` that have a `catch`. */
  readonly guarded: readonly Node[];
  /** What to add to an offset in the script to get one in the text that was parsed. */
  readonly shift: number;
}

/** Texts of whole scripts beyond this length are packages that nobody wants to wait for. */
const LONGEST_SCRIPT = 500_000;
const ANY_FUNCTION = 'async function* ';

const OPTIONS: Options = {
  ecmaVersion: 'latest',
  sourceType: 'module',
  allowSuperOutsideMethod: true,
  allowReturnOutsideFunction: true,
};

export class Catches {
  readonly #sources = new Map<string, Promise<{ text: string; lines: LineIndex }>>();

  constructor(private readonly target: DebugTarget) {}

  clear(): void {
    this.#sources.clear();
  }

  /** The first of the frames (innermost first) that catches what is thrown in the first; -1 when none does. */
  async catcher(frames: readonly CallFrame[]): Promise<number> {
    for (const [index, { location, functionLocation }] of frames.entries()) {
      const { text, lines } = await this.#source(location.scriptId);
      const offset = ({ lineNumber, columnNumber = 0 }: Location): number =>
        lines.offset({ line: lineNumber + 1, column: columnNumber });
      const code = functionAt(text, functionLocation ? offset(functionLocation) : 0);
      if (!code) continue;
      const at = offset(location) + code.shift;
      const around = ({ start, end }: Node): boolean => start <= at && at < end;
      const inner = code.functions.filter(around).reduce((from, { start }) => Math.max(from, start), -1);
      if (code.guarded.some((block) => around(block) && block.start > inner)) return index;
    }
    return -1;
  }

  #source(scriptId: string): Promise<{ text: string; lines: LineIndex }> {
    let source = this.#sources.get(scriptId);
    if (!source) {
      source = send(this.target, 'Debugger.getScriptSource', { scriptId }).then(({ scriptSource: text }) => ({
        text,
        lines: new LineIndex(text),
      }));
      this.#sources.set(scriptId, source);
    }
    return source;
  }
}

/** The function that begins at an offset: for V8 that is where its parameters do. Null for what acorn cannot read. */
function functionAt(text: string, offset: number): Code | null {
  if (offset === 0) return text.length > LONGEST_SCRIPT ? null : codeOf(() => parse(text, OPTIONS), 0);
  const named = text[offset] === '(' ? ANY_FUNCTION + text.slice(offset) : null;
  return (
    (named === null
      ? null
      : codeOf(() => parseExpressionAt(named, 0, OPTIONS), ANY_FUNCTION.length - offset)) ??
    codeOf(() => parseExpressionAt(text, offset, OPTIONS), 0)
  );
}

function codeOf(read: () => Node, shift: number): Code | null {
  let root: Node;
  try {
    root = read();
  } catch {
    return null;
  }
  const functions: Node[] = [];
  const guarded: Node[] = [];
  full(root, (node) => {
    if (node !== root && node.type.includes('Function')) functions.push(node);
    if (node.type === 'TryStatement' && 'handler' in node && node.handler && 'block' in node)
      guarded.push(node.block);
  });
  return { functions, guarded, shift };
}
