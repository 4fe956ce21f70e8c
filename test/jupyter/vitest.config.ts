import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/jupyter/**/*.test.ts', 'test/browser/**/*.test.ts'],
    globalSetup: ['test/jupyter/setup.ts'],
    // Jupyter's own suite measures times between messages: nothing else may run beside it.
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // What a page shows comes a moment after it was asked for.
    expect: { poll: { timeout: 30_000, interval: 100 } },
    reporters: ['default', './test/summary-reporter.ts'],
  },
});
