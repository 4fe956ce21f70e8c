/** `nabla lab`: opens notebooks in JupyterLab, the one on the PATH or one that it installs into the project. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { install } from './install.js';
import { capture, listedSpecs } from './jupyter.js';
import { ownSpec, readSpec } from './kernelspec.js';
import { packageRoot } from './paths.js';
import { pythonCommands } from './prefix.js';

/** JupyterLab 4.6 asks for this Python. */
const OLDEST_PYTHON = [3, 10] as const;

/** Opens `folder` in JupyterLab, which gets `args` too; resolves to its exit code when it has ended. */
export async function lab(
  folder: string,
  args: readonly string[],
  say: (line: string) => void,
): Promise<number> {
  if (!existsSync(folder)) throw new Error(`there is no folder ${folder}`);
  const jupyter = (await hasLab('jupyter')) ? 'jupyter' : await projectLab(say);
  const env = { ...process.env };
  if (!(await knowsThisBuild(jupyter))) {
    // For this run only: what the user has installed elsewhere is not touched.
    const prefix = path.join(packageRoot(), '.cache', 'jupyter');
    await install({ prefix });
    const own = path.join(prefix, 'share', 'jupyter');
    env.JUPYTER_PATH = [own, env.JUPYTER_PATH].filter(Boolean).join(path.delimiter);
  }
  return runToEnd(jupyter, ['lab', folder, ...args], env);
}

async function hasLab(jupyter: string): Promise<boolean> {
  return (await capture(jupyter, ['lab', '--version'])).status === 0;
}

async function knowsThisBuild(jupyter: string): Promise<boolean> {
  const folder = (await listedSpecs(jupyter))?.get('nabla');
  const spec = folder === undefined ? undefined : readSpec(folder);
  return spec?.argv.join('\0') === ownSpec().argv.join('\0');
}

/** The `jupyter` of the project's own virtual environment, which is made when it is missing or out of date. */
async function projectLab(say: (line: string) => void): Promise<string> {
  const venv = path.join(packageRoot(), '.venv');
  const requirements = path.join(packageRoot(), 'requirements.txt');
  const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex');
  const stamp = path.join(venv, 'nabla-requirements.sha256');
  const bin = path.join(venv, process.platform === 'win32' ? 'Scripts' : 'bin');
  const jupyter = path.join(bin, process.platform === 'win32' ? 'jupyter.exe' : 'jupyter');
  if (!existsSync(jupyter) || !existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
    const python = await findPython();
    say(`no JupyterLab on the PATH: installing one into ${venv} (once, a minute or two)`);
    await rm(venv, { recursive: true, force: true });
    await must(python, ['-m', 'venv', venv], 'on Debian and Ubuntu: apt install python3-venv');
    await must(
      path.join(bin, 'python'),
      ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements],
      'is the network reachable?',
    );
    await writeFile(stamp, wanted);
  }
  await install({ prefix: venv });
  return jupyter;
}

async function findPython(): Promise<string> {
  const seen: string[] = [];
  for (const command of pythonCommands()) {
    const { status, stdout } = await capture(command, ['-c', 'import sys; print(*sys.version_info[:2])']);
    if (status !== 0) continue;
    const [major = 0, minor = 0] = stdout.trim().split(' ').map(Number);
    if (major > OLDEST_PYTHON[0] || (major === OLDEST_PYTHON[0] && minor >= OLDEST_PYTHON[1])) return command;
    seen.push(`${command} is ${major}.${minor}`);
  }
  const found = seen.length === 0 ? 'there is none on the PATH' : seen.join(', ');
  throw new Error(
    `JupyterLab needs Python ${OLDEST_PYTHON.join('.')} or newer, and ${found}; install Python from python.org, ` +
      'or open the notebooks in VS Code after: npx nabla install',
  );
}

async function must(command: string, args: readonly string[], advice: string): Promise<void> {
  const status = await runToEnd(command, args, process.env);
  if (status !== 0)
    throw new Error(`${[command, ...args].join(' ')} failed (exit code ${status}); ${advice}`);
}

/** Runs a command in this terminal; Ctrl+C is the command's. */
function runToEnd(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const ignore = (): void => undefined;
  process.on('SIGINT', ignore);
  return new Promise<number>((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit', env });
    const end = (): void => void child.kill('SIGTERM');
    process.once('SIGTERM', end);
    child.once('error', reject);
    child.once('close', (code) => {
      process.off('SIGTERM', end);
      resolve(code ?? 1);
    });
  }).finally(() => process.off('SIGINT', ignore));
}
