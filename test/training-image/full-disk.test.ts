import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { EXIT_DISK_FULL, parseFailure } from '#core/training-contract.ts';
import { layOutJob } from '#examples/job-folder.ts';
import { canMount, smallDisk } from '../local/small-disk.ts';
import { tintedClasses } from './images.ts';
import { smallTeacher } from './small-teacher.ts';
import { startTrainer } from './trainer-process.ts';

async function jobOn(disk: string) {
  const folder = await mkdtemp(join(tmpdir(), 'understudy-teacher-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const teacher = { folder, entry: await smallTeacher(folder) };
  const files = await tintedClasses([10, 10]);
  return layOutJob(join(disk, 'job'), { form: 'zip', files, teacher });
}

it.skipIf(!canMount)(
  'a training on a full disk ends with DISK_FULL and numbers',
  {
    timeout: 120_000,
  },
  async () => {
    const disk = smallDisk(8);
    const folders = await jobOn(disk.folder);

    disk.fill(16_384);
    const { exit, failure } = await startTrainer(folders).ended;

    expect(exit).toBe(1);
    expect(parseFailure(`AlgorithmError: ${failure}, exit code: 1`)).toMatchObject({
      code: 'DISK_FULL',
      what: expect.stringMatching(/^The disk is full: .*\/job has 0 MB free/),
    });
  },
);

it.skipIf(!canMount)('even where its message cannot be written', { timeout: 120_000 }, async () => {
  const disk = smallDisk(8);
  const folders = await jobOn(disk.folder);

  disk.fill();
  const { exit, failure, stderr } = await startTrainer(folders).ended;

  expect({ exit, failure: failure ?? '' }).toEqual({ exit: EXIT_DISK_FULL, failure: '' });
  expect(stderr).toContain('DISK_FULL: The disk is full: ');
});
