import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';
import { jupyterEnv, python, root } from './environment.js';

interface SuiteOutcome {
  run: number;
  failed: string[];
  skipped: string[];
}

test('jupyter_kernel_test passes whole, with nothing skipped', () => {
  const script = path.join(root, 'test/jupyter/kernel_suite.py');
  const { stdout, stderr } = spawnSync(python(), [script], { env: jupyterEnv(), encoding: 'utf8' });
  const outcome = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as SuiteOutcome;
  expect(outcome.failed, stderr).toEqual([]);
  expect(outcome.skipped, stderr).toEqual([]);
  // 12 tests of KernelTests and one of IopubWelcomeTests in version 0.7.0.
  expect(outcome.run).toBe(13);
});
