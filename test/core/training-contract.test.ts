import { describe, expect, it } from 'vitest';
import { failureText, parseFailure } from '#core/training-contract.ts';

describe('failures', () => {
  it('are read out of SageMaker’s wrapping', () => {
    const wrapped = `AlgorithmError: ${failureText('DATA_CHANGED', 'pets.zip has 12 bytes, not 13.')}, exit code: 1`;

    expect(parseFailure(wrapped)).toMatchObject({
      code: 'DATA_CHANGED',
      what: 'pets.zip has 12 bytes, not 13.',
    });
    expect(parseFailure(undefined).code).toBe('TRAINING_FAILED');
  });
});
