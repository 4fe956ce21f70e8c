/**
 * The way out of the user process: frames written synchronously, so that what a loop prints is seen while it runs. A reader that
 * does not keep up slows the writer down, nothing is buffered here.
 */
import { writeSync } from 'node:fs';
import { encodeFrame } from './framing.js';
import type { FromUser } from './frames.js';
import type { Guard } from './guard.js';

const pause = new Int32Array(new SharedArrayBuffer(4));

export class Outlet {
  constructor(
    private readonly fd: number,
    private readonly guard: Guard,
  ) {}

  send(frame: FromUser): void {
    this.guard.critical(() => writeWhole(this.fd, encodeFrame(frame)));
  }
}

/** Writes all of `bytes`; ends the process when nobody reads any more. */
export function writeWhole(fd: number, bytes: Uint8Array): void {
  let offset = 0;
  while (offset < bytes.length) {
    try {
      offset += writeSync(fd, bytes, offset);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'EAGAIN') Atomics.wait(pause, 0, 0, 1);
      else if (code === 'EPIPE') process.kill(process.pid, 'SIGKILL');
      else throw error;
    }
  }
}
