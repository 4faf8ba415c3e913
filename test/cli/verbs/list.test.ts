import { expect, it, vi } from 'vitest';
import { list } from '#cli/verbs/list.ts';
import { latestKey, studentKeys, versionsKey } from '#core/keys.ts';
import { formatVersions } from '#core/versions.ts';
import { memoryObjects } from '#examples/in-memory-ports.ts';
import { aCard, aVersion } from '../../cards.ts';

const bucket = vi.hoisted(() => ({ objects: undefined as unknown }));
vi.mock('#cli/local-library.ts', () => ({ localLibrary: () => bucket, localJobs: undefined }));

async function printed(...words: string[]): Promise<string> {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    await list().parseAsync(words, { from: 'user' });
    return write.mock.calls.map(([text]) => text).join('');
  } finally {
    write.mockRestore();
  }
}

it('shows the number and the digest of each student, and which one is the latest', async () => {
  const { objects, put } = memoryObjects();
  bucket.objects = objects;
  const putCard = (student: string, version: string, createdAt: string) =>
    put(studentKeys(student, version).card, JSON.stringify(aCard({ student, version, createdAt })));
  putCard('cats', 'aaaaaaaaaaaa', '2026-11-24T12:00:00.000Z'); // before there were numbers
  putCard('pets', 'aaaaaaaaaaaa', '2026-11-25T12:00:00.000Z');
  putCard('pets', 'bbbbbbbbbbbb', '2026-11-26T12:00:00.000Z');
  const versions = [{ ...aVersion(1), version: 'aaaaaaaaaaaa' }, aVersion(2)];
  put(versionsKey('pets'), formatVersions(versions));
  const latest = { schema: 1, version: 'bbbbbbbbbbbb', jobId: 'j' };
  const uploadedAt = '2026-11-26T12:00:00.000Z';
  put(latestKey('pets'), JSON.stringify({ ...latest, uploadedAt }));

  const [, ...rows] = (await printed()).trimEnd().split('\n');
  expect(rows.map((row) => row.split(/ {2,}/).slice(0, 3))).toEqual([
    ['pets/v2', 'bbbbbbbbbbbb', 'latest'],
    ['pets/v1', 'aaaaaaaaaaaa', '10'],
    ['cats/aaaaaaaaaaaa', 'aaaaaaaaaaaa', '10'],
  ]);
  expect(JSON.parse(await printed('--json'))).toMatchObject([
    { student: 'pets', number: 2, latest: true, comparison: { correct: 37 } },
    { student: 'pets', number: 1, latest: false },
    { student: 'cats', latest: false },
  ]);
});
