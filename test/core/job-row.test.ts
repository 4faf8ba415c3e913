import { describe, expect, it } from 'vitest';
import { advance, Job, type Observation, receive } from '#core/job.ts';
import { PROBLEMS_IN_ROW, problem } from '#core/problem.ts';

const noon = new Date('2026-11-24T12:00:00.000Z');
const upload = {
  id: 'a'.repeat(64),
  bucket: 'understudy',
  name: 'pets',
  dataset: 'datasets/pets.zip',
  form: 'archive' as const,
  seal: '12-etag-x',
  recipeHash: 'r',
  recipeKey: 'datasets/pets.json',
  uploadedAt: noon.toISOString(),
};
const jobAfter = (job: Job, ...observations: Observation[]): Job =>
  observations.reduce((each, next) => advance(each, next, noon), job);

describe('a row of an earlier version', () => {
  const row = receive(upload, noon);

  it('with its classes as a list is read with their number', () => {
    const summary = {
      classes: [
        { name: 'cat', examples: 5 },
        { name: 'dog', examples: 5 },
      ],
      examples: 10,
      manifestSha256: 'm',
      recipeSha256: 'r',
    };

    expect(Job.parse({ ...row, summary }).summary).toEqual({ ...summary, classes: 2 });
  });

  it('with `toDo` in its failure is read with a remedy', () => {
    const progress = { state: 'failed', code: 'X', what: 'It broke.', toDo: 'Retry.' };

    const expected = { state: 'failed', code: 'X', what: 'It broke.', remedy: 'Retry.' };
    expect(Job.parse({ ...row, progress }).progress).toEqual(expected);
  });

  it('that was launching a second attempt knows the first one when the launch is refused', () => {
    const trainingJobName = 'understudy-pets-aaaaaaaaaaaaaaaa-a2';
    const job = Job.parse({
      ...row,
      progress: { state: 'launching' },
      run: { attempt: 2, trainingJobName, ended: false },
    });
    const refusal = { type: 'launch-refused', trainingJobName, waitingFor: 'quota' } as const;

    expect(jobAfter(job, { ...refusal, reason: 'full' }).run).toEqual({
      attempt: 1,
      trainingJobName: 'understudy-pets-aaaaaaaaaaaaaaaa-a1',
      ended: true,
    });
  });

  it('of the present version is read as it was written', () => {
    expect(Job.parse(row)).toEqual(row);
  });
});

describe('the largest row', () => {
  /** Bytes of the row as JSON, which is longer than DynamoDB's own count. */
  const bytes = (job: Job) => Buffer.byteLength(JSON.stringify(job));
  const DYNAMODB_LIMIT = 400_000;
  // S3 allows keys of 1,024 bytes.
  const longName = '猫'.repeat(300);
  const longest = {
    ...upload,
    name: longName,
    dataset: `datasets/${longName}.zip`,
    recipeKey: `datasets/${longName}.json`,
    versionId: 'v'.repeat(1024),
  };

  it.each(['猫', '𝕏'])(
    'with 50 problems of the longest texts of %s is far below the limit',
    (letter) => {
      const text = letter.repeat(2_000);
      const each = problem('CODE', text, text, text);
      const job = jobAfter(receive(longest, noon), {
        type: 'dataset-rejected',
        problems: Array(PROBLEMS_IN_ROW).fill(each),
        problemCount: 200_000,
      });

      expect(bytes(job)).toBeLessThan(DYNAMODB_LIMIT / 2);
    },
  );

  it('with 1,000 classes and the longest history is far below the limit', () => {
    const trainingJobName = 'understudy-pets-aaaaaaaaaaaaaaaa-a1';
    let job = jobAfter(
      receive(longest, noon),
      {
        type: 'dataset-validated',
        summary: {
          classes: 1_000,
          examples: 200_000,
          manifestSha256: 'm'.repeat(64),
          recipeSha256: 'r'.repeat(64),
        },
      },
      { type: 'launch-started', trainingJobName },
    );
    for (let i = 0; i < 2_000; i++) {
      job = jobAfter(
        job,
        { type: 'training-running', trainingJobName },
        { type: 'training-interrupted', trainingJobName },
      );
    }
    expect(bytes(job)).toBeLessThan(DYNAMODB_LIMIT / 10);
    expect(job.history.at(-1)?.state).toBe('interrupted');
  });
});
