/** Kernels that are installed on this machine, by the names that Jupyter lists. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { findSpecs, type FoundSpec } from '../install/kernelspec.js';
import { activePrefix } from '../install/prefix.js';
import type { LaunchSpec } from './bridge/process.js';
import { ExitCode, RunError } from './exit.js';
import { nearest } from './nearest.js';

/** How to start the kernel `name`. Throws `RunError` (exit code 4) when none of that name is installed. */
export function installedKernel(name: string): LaunchSpec {
  const specs = findSpecs(activePrefix());
  const found = specs.find((spec) => spec.name === name.toLowerCase());
  if (found !== undefined) return launchSpec(found);
  const names = specs.map((spec) => spec.name);
  const near = nearest(name, names);
  const hint = near !== undefined ? `did you mean ${near}?` : `installed are: ${names.join(', ') || 'none'}`;
  throw new RunError(`no kernel ${name} is installed; ${hint}`, ExitCode.notStarted);
}

function launchSpec({ name, folder, spec }: FoundSpec): LaunchSpec {
  const [command = '', ...args] = spec.argv;
  return {
    name,
    argv: [pythonOf(folder, command), ...args.map((part) => part.replaceAll('{resource_dir}', folder))],
    displayName: spec.display_name,
    language: spec.language,
    interruptMode: spec.interrupt_mode,
    env: spec.env,
  };
}

/** A plain `python` means that of the environment which the kernelspec is installed in, as Jupyter has it. */
function pythonOf(folder: string, command: string): string {
  if (!/^python[\d.]*$/.test(command)) return command;
  const prefix = path.resolve(folder, '../../../..');
  const python = path.join(prefix, process.platform === 'win32' ? 'python.exe' : `bin/${command}`);
  return existsSync(python) ? python : command;
}
