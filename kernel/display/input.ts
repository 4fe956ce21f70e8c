/** Asking the person for a line: `await input('Name? ')`, or `inputSync` where awaiting is not possible. */
import { readSync } from 'node:fs';

export interface InputOptions {
  /** Do not show what is typed. */
  password?: boolean;
}

/** Where lines come from. The user process installs one that asks the frontend. */
export interface InputHost {
  ask(prompt: string, options: InputOptions): Promise<string>;
  askSync(prompt: string, options: InputOptions): string;
}

const terminalHost: InputHost = {
  ask: async (prompt) => {
    const { createInterface } = await import('node:readline/promises');
    const lines = createInterface({ input: process.stdin, output: process.stdout });
    try {
      return await lines.question(prompt);
    } finally {
      lines.close();
    }
  },
  askSync: (prompt) => {
    process.stdout.write(prompt);
    const bytes: number[] = [];
    const one = Buffer.alloc(1);
    while (readSync(0, one) === 1 && one[0] !== 0x0a) bytes.push(one[0]);
    return Buffer.from(bytes).toString('utf8').replace(/\r$/, '');
  },
};

let host: InputHost = terminalHost;

export function setInputHost(next: InputHost): void {
  host = next;
}

/**
 * Asks for a line of text and waits for it without blocking what else runs.
 * @throws Error when the frontend cannot ask (for example a notebook that is run from the command line).
 */
export function input(prompt = '', options: InputOptions = {}): Promise<string> {
  return host.ask(prompt, options);
}

/** Asks for a line of text and blocks until it is there. */
export function inputSync(prompt = '', options: InputOptions = {}): string {
  return host.askSync(prompt, options);
}
