/** `%load`: the text of a file or of an address in the place of the cell. */
import { readFileSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setNextInput } from '../../display/payload.js';
import { unquoted } from './words.js';

// A person may replace the global one.
const { fetch } = globalThis;

const PATIENCE_MS = 30_000;
/** More than that no frontend edits in a cell. */
const LONGEST = 10_000_000;

export async function load(words: string): Promise<void> {
  const name = unquoted(words);
  if (name === '') throw new Error('%load: give the name of a file, or an address that begins with http');
  const bytes = /^https?:/i.test(name) ? await fetched(name) : read(name);
  if (bytes.length > LONGEST)
    throw new Error(
      `%load: ${name} has ${bytes.length} bytes, more than the ${LONGEST} that a cell may have`,
    );
  if (bytes.includes(0)) throw new Error(`%load: ${name} holds no text`);
  const text = new TextDecoder().decode(bytes);
  setNextInput(text.replace(/\r?\n$/, ''), { replace: true });
}

function read(name: string): Uint8Array {
  const file = path.resolve(name.replace(/^~(?=\/)/, os.homedir()));
  const stats = statSync(file, { throwIfNoEntry: false });
  if (!stats) throw new Error(`%load: there is no file ${file}`);
  if (!stats.isFile()) throw new Error(`%load: ${file} is ${stats.isDirectory() ? 'a folder' : 'no file'}`);
  return readFileSync(file);
}

async function fetched(address: string): Promise<Uint8Array> {
  if (!URL.canParse(address)) throw new Error(`%load: ${address} is no address`);
  let response: Response;
  try {
    response = await fetch(address, { signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch (error) {
    // With its cause it would say the same three times.
    // eslint-disable-next-line preserve-caught-error
    throw new Error(`%load: ${address} did not answer: ${reasonOf(error)}`);
  }
  if (!response.ok)
    throw new Error(`%load: ${address} answered ${response.status} ${response.statusText}`.trimEnd());
  return new Uint8Array(await response.arrayBuffer());
}

/** `fetch failed` says nothing; its cause does. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message;
}
