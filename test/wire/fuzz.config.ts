import { defineConfig } from 'vitest/config';

/** `npm run test:fuzz`: the whole of it. NABLA_FUZZ_COUNT and NABLA_FUZZ_SEED choose another number and other messages. */
export default defineConfig({
  test: {
    include: ['test/wire/fuzz.test.ts'],
    env: { NABLA_HISTORY: 'off', NABLA_FUZZ_COUNT: process.env.NABLA_FUZZ_COUNT ?? '100000' },
  },
});
