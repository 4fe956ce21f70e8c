import { defineConfig } from 'vitest/config';

/** `npm run test:lessons`: every notebook that ships, on two kernels at a time. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/lessons/**/*.test.ts'],
    maxConcurrency: 2,
    testTimeout: 300_000,
    env: { NABLA_HISTORY: 'off' },
    reporters: ['default', './test/summary-reporter.ts'],
  },
});
