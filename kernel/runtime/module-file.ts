/** A file of the person's own as it was when it was loaded, and whether it has been edited since. */
import { readFileSync, statSync } from 'node:fs';

/** A file system may give two edits within this time the same stamp. */
const GRANULARITY_MS = 2000;

export class FileText {
  readonly text: string;
  #stamp: string;
  /** The stamp is old enough to tell an edit. */
  #isSettled: boolean;

  constructor(readonly file: string) {
    [this.#stamp, this.#isSettled] = look(file);
    this.text = readFileSync(file, 'utf8');
  }

  hasChanged(): boolean {
    const [stamp, isSettled] = look(this.file);
    if (stamp === this.#stamp && this.#isSettled) return false;
    if (stamp === '' || readFileSync(this.file, 'utf8') !== this.text) return true;
    this.#stamp = stamp;
    this.#isSettled = isSettled;
    return false;
  }
}

function look(file: string): [stamp: string, isSettled: boolean] {
  const stat = statSync(file, { throwIfNoEntry: false, bigint: true });
  if (!stat?.isFile()) return ['', true];
  const isSettled = Date.now() - Number(stat.mtimeMs) > GRANULARITY_MS;
  return [`${stat.mtimeNs} ${stat.ctimeNs} ${stat.size} ${stat.ino}`, isSettled];
}
