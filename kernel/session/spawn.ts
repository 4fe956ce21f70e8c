/** Starts the process that runs cells: the first thing that a kernel does, long before anybody listens to it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import os from 'node:os';

export interface StartedProcess {
  readonly child: ChildProcess;
  /** How it ended, all of its pipes closed; never rejects. */
  readonly ended: Promise<RawEnd>;
}

export interface RawEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Why it could not be started. */
  error?: Error;
}

/** Node aborts after some terminations when it checks the order of asynchronous contexts (`runtime/async-hooks.ts`). */
const NODE_OPTIONS = ['--no-force-async-hooks-checks'];

/** Children that left the group may hold the pipes open: they are not waited for any longer than that. */
const CLOSE_MS = 200;

/** `script` is the built entry of the user process. */
export function spawnUserProcess(script: string, cwd: string, env: NodeJS.ProcessEnv): StartedProcess {
  const child = spawn(process.execPath, [...NODE_OPTIONS, script], {
    cwd: existsSync(cwd) ? cwd : os.homedir(),
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
  });
  const ended = new Promise<RawEnd>((resolve) => {
    const end = (code: number | null, signal: NodeJS.Signals | null): void => resolve({ code, signal });
    child.once('error', (error) => resolve({ code: null, signal: null, error }));
    child.once('exit', (code, signal) => setTimeout(end, CLOSE_MS, code, signal));
    child.once('close', end);
  });
  return { child, ended };
}
