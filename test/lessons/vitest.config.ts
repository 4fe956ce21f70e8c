import { defineConfig } from 'vitest/config';

/** `npm run test:lessons`: every notebook that ships, on two kernels at a time. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/lessons/**/*.test.ts'],
    maxConcurrency: 2,
    testTimeout: 300_000,
    // What is stored was computed by the kernels that round alike on every machine.
    env: { NABLA_HISTORY: 'off', NABLA_TUNING: 'off', NABLA_BLAS: 'off' },
    reporters: ['default', './test/summary-reporter.ts'],
  },
});
