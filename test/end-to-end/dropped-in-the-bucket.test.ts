import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { pack } from 'tar-stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Job } from '#core/job.ts';
import { LOCAL_CREDENTIALS } from '#local/names.ts';
import { startedPipeline, understudy } from './commands.ts';
import { digitFolders } from './mnist.ts';

const MINUTES = 60_000;
const RECIPE = JSON.stringify({ regime: 'head-only', teacher: 'efficientnet-lite0', input_px: 96 });
let folder: string;
let state: string;
let files: [path: string, bytes: Buffer][];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'understudy-dropped-'));
  state = join(folder, 'state');
  await digitFolders(join(folder, 'digits'), 200);
  const names = await readdir(join(folder, 'digits'), { recursive: true });
  const images = names.filter((name) => name.endsWith('.png'));
  const read = images.map(async (path): Promise<[string, Buffer]> => {
    return [path, await readFile(join(folder, 'digits', path))];
  });
  files = [['dataset.json', Buffer.from(RECIPE)], ...(await Promise.all(read))];
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it(
  'a tar.gz and a folder without a seal become students, as any S3 client copies them',
  async () => {
    const tar = pack();
    for (const [name, bytes] of files) tar.entry({ name: `digits/${name}` }, bytes);
    tar.finalize();
    const archive = gzipSync(await buffer(tar as AsyncIterable<Uint8Array>));
    await writeFile(join(folder, 'packed.tar.gz'), archive);
    const pipeline = await startedPipeline(state);
    try {
      const { endpoint } = pipeline;
      const s3 = new S3Client({ ...LOCAL_CREDENTIALS, endpoint, forcePathStyle: true });
      const put = (Key: string, Body: Buffer) =>
        s3.send(new PutObjectCommand({ Bucket: 'understudy', Key, Body }));
      await put('datasets/packed.tar.gz', archive);
      for (const [path, bytes] of files) await put(`datasets/loose/${path}`, bytes);

      const jobs = await ended(2);
      expect(jobs.map(({ name, form, progress }) => [name, form, progress.state])).toEqual([
        ['loose', 'folder', 'published'],
        ['packed', 'archive', 'published'],
      ]);
      expect(jobs.map(({ summary }) => summary?.examples)).toEqual([200, 200]);
    } finally {
      await pipeline.end();
    }

    const again = await understudy(state, 'train', join(folder, 'packed.tar.gz'));
    expect(again.exit).toBe(0);
    expect(again.stderr).toContain('was processed before'); // the same bytes
  },
  8 * MINUTES,
);

/** The jobs, by name, as soon as there are so many and all of them have ended. */
async function ended(count: number): Promise<Job[]> {
  for (;;) {
    const { stdout } = await understudy(state, 'status', '--json');
    const jobs: Job[] = JSON.parse(stdout || '[]');
    const open = jobs.filter(
      ({ progress }) => !['published', 'failed', 'rejected'].includes(progress.state),
    );
    if (jobs.length >= count && open.length === 0)
      return jobs.sort((a, b) => (a.name < b.name ? -1 : 1));
    await setTimeout(1000);
  }
}
