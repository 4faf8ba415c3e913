import { beforeEach, describe, expect, it } from 'vitest';
import { studentVersion } from '#core/identity.ts';
import { studentKeys, versionsKey } from '#core/keys.ts';
import { parseVersions } from '#core/versions.ts';
import { memoryJobs } from '#examples/in-memory-ports.ts';
import { numberVersion } from '#lambdas/publish-student/number-version.ts';
import { aJob, bucketOfStudents, published, putRow } from './published-students.ts';

let bucket: ReturnType<typeof bucketOfStudents>;
let jobs: ReturnType<typeof memoryJobs>;
beforeEach(() => {
  bucket = bucketOfStudents();
  jobs = memoryJobs();
});

const number = (n: number) => {
  const job = aJob(n);
  const card = bucket.put(job, { 'a.png': ['cat', 'cat'] });
  return numberVersion({ objects: bucket.objects, jobs }, job, card);
};
const list = async () => parseVersions((await bucket.objects.readText(versionsKey('pets'))) ?? '');
const numbers = async () =>
  Object.fromEntries((await list())?.map((each) => [each.version, each.number]) ?? []);
const versionOf = (n: number) => studentVersion(aJob(n).id);

describe('numberVersion', () => {
  it('counts in the order of publication, and writes what list and report need', async () => {
    expect(await number(2)).toMatchObject({ number: 1 });
    expect(await number(1)).toMatchObject({ number: 2 });

    const { id, uploadedAt, createdAt } = aJob(2);
    expect(await list()).toMatchObject([
      {
        number: 1,
        version: versionOf(2),
        jobId: id,
        uploadedAt,
        createdAt,
        test: { n: 29, correct: 27 },
      },
      { number: 2, version: versionOf(1) },
    ]);
  });

  it('gives a version that is published again the number it has', async () => {
    await number(1);
    const second = await number(2);

    expect(await number(1)).toMatchObject({ number: 1 });
    expect(await number(2)).toEqual(second);
    expect(await list()).toHaveLength(2);
  });

  it('gives each of several writers a number of its own, and one version one number', async () => {
    // Each publication twice, all at once, as doubled events and the sweeper may cause it.
    const writers = [1, 2, 3, 1, 2, 3].map((n) => number(n));
    const given = await Promise.all(writers);

    const all = await numbers();
    expect(Object.values(all).sort()).toEqual([1, 2, 3]);
    for (const each of given) expect(each.number).toBe(all[each.version]);
  });

  it('stays the same when a write succeeded but its answer was lost', async () => {
    const { writeIf } = bucket.objects;
    bucket.objects.writeIf = async (...call) => {
      await writeIf(...call);
      return false;
    };

    expect(await number(1)).toMatchObject({ number: 1 });
    expect(await list()).toHaveLength(1);
  });

  it('compares with the latest of the earlier uploads that is still there', async () => {
    await number(1);
    await number(3); // a later upload than the next one
    await number(2);
    expect((await number(4)).comparison).toMatchObject({
      with: { number: 2, version: versionOf(3) },
      n: 1,
      correct: 1,
    });

    bucket.remove(studentKeys('pets', versionOf(4)).card);
    bucket.remove(studentKeys('pets', versionOf(3)).card);
    expect((await number(5)).comparison).toMatchObject({ with: { number: 3 } });
  });

  it('compares the first upload with nothing', async () => {
    expect(await number(1)).not.toHaveProperty('comparison');
    await number(3);
    expect((await number(2)).comparison).toMatchObject({ with: { number: 1 } });
  });

  it('numbers students that were published before there were numbers first', async () => {
    const [a, b, c] = [aJob(1), aJob(2), aJob(3)];
    const at = (time: string) => [{ state: 'published', at: `2026-11-24T${time}:00.000Z` }];
    await putRow(jobs, published({ ...a, history: at('14:00') }));
    await putRow(jobs, published({ ...b, history: at('13:00') }));
    await putRow(jobs, c); // another process is publishing it at this moment
    for (const each of [a, b, c]) bucket.put(each);

    const mine = await number(4);

    expect(mine).toMatchObject({
      number: 3,
      comparison: { with: { number: 1 }, whyNot: 'v1 has no predictions.csv' },
    });
    expect(await numbers()).toEqual({
      [versionOf(2)]: 1,
      [versionOf(1)]: 2,
      [versionOf(4)]: 3,
    });
    expect(await number(3)).toMatchObject({ number: 4 });
  });

  it('does not write a damaged list anew', async () => {
    bucket.putObject(versionsKey('pets'), '{');

    await expect(number(1)).rejects.toThrow('students/pets/versions.json is damaged');
    expect(await bucket.objects.readText(versionsKey('pets'))).toBe('{');
  });
});
