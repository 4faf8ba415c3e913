import { beforeEach, describe, expect, it } from 'vitest';
import { findStudent } from '#cli/find-student.ts';
import { numberedVersion } from '#cli/student-versions.ts';
import { latestKey, studentKeys, versionsKey } from '#core/keys.ts';
import { formatVersions } from '#core/versions.ts';
import { memoryObjects } from '#examples/in-memory-ports.ts';
import { aCard } from '../cards.ts';

const uploadedAt = '2026-11-24T12:00:00.000Z';
const OLD = 'aaaaaaaaaaaa'; // published before there were numbers
const FIRST = 'bbbbbbbbbbbb';
const SECOND = 'cccccccccccc';

let bucket: ReturnType<typeof memoryObjects>;
beforeEach(() => {
  bucket = memoryObjects();
  const latest = { schema: 1, version: SECOND, jobId: 'j', uploadedAt };
  bucket.put(latestKey('pets'), JSON.stringify(latest));
});

/** Three students of "pets", two of which have numbers. */
function putStudents(): void {
  for (const version of [OLD, FIRST, SECOND]) putCard('pets', version);
  const test = { n: 29, correct: 27, accuracy: 27 / 29 };
  const versions = [FIRST, SECOND].map((version, i) => ({
    number: i + 1,
    version,
    jobId: 'j',
    uploadedAt,
    createdAt: uploadedAt,
    test,
  }));
  bucket.put(versionsKey('pets'), formatVersions(versions));
}

function putCard(student: string, version: string): void {
  bucket.put(studentKeys(student, version).card, JSON.stringify(aCard({ student, version })));
}

describe('a student that somebody asks for', () => {
  it.each([
    ['pets', SECOND],
    ['pets/v1', FIRST],
    ['pets/v2', SECOND],
    [`pets/${FIRST}`, FIRST],
    [`pets/${OLD}`, OLD],
  ])('is found as %s', async (wanted, version) => {
    putStudents();

    expect(await findStudent(bucket.objects, wanted)).toMatchObject({ student: 'pets', version });
  });

  it('has its number, unless it was published before there were numbers', async () => {
    putStudents();
    const numberOf = async (wanted: string) =>
      (await numberedVersion(bucket.objects, await findStudent(bucket.objects, wanted)))?.number;

    expect(await numberOf('pets')).toBe(2);
    expect(await numberOf(`pets/${FIRST}`)).toBe(1);
    expect(await numberOf(`pets/${OLD}`)).toBeUndefined();
  });

  it('is found by its digest where the list of numbers is damaged', async () => {
    putStudents();
    bucket.put(versionsKey('pets'), '{');

    expect(await findStudent(bucket.objects, 'pets')).toMatchObject({ version: SECOND });
    expect(await findStudent(bucket.objects, `pets/${FIRST}`)).toMatchObject({ version: FIRST });
  });

  it.each([
    ['{"schema": 3, "student": "pets"}', /student\.json was written by a newer version/],
    ['{"schema": 2, "student": "pets"}', /student\.json is damaged or is not a student's card/],
    ['{"schema": 2,', /student\.json is damaged/],
  ])('is said to be unreadable, and why, if its card is %s', async (text, message) => {
    bucket.put(studentKeys('pets', SECOND).card, text);

    await expect(findStudent(bucket.objects, 'pets')).rejects.toMatchObject({
      name: 'CliError',
      message: expect.stringMatching(message),
    });
  });

  it('is not found where its card is not', async () => {
    await expect(findStudent(bucket.objects, 'pets')).rejects.toMatchObject({ exit: 6 });
    await expect(findStudent(bucket.objects, 'cats/abc')).rejects.toMatchObject({
      exit: 6,
      message: 'There is no student "cats/abc". "npx understudy list" lists all students.',
    });
  });

  it.each(['pets/v3', 'pets/dddddddddddd', 'pets/v1/student.json', 'pets/'])(
    'is not found as %s; the versions that there are are named',
    async (wanted) => {
      putStudents();

      await expect(findStudent(bucket.objects, wanted)).rejects.toMatchObject({
        exit: 6,
        message: `There is no version "${wanted.slice(5)}" of "pets"; it has ${OLD}, v1 (${FIRST}), and v2 (${SECOND}).`,
      });
    },
  );

  it('is not found when it was removed, but the others are named', async () => {
    putStudents();
    bucket.remove(studentKeys('pets', SECOND).card);

    await expect(findStudent(bucket.objects, 'pets')).rejects.toMatchObject({
      message: `There is no latest version of "pets"; it has ${OLD} and v1 (${FIRST}).`,
    });
  });

  it('is found by its number where latest.json is damaged', async () => {
    putStudents();
    bucket.put(latestKey('pets'), '{');

    expect(await findStudent(bucket.objects, 'pets/v2')).toMatchObject({ version: SECOND });
    await expect(findStudent(bucket.objects, 'pets')).rejects.toMatchObject({
      message: expect.stringMatching(
        /^There is no latest version of "pets"; it has aaaaaaaaaaaa, v1/,
      ),
    });
  });

  it('has at most ten other versions named', async () => {
    for (let i = 0; i < 15; i++) putCard('pets', `${i}`.padStart(12, '0'));

    await expect(findStudent(bucket.objects, 'pets/v3')).rejects.toMatchObject({
      message: expect.stringMatching(
        /; it has 5 earlier ones, 000000000005, .*, and 000000000014\.$/,
      ),
    });
  });
});
