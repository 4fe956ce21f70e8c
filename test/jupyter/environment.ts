/**
 * The Python side of the Jupyter tests: a virtual environment of the project's own with pinned packages, and the
 * kernelspec of this build installed into it. It is made once and again when a requirements file changes.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const venv = path.join(root, '.cache/jupyter');
const bin = path.join(venv, process.platform === 'win32' ? 'Scripts' : 'bin');

/** An executable of the environment. */
export function python(name = 'python'): string {
  return path.join(bin, name);
}

/** The environment variables under which Jupyter sees the test environment and nothing of the user's. */
export function jupyterEnv(): NodeJS.ProcessEnv {
  const home = path.join(root, '.cache/jupyter-home');
  mkdirSync(home, { recursive: true });
  return {
    ...process.env,
    PATH: `${bin}${path.delimiter}${process.env.PATH ?? ''}`,
    VIRTUAL_ENV: venv,
    JUPYTER_CONFIG_DIR: path.join(home, 'config'),
    JUPYTER_DATA_DIR: path.join(home, 'data'),
    JUPYTER_RUNTIME_DIR: path.join(home, 'runtime'),
    IPYTHONDIR: path.join(home, 'ipython'),
    JUPYTER_PLATFORM_DIRS: '1',
    PYTHONWARNINGS: 'ignore',
  };
}

/** Where the JupyterLab extensions of a package are, which no other test shall have: installed beside the environment when missing. */
export function labExtensions(requirement: string): string {
  const folder = path.join(root, '.cache/lab-extensions', requirement.replace(/\W+/g, '-'));
  const extensions = path.join(folder, 'share/jupyter/labextensions');
  if (!existsSync(extensions)) {
    const options = ['--quiet', '--disable-pip-version-check', '--no-deps', '--target', folder];
    run(python(), ['-m', 'pip', 'install', ...options, requirement]);
  }
  return extensions;
}

/** Makes the environment when it is missing or out of date, and installs this build's kernelspec into it. */
export function prepare(): void {
  const requirements = ['requirements.txt', 'test/jupyter/requirements.txt'];
  const hash = createHash('sha256');
  for (const file of requirements) hash.update(readFileSync(path.join(root, file)));
  const stamp = path.join(venv, 'requirements.sha256');
  const wanted = hash.digest('hex');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
    rmSync(venv, { recursive: true, force: true });
    run(findPython(), ['-m', 'venv', venv]);
    const packages = path.join(root, requirements[1]);
    run(python(), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', packages]);
    writeFileSync(stamp, wanted);
  }
  silenceLab();
  run(process.execPath, [path.join(root, 'dist/kernel/cli.js'), 'install', '--prefix', venv]);
}

/** JupyterLab asks on its first start whether to fetch news; a test has nobody to answer. */
function silenceLab(): void {
  const folder = path.join(venv, 'share/jupyter/lab/settings');
  mkdirSync(folder, { recursive: true });
  const overrides = {
    '@jupyterlab/apputils-extension:notification': {
      fetchNews: 'false',
      checkForUpdates: false,
      doNotDisturbMode: true,
    },
  };
  writeFileSync(path.join(folder, 'overrides.json'), JSON.stringify(overrides));
}

function findPython(): string {
  for (const candidate of ['python3', 'python']) {
    const probe = 'import sys, venv; sys.exit(sys.version_info < (3, 10))';
    if (spawnSync(candidate, ['-c', probe], { stdio: 'ignore' }).status === 0) return candidate;
  }
  throw new Error('npm run test:jupyter needs Python 3.10 or later with the venv module on the PATH');
}

function run(command: string, args: string[]): void {
  execFileSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
}
