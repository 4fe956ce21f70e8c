/** Anomaly mode in a notebook: the error names the cell and line that called the op that made the first NaN. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Client } from './client.js';
import { KernelProcess } from './kernel-process.js';

let kernel: KernelProcess;
let client: Client;

beforeAll(async () => {
  ({ kernel, client } = await KernelProcess.connected());
});
afterAll(() => kernel.dispose());

test('the first NaN of the forward pass is traced to its line, from another cell, too', async () => {
  const first = await client.execute(
    'const shrink = (x: Tensor) => {\n  const y = x.mul(2);\n  return y.log();\n};',
  );
  expect(first.reply.status).toBe('ok');
  const { reply } = await client.execute('detectAnomaly(() => shrink(tensor([-1, 1])))');
  expect(reply.ename).toBe('AnomalyError');
  expect(String(reply.evalue)).toMatch(
    /^log made the first NaN \(forward pass\): its result has shape \[2\], from input of shape \[2\]\. It was called at\n\s+at shrink \(Cell \[1\]:3:\d+\)\n[^]*Cell \[2\]:1:\d+/,
  );
});

test('the first NaN of the backward pass is traced to the line of the forward pass', async () => {
  const { reply } = await client.execute(
    'setDetectAnomaly(true);\nconst x = tensor([0, 4], { requiresGrad: true });\n' +
      'const loss = x.sqrt().mul(tensor([0, 1])).sum();\nloss.backward();',
  );
  expect(String(reply.evalue)).toMatch(
    /^SqrtBackward made the first NaN \(backward pass\)[^]*The operation is sqrt with input of shape \[2\], called at\n\s+at .*Cell \[3\]:3:\d+/,
  );
  await client.execute('setDetectAnomaly(false)');
});
