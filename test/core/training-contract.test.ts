import { describe, expect, it } from 'vitest';
import { EXIT_DISK_FULL, failureText, parseFailure } from '#core/training-contract.ts';

describe('failures', () => {
  it('are read out of SageMaker’s wrapping', () => {
    const wrapped = `AlgorithmError: ${failureText('DATA_CHANGED', 'pets.zip has 12 bytes, not 13.')}, exit code: 1`;

    expect(parseFailure(wrapped)).toMatchObject({
      code: 'DATA_CHANGED',
      what: 'pets.zip has 12 bytes, not 13.',
    });
    expect(parseFailure(undefined).code).toBe('TRAINING_FAILED');
  });

  it.each([
    [137, 'TRAINER_KILLED', 'was killed'],
    [139, 'TRAINER_CRASHED', 'by signal 11'],
    [134, 'TRAINER_CRASHED', 'by signal 6'],
    [7, 'TRAINER_CRASHED', 'with exit code 7'],
  ])('without a message and with exit code %i are a sentence', (exitCode, code, words) => {
    const failure = parseFailure(`AlgorithmError: , exit code: ${exitCode}`);

    expect(failure.code).toBe(code);
    expect(failure.what).toContain(words);
    expect(failure.what).not.toContain('AlgorithmError');
    expect(failure.remedy).toContain('last checkpoint');
  });

  it('without a message on a full disk say that it is full', () => {
    const { code, what, remedy } = parseFailure(`AlgorithmError: , exit code: ${EXIT_DISK_FULL}`);

    expect({ code, what }).toEqual({
      code: 'DISK_FULL',
      what: 'The disk of the training job is full.',
    });
    expect(remedy).toContain('Make room');
  });
});
