import { describe, expect, it } from 'vitest';
import { sha256 } from '#core/identity.ts';
import {
  answersBefore,
  compareAnswers,
  comparisonInWords,
  type VersionComparison,
} from '#core/version-comparison.ts';

/** Rows written as `image label predicted`. */
async function* rows(...lines: string[]) {
  for (const line of lines) {
    const [image = '', label = '', predicted = ''] = line.split(' ');
    yield { label, predicted, sha256: sha256(image) };
  }
}

const compared = async (now: string[], before: string[]) =>
  compareAnswers(rows(...now), await answersBefore(rows(...before)));

describe('compareAnswers', () => {
  it('counts what each got right of the images that both were tested on', async () => {
    const now = ['1 cat cat', '2 cat dog', '3 dog dog', '4 dog dog', '9 dog dog'];
    const before = ['4 dog cat', '3 dog cat', '2 cat cat', '1 cat cat', '8 cat cat'];

    expect(await compared(now, before)).toEqual({ n: 4, correct: 3, correctBefore: 2, p: 1 });
  });

  it('takes the present label where it was changed: the image was in the wrong folder', async () => {
    const shared = await compared(['1 cat cat'], ['1 dog cat']);

    expect(shared).toMatchObject({ n: 1, correct: 1, correctBefore: 1 });
  });

  it('counts copies of an image once', async () => {
    const copies = ['1 cat cat', '1 cat cat', '1 cat cat'];

    expect(await compared(copies, copies)).toMatchObject({ n: 1, correct: 1, correctBefore: 1 });
  });

  it('finds nothing where no image is shared', async () => {
    expect(await compared(['1 cat cat'], ['2 cat cat'])).toMatchObject({ n: 0 });
  });
});

describe('comparisonInWords', () => {
  const v1 = { number: 1, version: '0a1b2c3d4e5f' };
  it.each<[VersionComparison, string]>([
    [
      { with: v1, n: 40, correct: 37, correctBefore: 35, p: 0.5 },
      'v2: 37 of 40; v1 on the same 40 images: 35. That may be chance (p = 0.5).',
    ],
    [
      { with: v1, n: 1_200, correct: 1_100, correctBefore: 1_050, p: 0.031_25 },
      'v2: 1,100 of 1,200; v1 on the same 1,200 images: 1,050. That is unlikely to be chance (p = 0.031).',
    ],
    [
      { with: v1, n: 400, correct: 300, correctBefore: 390, p: 1e-20 },
      'v2: 300 of 400; v1 on the same 400 images: 390. That is unlikely to be chance (p < 0.001).',
    ],
    [
      { with: v1, n: 40, correct: 35, correctBefore: 35, p: 1 },
      'v2: 35 of 40; v1 on the same 40 images: 35.',
    ],
    [
      { with: v1, n: 1, correct: 1, correctBefore: 0, p: 1 },
      'v2: 1 of 1; v1 on the same image: 0. That may be chance (p = 1).',
    ],
    [{ with: v1, whyNot: 'v1 has other classes' }, 'Not compared with v1: v1 has other classes.'],
  ])('says of %j: %s', (comparison, words) => {
    expect(comparisonInWords(2, comparison)).toBe(words);
  });
});
