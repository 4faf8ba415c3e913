import { beforeEach, describe, expect, it } from 'vitest';
import { isStudentGone, knownInWords } from '#cli/known-job.ts';
import { type Job, receive } from '#core/job.ts';
import { latestKey, studentKeys, versionsKey } from '#core/keys.ts';
import { formatVersions } from '#core/versions.ts';
import { memoryObjects } from '#examples/in-memory-ports.ts';
import { anUpload, noon } from '#test/uploads.ts';

const uploadedAt = noon.toISOString();
const FIRST = 'bbbbbbbbbbbb';
const SECOND = 'cccccccccccc';

let bucket: ReturnType<typeof memoryObjects>;
beforeEach(() => {
  bucket = memoryObjects();
  bucket.put(studentKeys('pets', FIRST).card, '{}');
});

const aJob = (progress: Job['progress']): Job => ({
  ...receive(anUpload({ id: `${FIRST}${'0'.repeat(52)}` }), noon),
  progress,
});
const published = aJob({
  state: 'published',
  version: FIRST,
  accuracy: 0.9,
  interval95: [0.8, 0.95],
});

const putLatest = (version: string) =>
  bucket.put(latestKey('pets'), JSON.stringify({ schema: 1, version, jobId: 'j', uploadedAt }));

function putNumbers(): void {
  const test = { n: 1, correct: 1, accuracy: 1 };
  const versions = [FIRST, SECOND].map((version, i) => ({
    ...{ number: i + 1, version, jobId: 'j', uploadedAt, createdAt: uploadedAt, test },
  }));
  bucket.put(versionsKey('pets'), formatVersions(versions));
}

describe('a dataset that was processed before', () => {
  it('is said to be which version, and how it is trained again', async () => {
    putNumbers();
    putLatest(FIRST);

    expect(await knownInWords(bucket.objects, published)).toBe(
      `This dataset was processed before, as pets v1 (${FIRST}); showing that result. --force trains it again.`,
    );
  });

  it('is said not to be the latest version', async () => {
    putNumbers();
    putLatest(SECOND);

    expect(await knownInWords(bucket.objects, published)).toContain(
      `--force trains it again. The latest version is v2 (${SECOND}), of a later upload.`,
    );
  });

  it('is named by its digest if it was published before there were numbers', async () => {
    putLatest(SECOND);

    expect(await knownInWords(bucket.objects, published)).toBe(
      `This dataset was processed before, as pets ${FIRST}; showing that result. --force trains it again. The latest version is ${SECOND}, of a later upload.`,
    );
  });

  it('can be retried if that failed', async () => {
    const failed = aJob({ state: 'failed', code: 'X', what: 'It broke.', remedy: 'Mend it.' });

    expect(await knownInWords(bucket.objects, failed)).toBe(
      `This dataset was processed before; showing that result. "npx understudy retry ${FIRST}" trains it again.`,
    );
    expect(await isStudentGone(bucket.objects, failed)).toBe(false);
  });

  it('has no student any more if somebody removed it', async () => {
    expect(await isStudentGone(bucket.objects, published)).toBe(false);
    bucket.remove(studentKeys('pets', FIRST).card);
    expect(await isStudentGone(bucket.objects, published)).toBe(true);
  });
});
