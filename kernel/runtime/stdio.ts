/** `process.stdout`, `process.stderr` and `console` of the user process: what is written becomes stream output of a cell. */
import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

export type WriteText = (name: 'stdout' | 'stderr', text: string) => void;

type Done = (error?: Error | null) => void;

/**
 * A stream that is done with a chunk when `write` returns. It goes round the state machine of `Writable`, which an interrupt in
 * its midst would leave waiting for ever.
 */
class TextStream extends Writable {
  readonly fd: number;
  // Notebook frontends show ANSI colours; libraries ask the stream.
  readonly hasColors = (): boolean => true;
  readonly getColorDepth = (): number => 8;
  readonly #decoder = new StringDecoder('utf8');

  constructor(
    readonly name: 'stdout' | 'stderr',
    readonly writeText: WriteText,
  ) {
    super({ decodeStrings: false });
    this.fd = name === 'stdout' ? 1 : 2;
  }

  override write(chunk: unknown, encoding?: BufferEncoding | Done, done?: Done): boolean {
    const text = this.#textOf(chunk, typeof encoding === 'string' ? encoding : undefined);
    if (text !== '') this.writeText(this.name, text);
    const callback = typeof encoding === 'function' ? encoding : done;
    if (callback) process.nextTick(callback);
    return true;
  }

  override _write(chunk: unknown, _encoding: BufferEncoding, done: Done): void {
    this.write(chunk);
    done();
  }

  #textOf(chunk: unknown, encoding: BufferEncoding | undefined): string {
    if (typeof chunk === 'string')
      return encoding === undefined || /^utf-?8$/i.test(encoding)
        ? chunk
        : this.#decoder.write(Buffer.from(chunk, encoding));
    if (chunk instanceof Uint8Array)
      return this.#decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    throw new TypeError(
      `process.${this.name}.write: the chunk must be a string or bytes, got ${typeof chunk}`,
    );
  }
}

let kernelConsole: Console | undefined;

export function installStdio(writeText: WriteText): void {
  const stdout = new TextStream('stdout', writeText);
  const stderr = new TextStream('stderr', writeText);
  Object.defineProperty(process, 'stdout', { value: stdout, configurable: true, enumerable: true });
  Object.defineProperty(process, 'stderr', { value: stderr, configurable: true, enumerable: true });
  // Console swallows errors of its streams by default, and with them an interrupt.
  kernelConsole = new Console({ stdout, stderr, ignoreErrors: false, colorMode: true });
  globalThis.console = kernelConsole;
}

/** Deeper than anyone nests groups. */
const GROUPS = 32;

/** A cell that was stopped never came to its `console.groupEnd()`: what follows is not to be indented for that. */
export function endGroups(): void {
  for (let group = 0; group < GROUPS; group++) kernelConsole?.groupEnd();
}

/** Hides Node's note that a feature the evaluator relies on may change; all other warnings are shown. */
export function hideOwnWarnings(): void {
  const emitWarning = process.emitWarning.bind(process);
  const value = (...args: Parameters<typeof emitWarning>): void => {
    if (!String(args[0]).includes('vm.USE_MAIN_CONTEXT_DEFAULT_LOADER')) emitWarning(...args);
  };
  Object.defineProperty(process, 'emitWarning', { value, configurable: true, writable: true });
}
