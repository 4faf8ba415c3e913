import { beforeEach, describe, expect, it } from 'vitest';
import { findStudent } from '#cli/find-student.ts';
import { latestKey, studentKeys } from '#core/keys.ts';
import { memoryObjects } from '#examples/in-memory-ports.ts';

let bucket: ReturnType<typeof memoryObjects>;
beforeEach(() => {
  bucket = memoryObjects();
  const uploadedAt = '2026-11-24T12:00:00.000Z';
  const latest = { schema: 1, version: 'abcdefabcdef', jobId: 'j', uploadedAt };
  bucket.put(latestKey('pets'), JSON.stringify(latest));
});

describe('a student that somebody asks for', () => {
  it.each([
    ['{"schema": 3, "student": "pets"}', /student\.json was written by a newer version/],
    ['{"schema": 2, "student": "pets"}', /student\.json is damaged or is not a student's card/],
    ['{"schema": 2,', /student\.json is damaged/],
  ])('is said to be unreadable, and why, if its card is %s', async (text, message) => {
    bucket.put(studentKeys('pets', 'abcdefabcdef').card, text);

    await expect(findStudent(bucket.objects, 'pets')).rejects.toMatchObject({
      name: 'CliError',
      message: expect.stringMatching(message),
    });
  });

  it('is not found where its card is not', async () => {
    await expect(findStudent(bucket.objects, 'pets')).rejects.toMatchObject({ exit: 6 });
    await expect(findStudent(bucket.objects, 'cats/abc')).rejects.toMatchObject({ exit: 6 });
  });
});
