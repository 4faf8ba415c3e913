import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advance, type Observation, receive } from '#core/job.ts';

const noon = new Date('2026-11-25T12:00:00.000Z');

/** The sentence of a job with this name, after these observations. */
function sentenceOf(name: string, ...observations: Observation[]): string {
  const job = receive(
    {
      id: 'a'.repeat(64),
      bucket: 'understudy',
      name,
      dataset: `datasets/${name}.zip`,
      form: 'archive',
      seal: '12-etag-x',
      recipeHash: 'r',
      recipeKey: `datasets/${name}.json`,
      uploadedAt: noon.toISOString(),
    },
    noon,
  );
  const ended = observations.reduce((each, next) => advance(each, next, noon), job);
  return ended.outbox[0]?.sentence ?? expect.fail('nothing was announced');
}

describe('the sentence of an announcement', () => {
  it.each([
    [
      {},
      'Student “pets” 057356abcdef is ready: 91.5% accuracy on held-out images (95% interval 86.7–94.6%).',
    ],
    [
      { number: 1 },
      'pets v1 is ready: 91.5% accuracy on held-out images (95% interval 86.7–94.6%).',
    ],
    [
      {
        number: 2,
        comparison: {
          with: { number: 1, version: '0a1b2c3d4e5f' },
          n: 40,
          correct: 37,
          correctBefore: 35,
          p: 0.5,
        },
      },
      'pets v2 is ready: 91.5% accuracy on held-out images (95% interval 86.7–94.6%). v2: 37 of 40; v1 on the same 40 images: 35. That may be chance (p = 0.5).',
    ],
  ])(
    'gives the accuracy of a student, and the comparison with the version before: %j',
    (versioned, sentence) => {
      const trainingJobName = 'r';
      const given = sentenceOf(
        'pets',
        {
          type: 'dataset-validated',
          summary: { classes: 2, examples: 10, manifestSha256: 'm', recipeSha256: 'r' },
        },
        { type: 'launch-started', trainingJobName },
        { type: 'training-completed', trainingJobName, artifacts: 's3://b/o' },
        {
          type: 'student-published',
          version: '057356abcdef',
          accuracy: 0.915,
          interval95: [0.867, 0.946],
          ...versioned,
        },
      );

      expect(given).toBe(sentence);
    },
  );

  it('gives the first problem of a dataset, and the number of the others', () => {
    const first = { code: 'X', where: 'a.png', what: 'It is empty.', remedy: 'Replace it.' };
    const rejected = (problemCount: number) =>
      sentenceOf('pets', { type: 'dataset-rejected', problems: [first], problemCount });

    expect(rejected(1)).toBe('Dataset “pets” was rejected: a.png: It is empty.');
    expect(rejected(3)).toBe('Dataset “pets” was rejected: a.png: It is empty. (and 2 more)');
  });

  it('uses typographic quotation marks', () => {
    const what = 'a\\b.png\nis "text", not an image.';

    expect(sentenceOf('pets', { type: 'stage-failed', code: 'X', what, remedy: 'Retry.' })).toBe(
      'Training “pets” failed (X): a/b.png is “text”, not an image. Retry.',
    );
  });

  it('needs no escaping between quotation marks, where EventBridge puts it', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(text, text, (name, what) => {
        const sentence = sentenceOf(name, {
          type: 'stage-failed',
          code: 'X',
          what,
          remedy: 'Retry.',
        });
        expect(JSON.parse(`"${sentence}"`)).toBe(sentence);
      }),
    );
  });
});
