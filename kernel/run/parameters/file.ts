/** Files with the values of parameters. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { ExitCode, RunError } from '../exit.js';
import { isRecord } from './types.js';

/** The values in a JSON or YAML file with one object. Throws `RunError` (exit code 2). */
export function readParametersFile(file: string): Record<string, unknown> {
  const refuse = (reason: string): RunError => new RunError(`${file}: ${reason}`, ExitCode.usage);
  let values: unknown;
  try {
    const text = readFileSync(file, 'utf8');
    values = isYaml(file) ? parse(text, { maxAliasCount: 100 }) : JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw refuse(`no parameters could be read: ${reason.replace(/\s+/g, ' ').trim()}`);
  }
  // An empty YAML file is null.
  if (values === null && isYaml(file)) return {};
  if (!isRecord(values))
    throw refuse(`parameters must be one object, as in ${isYaml(file) ? 'steps: 100' : '{"steps": 100}'}`);
  return values;
}

const isYaml = (file: string): boolean => /\.ya?ml$/i.test(path.extname(file));

/** The name and the text in `name=value`. Throws `RunError` (exit code 2). */
export function splitParameter(text: string): [name: string, value: string] {
  const at = text.indexOf('=');
  if (at < 1) throw new RunError(`-p ${text}: write it as name=value`, ExitCode.usage);
  return [text.slice(0, at).trim(), text.slice(at + 1)];
}
