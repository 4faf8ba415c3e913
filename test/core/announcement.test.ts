import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advance, type Observation, receive } from '#core/job.ts';

const noon = new Date('2026-11-25T12:00:00.000Z');

/** What is announced of a job of this name that ends like this. */
function sentenceOf(name: string, seen: Observation): string {
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
  return advance(job, seen, noon).outbox[0]?.sentence ?? expect.fail('nothing was announced');
}

describe('the sentence of an announcement', () => {
  it('quotes as books do', () => {
    const what = 'a\\b.png\nis "text", not an image.';

    expect(sentenceOf('pets', { type: 'stage-failed', code: 'X', what, remedy: 'Retry.' })).toBe(
      'The training of “pets” failed (X): a/b.png is “text”, not an image. Retry.',
    );
  });

  it('stays what it is when it is put between quotation marks, as EventBridge does', () => {
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
