/**
 * Whether an exception will be caught. V8 takes all for caught, because the kernel shows what a cell throws; so the code of
 * the frames below is looked at for a `try` around the place where each of them stands.
 */
import { parse, type Node, type Program } from 'acorn';
import { full } from 'acorn-walk';
import { LineIndex } from '../language/lines.js';
import type { DebugTarget } from '../session/session.js';
import { send, type CallFrame } from './cdp.js';

interface Code {
  readonly lines: LineIndex;
  readonly functions: readonly Node[];
  /** The blocks of `try` that have a `catch`. */
  readonly guarded: readonly Node[];
}

export class Catches {
  readonly #codes = new Map<string, Promise<Code | null>>();

  constructor(private readonly target: DebugTarget) {}

  clear(): void {
    this.#codes.clear();
  }

  /** The first of the frames (innermost first) that catches what is thrown in the first; -1 when none does. */
  async catcher(frames: readonly CallFrame[]): Promise<number> {
    for (const [index, { location }] of frames.entries()) {
      const code = await this.#code(location.scriptId);
      if (!code) continue;
      const at = code.lines.offset({ line: location.lineNumber + 1, column: location.columnNumber ?? 0 });
      const around = ({ start, end }: Node): boolean => start <= at && at < end;
      const inner = code.functions.filter(around).reduce((from, { start }) => Math.max(from, start), -1);
      if (code.guarded.some((block) => around(block) && block.start > inner)) return index;
    }
    return -1;
  }

  #code(scriptId: string): Promise<Code | null> {
    let code = this.#codes.get(scriptId);
    if (!code) {
      code = this.#read(scriptId);
      this.#codes.set(scriptId, code);
    }
    return code;
  }

  async #read(scriptId: string): Promise<Code | null> {
    const { scriptSource } = await send(this.target, 'Debugger.getScriptSource', { scriptId });
    const program = parsed(scriptSource);
    if (!program) return null;
    const functions: Node[] = [];
    const guarded: Node[] = [];
    full(program, (node) => {
      if (/Function/.test(node.type)) functions.push(node);
      if (node.type === 'TryStatement' && 'handler' in node && node.handler && 'block' in node)
        guarded.push(node.block as Node);
    });
    return { lines: new LineIndex(scriptSource), functions, guarded };
  }
}

function parsed(source: string): Program | null {
  for (const sourceType of ['script', 'module'] as const)
    try {
      return parse(source, { ecmaVersion: 'latest', sourceType, allowReturnOutsideFunction: true });
    } catch {
      // The other kind, or code that acorn does not know: then nothing in it is taken for a catch.
    }
  return null;
}
