/** A kernel started only to see whether it works. */
import os from 'node:os';
import { stripVTControlCharacters } from 'node:util';
import { LocalKernels } from './bridge/kernels.js';
import type { KernelClient } from './client.js';
import { connectLocally } from './connect.js';
import { ownLaunchSpec } from './place.js';

export interface ProbeResult {
  /** From the start of the process to its first answers on shell and IOPub. */
  startMs: number;
  /** What `1+1` gave, as text. */
  result: string;
  /** The first cell's time: it may wait for the process in which cells run. */
  firstMs: number;
  /** The second cell's time. */
  nextMs: number;
}

/** Starts this build's kernel, runs `1+1`, and shuts it down. Throws `RunError` when the kernel does not start. */
export async function probeKernel(): Promise<ProbeResult> {
  const kernels = new LocalKernels([ownLaunchSpec()]);
  try {
    const begun = performance.now();
    const client = await connectLocally(kernels, os.tmpdir(), 30_000);
    try {
      const started = performance.now();
      await onePlusOne(client);
      const first = performance.now();
      const result = await onePlusOne(client);
      return {
        startMs: started - begun,
        result,
        firstMs: first - started,
        nextMs: performance.now() - first,
      };
    } finally {
      await client.close();
    }
  } finally {
    await kernels.shutdownAll();
  }
}

async function onePlusOne(client: KernelClient): Promise<string> {
  let result = '';
  await client.execute(
    { code: '1+1', stopOnError: true },
    {
      count: () => undefined,
      output: (event) => {
        if (event.type === 'result')
          result = stripVTControlCharacters(String(event.data['text/plain'])).trim();
        if (event.type === 'error') result = `${event.ename}: ${event.evalue}`;
      },
    },
  );
  return result;
}
