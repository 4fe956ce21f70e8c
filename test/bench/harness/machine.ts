/** Where a measurement was made, without anything that names the machine or its owner. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { root } from './paths.js';

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  readonly v8: string;
  readonly nabla: string;
  readonly commit: string;
  readonly date: string;
}

export function describeMachine(): Machine {
  const cpus = os.cpus();
  return {
    processor: processorName(cpus[0]?.model ?? 'unknown'),
    cores: cpus.length,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.platform()} ${os.arch()}`,
    node: process.version,
    v8: process.versions.v8,
    nabla: versionOf(root),
    commit: commit(),
    date: new Date().toISOString().slice(0, 16) + 'Z',
  };
}

/** Family and model too: virtual machines often say no more than the maker's name. */
function processorName(model: string): string {
  try {
    const info = readFileSync('/proc/cpuinfo', 'utf8');
    const field = (name: string) => new RegExp(`^${name}\\s*: (.*)$`, 'm').exec(info)?.[1] ?? '?';
    return `${model} (family ${field('cpu family')}, model ${field('model')})`;
  } catch {
    return model;
  }
}

function versionOf(folder: string): string {
  const parsed = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { version?: string };
  return parsed.version ?? 'unknown';
}

function commit(): string {
  try {
    const git = (...args: string[]) =>
      execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: 'pipe' }).trim();
    const changed = git('status', '--porcelain', '--', 'core', 'kernel', 'package.json') !== '';
    return git('rev-parse', '--short=10', 'HEAD') + (changed ? ' with changes' : '');
  } catch {
    return 'unknown';
  }
}
