import { defineConfig } from 'vitest/config';

/** `npm run acceptance`: the "must show" commands of every issue so far, each as it was written, with its figures checked. Takes the better part of an hour. */
export default defineConfig({
  test: {
    include: ['test/acceptance/*.test.ts'],
    testTimeout: 4 * 3_600_000,
    hookTimeout: 600_000,
    pool: 'forks',
    // One after the other, and one thing at a time: figures of time are among what is checked.
    fileParallelism: false,
    maxWorkers: 1,
    reporters: ['verbose'],
    disableConsoleIntercept: true,
  },
});
