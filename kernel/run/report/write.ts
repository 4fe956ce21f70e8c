/** Writes reports, whole or not at all. */
import { replaceFileSync } from '../../files/replace-file.js';
import { ExitCode, RunError } from '../exit.js';

/** Writes `text` to `file`, or to stdout for `-`. Throws `RunError` (exit code 2) when it cannot. */
export function writeReport(file: string, text: string): void {
  if (file === '-') {
    process.stdout.write(text);
    return;
  }
  try {
    replaceFileSync(file, text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RunError(`${file}: the report cannot be written: ${reason}`, ExitCode.usage);
  }
}
