import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['node_modules', 'dist', 'test/browser', 'test/jupyter', 'test/lessons'],
    testTimeout: 30_000,
    maxWorkers: 2,
    // The kernels of tests leave the user's history and cache alone, and compute alike whether the machine has a BLAS or not.
    env: {
      NABLA_HISTORY: 'off',
      NABLA_CACHE_DIR: new URL('./.cache/tests', import.meta.url).pathname,
      NABLA_BLAS: process.env.NABLA_BLAS ?? 'off',
    },
    reporters: ['default', './test/summary-reporter.ts'],
  },
  resolve: {
    alias: {
      'nabla/core': new URL('./core/index.ts', import.meta.url).pathname,
      'nabla/run': new URL('./kernel/run/index.ts', import.meta.url).pathname,
      nabla: new URL('./kernel/api.ts', import.meta.url).pathname,
    },
  },
});
