import { describe, expect, it } from 'vitest';
import { delivery } from '#local/stages.ts';

describe('the stages on one machine', () => {
  it.each(['validate-dataset', 'publish-student'] as const)('%s is retried as on AWS', (stage) => {
    expect(delivery(stage)).toEqual({ batchSize: 1, maxReceiveCount: 5, maxConcurrency: 5 });
  });

  it.each(['launch-training', 'announce-job'] as const)('%s is retried as on AWS', (stage) => {
    expect(delivery(stage)).toEqual({
      batchSize: 10,
      maximumRetryAttempts: 5,
      bisectBatchOnFunctionError: true,
    });
  });
});
