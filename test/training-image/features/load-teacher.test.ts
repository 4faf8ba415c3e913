import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TeacherEntry } from '#core/teacher.ts';
import { WEIGHTS_FILE } from '#teachers/layers-model.ts';
import { loadTeacher, OWN_TEACHERS } from '#training-image/features/load-teacher.ts';
import { smallTeacher } from '../small-teacher.ts';

let root: string;
let channel: string; // as SageMaker fills it; not there unless a test makes it
let own: string; // the teachers of the image
let entry: TeacherEntry;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'understudy-teachers-'));
  channel = join(root, 'channel');
  own = join(root, 'own');
  entry = await smallTeacher(join(own, 'small'));
});
afterEach(async () => {
  delete process.env[OWN_TEACHERS];
  await rm(channel, { recursive: true, force: true });
});
afterAll(() => rm(root, { recursive: true, force: true }));

const changed = { code: 'TEACHER_CHANGED' };

async function load(): Promise<string> {
  const { digest, model } = await loadTeacher(channel, entry);
  model.dispose();
  return digest;
}

async function flipBit(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  await writeFile(path, bytes);
}

describe('loadTeacher', () => {
  it('takes the image’s own where the job brings none', async () => {
    process.env[OWN_TEACHERS] = own;

    expect(await load()).toMatch(/^[0-9a-f]{64}$/);
  });

  it('takes the one that the job brings, where the image has none', async () => {
    await cp(join(own, 'small'), channel, { recursive: true });
    process.env[OWN_TEACHERS] = join(root, 'nowhere');

    expect(await load()).toMatch(/^[0-9a-f]{64}$/);
  });

  it('does not cover up a wrong one in the channel with its own', async () => {
    process.env[OWN_TEACHERS] = own;
    await cp(join(own, 'small'), channel, { recursive: true });
    await flipBit(join(channel, WEIGHTS_FILE));

    await expect(load()).rejects.toMatchObject(changed);
  });

  it('does not cover up an empty channel with its own', async () => {
    process.env[OWN_TEACHERS] = own;
    await mkdir(channel);

    await expect(load()).rejects.toMatchObject(changed);
  });

  it('does not take its own unseen', async () => {
    const damaged = join(root, 'damaged');
    await cp(own, damaged, { recursive: true });
    await flipBit(join(damaged, 'small', WEIGHTS_FILE));
    process.env[OWN_TEACHERS] = damaged;

    await expect(load()).rejects.toMatchObject(changed);
  });

  it.each([
    [
      'the image has others',
      () => root,
      'The job has no teacher channel, and its image does not contain "small".',
    ],
    [
      'there is no image',
      () => undefined,
      'The job has no teacher channel, and there is no image that contains one.',
    ],
  ])('says that there is none: %s', async (_, teachers, message) => {
    const folder = teachers();
    if (folder) process.env[OWN_TEACHERS] = folder;

    await expect(load()).rejects.toMatchObject({ ...changed, message });
  });
});
