/** Writes reports, whole or not at all. */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ExitCode, RunError } from '../exit.js';

/** Writes `text` to `file`, or to stdout for `-`. Throws `RunError` (exit code 2) when it cannot. */
export function writeReport(file: string, text: string): void {
  if (file === '-') {
    process.stdout.write(text);
    return;
  }
  const staging = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.tmp`);
  try {
    writeFileSync(staging, text);
    renameSync(staging, file);
  } catch (error) {
    rmSync(staging, { force: true });
    const reason = error instanceof Error ? error.message : String(error);
    throw new RunError(`${file}: the report cannot be written: ${reason}`, ExitCode.usage);
  }
}
