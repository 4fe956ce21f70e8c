/** Files with the values of parameters. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ExitCode, RunError } from '../exit.js';
import { isRecord } from './types.js';

/** The values in a JSON file with one object. Throws `RunError` (exit code 2). */
export function readParametersFile(file: string): Record<string, unknown> {
  const refuse = (reason: string): RunError => new RunError(`${file}: ${reason}`, ExitCode.usage);
  if (/\.ya?ml$/i.test(path.extname(file)))
    throw refuse('parameters are read from JSON files; this one is named as YAML');
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw refuse(`no parameters could be read: ${reason.replace(/\s+/g, ' ')}`);
  }
  if (!isRecord(json)) throw refuse('parameters must be one object, as in {"steps": 100}');
  return json;
}

/** The name and the text in `name=value`. Throws `RunError` (exit code 2). */
export function splitParameter(text: string): [name: string, value: string] {
  const at = text.indexOf('=');
  if (at < 1) throw new RunError(`-p ${text}: write it as name=value`, ExitCode.usage);
  return [text.slice(0, at).trim(), text.slice(at + 1)];
}
