import { beforeEach, describe, expect, it } from 'vitest';
import { studentVersion } from '#core/identity.ts';
import { studentKeys } from '#core/keys.ts';
import type { NumberedVersion } from '#core/versions.ts';
import { compareVersions } from '#lambdas/publish-student/compare-versions.ts';
import { aJob, bucketOfStudents } from './published-students.ts';

const [first, second] = [aJob(1), aJob(2)];
const version = studentVersion(first.id);
const v1: NumberedVersion = {
  number: 1,
  version,
  jobId: first.id,
  uploadedAt: first.uploadedAt,
  createdAt: first.createdAt,
  test: { n: 1, correct: 1, accuracy: 1 },
};
const ANSWERS: Record<string, [string, string]> = { 'a.png': ['cat', 'cat'] };
const before = studentKeys('pets', version);
const now = studentKeys('pets', studentVersion(second.id));

let bucket: ReturnType<typeof bucketOfStudents>;
beforeEach(() => {
  bucket = bucketOfStudents();
});

describe('compareVersions', () => {
  it('compares what both students answered for the images that they share', async () => {
    bucket.put(first, {
      'a.png': ['cat', 'dog'],
      'b.png': ['dog', 'dog'],
      'c.png': ['cat', 'cat'],
    });
    const card = bucket.put(second, {
      'a.png': ['cat', 'cat'],
      'b.png': ['dog', 'dog'],
      'd.png': ['dog', 'cat'],
    });

    expect(await compareVersions(bucket.objects, card, v1)).toEqual({
      with: { number: 1, version },
      n: 2,
      correct: 2,
      correctBefore: 1,
      p: 1,
    });
  });

  it('reads files of many blocks', async () => {
    const answers = Object.fromEntries(
      Array.from({ length: 20_000 }, (_, i): [string, [string, string]] => [
        `${'long '.repeat(10)}${i}.png`,
        ['cat', i % 10 === 0 ? 'dog' : 'cat'],
      ]),
    );
    bucket.put(first, answers);
    const card = bucket.put(second, answers);
    expect((await bucket.objects.head(now.predictions))?.size).toBeGreaterThan(2 << 20);

    expect(await compareVersions(bucket.objects, card, v1)).toMatchObject({
      n: 20_000,
      correct: 18_000,
      correctBefore: 18_000,
      p: 1,
    });
  });

  it.each<[string, () => unknown, string]>([
    [
      'other images',
      () => bucket.put(first, { 'b.png': ['cat', 'cat'] }),
      'they have no test images in common',
    ],
    [
      'other classes',
      () => bucket.put(first, ANSWERS, { classes: ['cat', 'fox'] }),
      'v1 has other classes',
    ],
    ['no file of answers', () => bucket.put(first), 'v1 has no predictions.csv'],
    [
      'a file that was removed',
      () => bucket.remove(before.predictions),
      'v1 has no predictions.csv',
    ],
    ['no file now', () => bucket.remove(now.predictions), 'this version has no predictions.csv'],
    [
      'a damaged file',
      () => bucket.putObject(before.predictions, 'file,'),
      'a predictions.csv is damaged',
    ],
    ['a damaged card', () => bucket.putObject(before.card, '{}'), 'the card of v1 cannot be read'],
    ['no card', () => bucket.remove(before.card), 'the card of v1 cannot be read'],
  ])('says why not: %s', async (_, prepare, whyNot) => {
    bucket.put(first, ANSWERS);
    const card = bucket.put(second, ANSWERS);
    prepare();

    expect(await compareVersions(bucket.objects, card, v1)).toEqual({
      with: { number: 1, version },
      whyNot,
    });
  });

  it('does not read files of any size', async () => {
    bucket.put(first, ANSWERS);
    const card = bucket.put(second, ANSWERS);
    const { head } = bucket.objects;
    bucket.objects.head = async (key) => {
      const found = await head(key);
      return found && { ...found, size: 1e9 };
    };
    bucket.objects.readRange = () => expect.fail('it was read');

    expect(await compareVersions(bucket.objects, card, v1)).toMatchObject({
      whyNot: 'the predictions.csv of this version is larger than 300 MB',
    });
  });

  it('survives that a file is replaced while it is read; another fault is passed on', async () => {
    bucket.put(first, ANSWERS);
    const card = bucket.put(second, ANSWERS);
    const { readRange } = bucket.objects;
    bucket.objects.readRange = (key, start, end) => readRange(key, start, end, 'another');
    expect(await compareVersions(bucket.objects, card, v1)).toMatchObject({
      whyNot: 'a predictions.csv is damaged',
    });

    bucket.objects.readRange = () => Promise.reject(new Error('no network'));
    await expect(compareVersions(bucket.objects, card, v1)).rejects.toThrow('no network');
  });
});
