import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';
import { jupyterEnv, python, root } from './environment.js';

test('jupyter console: results, a question, Ctrl-C, an error, the pager, and an end that leaves nothing', () => {
  const script = path.join(root, 'test/jupyter/console.py');
  const { status, stdout, stderr } = spawnSync(python(), [script], {
    env: { ...jupyterEnv(), PAGER: 'cat', TERM: 'xterm' },
    encoding: 'utf8',
  });
  expect(status, stdout + stderr).toBe(0);
  expect(stdout).toMatch(/ended with 0\s*$/);
});
