/** A session for TypeScript. The compiler loads while the user process starts: the two take about as long. */
import type { CellTransformer } from '../language/index.js';
import type { CellCompiler } from './compile.js';
import { createSession, type SessionOptions } from './create.js';
import type { Session } from './session.js';

/** Starts the user process at once; resolves when cells can be compiled. */
export async function startSession(options: Omit<SessionOptions, 'compiler'>): Promise<Session> {
  const compiler = new TypeScriptCompiler();
  const session = createSession({ ...options, compiler });
  await compiler.load();
  return session;
}

class TypeScriptCompiler implements CellCompiler {
  #transformer: CellTransformer | undefined;

  async load(): Promise<void> {
    const { CellTransformer } = await import('../language/index.js');
    this.#transformer = new CellTransformer();
    this.#transformer.warmUp();
  }

  compile(...args: Parameters<CellTransformer['compile']>): ReturnType<CellTransformer['compile']> {
    if (!this.#transformer) throw new Error('session: a cell came before the compiler was loaded');
    return this.#transformer.compile(...args);
  }

  scriptName(name: string): string {
    return this.#transformer?.scriptName(name) ?? name;
  }

  reset(): void {
    this.#transformer?.reset();
  }
}
