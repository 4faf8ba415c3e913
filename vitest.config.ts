import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // A training needs both cores of a small machine; more files at once only make the slow ones time out.
    maxWorkers: 2,
    pool: 'forks',
    reporters: ['default', './test/closing-line.ts'],
  },
});
