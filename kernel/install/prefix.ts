/** The Python environment that `--sys-prefix` means, found without needing one. */
import { spawnSync } from 'node:child_process';
import { thisHost, type Host } from './paths.js';

/**
 * The active environment: a virtual environment or conda environment that is activated in this shell, else the prefix
 * of the `python3` on the PATH; undefined when there is no Python.
 */
export function activePrefix(host: Host = thisHost()): string | undefined {
  const active = [host.env.VIRTUAL_ENV, host.env.CONDA_PREFIX].find((prefix) => prefix);
  return active ?? pythonPrefix(host);
}

function pythonPrefix(host: Host): string | undefined {
  for (const python of pythonCommands(host)) {
    const { status, stdout } = spawnSync(python, ['-c', 'import sys; print(sys.prefix)'], {
      encoding: 'utf8',
      env: { ...host.env },
      windowsHide: true,
    });
    if (status === 0 && stdout.trim() !== '') return stdout.trim();
  }
  return undefined;
}

/** The names under which a Python 3 may be on the PATH. */
export function pythonCommands(host: Host = thisHost()): string[] {
  return host.platform === 'win32' ? ['python', 'py', 'python3'] : ['python3', 'python'];
}
