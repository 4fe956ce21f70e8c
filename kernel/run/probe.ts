/** A kernel started only to see whether it works. */
import os from 'node:os';
import { stripVTControlCharacters } from 'node:util';
import { LocalKernels } from './bridge/kernels.js';
import { connectLocally } from './connect.js';
import { ownLaunchSpec } from './run.js';

export interface ProbeResult {
  /** From the start of the process to its first answers on shell and IOPub. */
  startMs: number;
  /** What `1+1` gave, as text. */
  result: string;
  resultMs: number;
}

/** Starts this build's kernel, runs `1+1`, and shuts it down. Throws `RunError` when the kernel does not start. */
export async function probeKernel(): Promise<ProbeResult> {
  const kernels = new LocalKernels([ownLaunchSpec()]);
  try {
    const begun = performance.now();
    const client = await connectLocally(kernels, os.tmpdir(), 30_000);
    try {
      const started = performance.now();
      let result = '';
      const ignore = (): void => undefined;
      await client.execute(
        { code: '1+1', stopOnError: true },
        {
          count: ignore,
          output: (event) => {
            if (event.type === 'result')
              result = stripVTControlCharacters(String(event.data['text/plain'])).trim();
            if (event.type === 'error') result = `${event.ename}: ${event.evalue}`;
          },
        },
      );
      return { startMs: started - begun, result, resultMs: performance.now() - started };
    } finally {
      await client.close();
    }
  } finally {
    await kernels.shutdownAll();
  }
}
