/** Runs cells in a real user process (of the built `dist/`) and collects what they put out. */
import { existsSync, mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { distFile } from '../../../kernel/install/paths.js';
import type {
  ErrorReport,
  ExecutionId,
  ExecutionOutcome,
  OutputFrame,
} from '../../../kernel/runtime/frames.js';
import { CellTransformer } from '../../../kernel/language/index.js';
import { createSession, type ExecuteRequest, type Session } from '../../../kernel/session/index.js';

export interface Run {
  id: ExecutionId;
  outcome: ExecutionOutcome;
  /** What has been put out under this execution up to its end. */
  outputs: OutputFrame[];
}

export class Notebook {
  readonly session: Session;
  readonly folder: string;
  readonly outputs: OutputFrame[] = [];
  readonly deaths: { reason: ErrorReport; running: ExecutionId | null }[] = [];
  readonly questions: { id: ExecutionId; prompt: string; password: boolean }[] = [];
  /** Answers for `input`, in order. */
  answers: string[] = [];
  #count = 0;
  #changed: () => void = () => undefined;

  constructor(env: NodeJS.ProcessEnv = {}, startMs?: number) {
    if (!existsSync(distFile('kernel/runtime/main.js')))
      throw new Error('dist/ is missing: run `node kernel/build/build.mjs` first');
    this.folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-cells-'));
    this.session = createSession({
      cwd: this.folder,
      compiler: new CellTransformer(),
      env: { ...process.env, ...env },
      startMs,
      events: {
        output: (frame) => {
          this.outputs.push(frame);
          this.#changed();
        },
        inputRequest: (id, prompt, password) => {
          this.questions.push({ id, prompt, password });
          const answer = this.answers.shift();
          if (answer !== undefined) this.session.inputReply(id, answer);
          this.#changed();
        },
        died: (reason, running) => {
          this.deaths.push({ reason, running });
          this.#changed();
        },
      },
    });
  }

  /** Starts a cell; `end` is its end. */
  start(code: string, options: Partial<ExecuteRequest> = {}): { id: ExecutionId; end: Promise<Run> } {
    const id = this.session.reserve();
    const request: ExecuteRequest = {
      code,
      silent: false,
      storeHistory: true,
      allowStdin: true,
      userExpressions: {},
      count: ++this.#count,
      ...options,
    };
    const end = this.session
      .execute(id, request)
      .then((outcome) => ({ id, outcome, outputs: this.outputsOf(id) }));
    return { id, end };
  }

  run(code: string, options: Partial<ExecuteRequest> = {}): Promise<Run> {
    return this.start(code, options).end;
  }

  /** The text of the result of a cell, without colours; fails when the cell did. */
  async value(code: string): Promise<string | undefined> {
    const { outcome, outputs } = await this.run(code);
    if (outcome.status === 'error') throw new Error(`${outcome.ename}: ${outcome.evalue}`);
    const result = outputs.find((frame) => frame.type === 'result');
    return result && plain(String(result.data['text/plain']));
  }

  outputsOf(id: ExecutionId): OutputFrame[] {
    return this.outputs.filter((frame) => frame.id === id);
  }

  /** What a cell has written to a stream so far. */
  text(id: ExecutionId, name: 'stdout' | 'stderr' = 'stdout'): string {
    return this.outputsOf(id)
      .map((frame) => (frame.type === 'stream' && frame.name === name ? frame.text : ''))
      .join('');
  }

  /** Resolves as soon as `condition` holds; asked after each event of the session. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (condition()) resolve();
      };
      const before = this.#changed;
      this.#changed = () => {
        before();
        check();
      };
      check();
    });
  }

  close(): Promise<void> {
    return this.session.shutdown();
  }
}

export function plain(text: string): string {
  return stripVTControlCharacters(text);
}

/** The traceback of a failed cell as one text without colours. */
export function traceback({ outcome }: Run): string {
  if (outcome.status !== 'error') throw new Error('the cell did not fail');
  return plain(outcome.traceback.join('\n'));
}
