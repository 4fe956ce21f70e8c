/** A Jupyter that is installed on this machine, asked by its own commands. */
import { spawn } from 'node:child_process';

export interface Finished {
  /** null: it could not be started, or took too long. */
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a command to its end and keeps what it printed. Never rejects: a command that does not exist has no status. */
export function capture(command: string, args: readonly string[], timeout = 30_000): Promise<Finished> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true });
    const result: Finished = { status: null, stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (result.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (result.stderr += text));
    // spawn's own `timeout` keeps this process alive when the command does not exist.
    const timer = setTimeout(() => child.kill(), timeout);
    const end = (status: number | null): void => {
      clearTimeout(timer);
      resolve({ ...result, status });
    };
    child.once('error', () => end(null));
    child.once('close', end);
  });
}

/** The kernelspecs that `jupyter` lists: the folder of each name. Undefined when it cannot be asked. */
export async function listedSpecs(jupyter: string): Promise<Map<string, string> | undefined> {
  const { status, stdout } = await capture(jupyter, ['kernelspec', 'list', '--json']);
  if (status !== 0) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(stdout);
  } catch {
    return undefined;
  }
  const specs =
    typeof json === 'object' && json !== null && 'kernelspecs' in json ? json.kernelspecs : undefined;
  if (typeof specs !== 'object' || specs === null) return undefined;
  const found = new Map<string, string>();
  for (const [name, entry] of Object.entries(specs) as [string, unknown][])
    if (typeof entry === 'object' && entry !== null && 'resource_dir' in entry)
      found.set(name, String(entry.resource_dir));
  return found;
}
