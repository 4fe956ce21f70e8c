/**
 * Loads a bundle of the build together with the bytecode that an earlier start has left in `dist/cache/`: compiling it
 * anew would take longer than everything else. A cache that is missing, damaged or of another V8 only costs that time.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import v8 from 'node:v8';
import vm from 'node:vm';
import zlib from 'node:zlib';
import { replaceFileSync } from '../files/replace-file.js';

/** Names the content of the bundles; the build sets it. */
declare const BUILD_ID: string;

export interface Loaded {
  /** What the bundle exports. */
  exports: unknown;
  /** Keeps the bytecode for the next start, also that of the functions which ran so far; undefined where it is kept. */
  saveCode: (() => void) | undefined;
}

/** Before the code: its sum, and room so that V8 finds the code aligned and need not copy it. */
const HEADER = 8;

/** `name` is relative to the folder `dist`. */
export function loadBundle(dist: string, name: string): Loaded {
  const file = path.join(dist, name);
  const stem = path.basename(name, '.cjs');
  // The tag stands for V8's version and flags and for the processor.
  const cache = path.join(dist, 'cache', `${stem}-${BUILD_ID}-${v8.cachedDataVersionTag().toString(16)}.bin`);
  const cachedData = readCode(cache);
  // The build writes ASCII only, and the function around the bundle too: a text put together here would be copied.
  const script = new vm.Script(readFileSync(file, 'latin1'), { filename: file, cachedData });
  const module = { exports: {} };
  const run: unknown = script.runInThisContext();
  if (typeof run !== 'function') throw new Error(`${file} is no bundle: build again (npm run build)`);
  Reflect.apply(run, module.exports, [module.exports, createRequire(file), module, file, path.dirname(file)]);
  const isKept = cachedData !== undefined && script.cachedDataRejected !== true;
  return {
    exports: module.exports,
    saveCode: isKept ? undefined : once(() => writeCode(cache, `${stem}-`, script.createCachedData())),
  };
}

/** V8 takes damaged code and crashes, so the file begins with a sum of the rest. */
function readCode(file: string): Buffer | undefined {
  try {
    const bytes = readFileSync(file);
    const code = bytes.subarray(HEADER);
    return bytes.readUInt32LE(0) === zlib.crc32(code) ? code : undefined;
  } catch {
    // There is none, or this is a Node before 20.15, which has no such function.
    return undefined;
  }
}

/** Best effort: the folder may belong to somebody else. */
function writeCode(file: string, prefix: string, code: Buffer): void {
  const folder = path.dirname(file);
  try {
    mkdirSync(folder, { recursive: true });
    const header = Buffer.alloc(HEADER);
    header.writeUInt32LE(zlib.crc32(code));
    // What other builds left behind; other versions of Node keep theirs.
    for (const name of readdirSync(folder))
      if (name.startsWith(prefix) && !name.includes(`-${BUILD_ID}-`)) rmSync(path.join(folder, name));
    replaceFileSync(file, Buffer.concat([header, code]));
  } catch {
    // The next start takes as long as this one.
  }
}

function once(body: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    body();
  };
}
