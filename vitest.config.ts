import { defineConfig } from 'vitest/config';

/**
 * The unit tests, `npm run test:unit`: no network, no TensorFlow, no processes, no waiting. `npm test` runs these and
 * everything else, the `integration` tests.
 */
const UNIT = [
  'test/imports.test.ts',
  'test/{bench,contracts,core,docs,examples,lambdas}/**/*.test.ts',
  'test/cli/compose-recipe.test.ts',
  'test/local/events/**/*.test.ts',
  'test/training-image/{data,evaluate,storage}/**/*.test.ts',
  'test/training-image/plan/{choose-student,compare,folds,judgement,require-time,sample,survey}.test.ts',
  'test/training-image/head/lbfgs.test.ts',
  'test/training-image/fine-tune/schedule.test.ts',
];

/** Of these, the files that mock the AWS SDK's clients or set variables of the environment keep to a process of their own. */
const ISOLATED = ['test/lambdas/**/handler.test.ts', 'test/lambdas/aws/*.test.ts'];

export default defineConfig({
  test: {
    testTimeout: 120_000,
    hookTimeout: 60_000,
    // A training needs both cores of a small machine; more files at once only make the slow ones time out.
    maxWorkers: 2,
    pool: 'forks',
    reporters: ['default', './test/closing-line.ts'],
    coverage: {
      provider: 'v8',
      include: ['core/**/*.ts', 'lambdas/**/*.ts'],
      reporter: ['text-summary'],
      thresholds: { lines: 95 },
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: UNIT,
          exclude: ISOLATED,
          setupFiles: ['test/fixed-seeds.ts', 'test/without-tensorflow.ts'],
          isolate: false, // one load of zod and the AWS SDK per worker instead of one per file: half the processor time
        },
      },
      {
        extends: true,
        test: {
          name: 'unit-isolated',
          include: ISOLATED,
          setupFiles: ['test/fixed-seeds.ts', 'test/without-tensorflow.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/**/*.test.ts'],
          exclude: UNIT,
          setupFiles: ['test/fixed-seeds.ts'],
        },
      },
    ],
  },
});
