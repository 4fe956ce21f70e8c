/** A kernel for the tests of a file, with a frontend that debugs it. */
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { Client } from './client.js';
import { DebugClient } from './debug-client.js';
import { KernelProcess } from './kernel-process.js';

export let kernel: KernelProcess;
export let client: Client;
export let debug: DebugClient;

/** Starts it before the first test. */
export function useDebuggedKernel(): void {
  beforeAll(async () => {
    ({ kernel, client } = await KernelProcess.connected({ node: process.env.NABLA_TEST_NODE }));
    debug = new DebugClient(client);
  });
  afterAll(() => kernel.dispose());
}

/** What a failed test leaves paused goes on. */
export function eachWithADebuggerOfItsOwn(): void {
  beforeEach(() => debug.start());
  afterEach(async () => {
    await debug.ask('disconnect');
    await client.ask('interrupt_request', {}, { channel: 'control' });
  });
}
