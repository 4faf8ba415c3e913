import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Dataset, openDataset } from '#cli/open-dataset.ts';
import { addRecipeFlags, givenFlags } from '#cli/recipe-flags.ts';
import { uploadDataset } from '#cli/upload-dataset.ts';
import { advance, receive } from '#core/job.ts';
import { archiveUpload } from '#core/keys.ts';
import { memoryJobs } from '#examples/in-memory-ports.ts';
import { s3Objects } from '#lambdas/aws/objects.ts';
import { identifyUpload } from '#lambdas/validate-dataset/identify-upload.ts';
import { BUCKET } from '#test/local/s3/bucket-name.ts';
import { runningS3 } from '#test/local/s3/running-s3.ts';
import { anUpload, noon } from '#test/uploads.ts';

let folder: string;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'understudy-upload-')), 'pets');
  await mkdir(join(folder, 'cat'), { recursive: true });
  for (const name of ['1.jpg', '2.jpg', '3.jpg'])
    await writeFile(join(folder, 'cat', name), Buffer.alloc(100_000));
});
afterEach(() => rm(join(folder, '..'), { recursive: true, force: true }));

async function bucket() {
  const { client: s3 } = await runningS3({ client: { forcePathStyle: true } });
  return { s3, bucket: BUCKET, objects: s3Objects(BUCKET, s3), jobs: memoryJobs() };
}

const aZip = (): Dataset => ({
  name: 'pets',
  recipe: undefined,
  open: () => Readable.from([Buffer.from('a zip')]),
});

describe('the same bytes from another client', () => {
  const bytes = Buffer.alloc(12 * 1024 ** 2, 'a zip of more than one part');
  const key = 'datasets/pets.zip';
  const MB = 1024 ** 2;

  it.each([
    ['in one piece, with CRC-32', { partSize: 16 * MB, ChecksumAlgorithm: 'CRC32' }],
    [
      'in parts of 8 MB, with CRC-32 of the parts',
      { partSize: 8 * MB, ChecksumAlgorithm: 'CRC32' },
    ],
    ['in parts of 5 MB, with SHA-256', { partSize: 5 * MB, ChecksumAlgorithm: 'SHA256' }],
    ['in parts of 6 MB, with CRC-64', { partSize: 6 * MB, ChecksumAlgorithm: 'CRC64NVME' }],
  ] as const)('are the same job: %s', async (_, { partSize, ChecksumAlgorithm }) => {
    const pipeline = await bucket();
    const open = () => Readable.from([bytes]);
    const id = await uploadDataset(pipeline, { ...aZip(), open });

    const params = { Bucket: BUCKET, Key: key, Body: bytes, ChecksumAlgorithm };
    await new Upload({ client: pipeline.s3, partSize, params }).done();
    const again = await identifyUpload(
      pipeline.objects,
      archiveUpload('pets.zip'),
      () => new Date(),
    );

    expect(again?.jobId).toBe(id);
  });
});

describe('an upload from a folder that changes meanwhile', () => {
  it('ends with a sentence when a file is removed before it is read, and leaves no archive', async () => {
    const pipeline = await bucket();
    const dataset = await openDataset(folder, {});
    await rm(join(folder, 'cat', '2.jpg'));

    await expect(uploadDataset(pipeline, dataset)).rejects.toMatchObject({
      name: 'CliError',
      exit: 2,
      message: expect.stringMatching(/^cat\/2\.jpg could not be read \(it was removed\)/),
    });
    expect(await pipeline.objects.head('datasets/pets.zip')).toBeUndefined();
  });
});

describe('an upload during which another command changes the recipe', () => {
  it.each([
    ['another one', '{ "seed": 2 }'],
    ['none', undefined],
  ])(
    'ends with a sentence instead of waiting for a job that will never be: %s',
    async (_, other) => {
      const pipeline = await bucket();
      const { objects, s3 } = pipeline;
      const recipeKey = 'datasets/pets.json';
      const open = () =>
        Readable.from(
          (async function* () {
            if (other !== undefined) await objects.write(recipeKey, other, 'application/json');
            else await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: recipeKey }));
            yield Buffer.from('a zip');
          })(),
        );

      await expect(
        uploadDataset(pipeline, { ...aZip(), recipe: '{ "seed": 1 }', open }),
      ).rejects.toMatchObject({
        name: 'CliError',
        exit: 4,
        message: expect.stringContaining(`Another command changed ${recipeKey}`),
      });
    },
  );
});

describe('the job of a dataset with flags', () => {
  const flagged = (...words: string[]) => openDataset(folder, { flags: givenFlags(parsed(words)) });
  const parsed = (words: string[]) =>
    addRecipeFlags(new Command()).parse(words, { from: 'user' }).opts();

  it('is that of a recipe file with the same text, in whatever order they are given', async () => {
    const pipeline = await bucket();
    const byFlags = await flagged('--seed', '3', '--regime', 'blocks:2');
    const first = await uploadDataset(pipeline, byFlags);
    const again = await flagged('--regime', 'blocks:2', '--seed', '3');

    expect(await uploadDataset(pipeline, again)).toBe(first);
    await writeFile(join(folder, 'dataset.json'), byFlags.recipe ?? '');
    expect(await uploadDataset(pipeline, await openDataset(folder, {}))).toBe(first);
    expect(await pipeline.objects.readText('datasets/pets.json')).toBe(byFlags.recipe);
  });

  it('is that of the file alone if they repeat it, and another if they change it', async () => {
    const pipeline = await bucket();
    await writeFile(join(folder, 'dataset.json'), '{"seed":3, "budget": {"minutes": 5}}');
    const first = await uploadDataset(pipeline, await openDataset(folder, {}));

    const repeated = await flagged('--seed', '3', '--minutes', '5');
    const changed = await flagged('--seed', '4');

    expect(await uploadDataset(pipeline, repeated)).toBe(first);
    expect(await uploadDataset(pipeline, changed)).not.toBe(first);
  });
});

describe('the recipe of an earlier upload', () => {
  it('is removed, and said to be, when the folder has none any more', async () => {
    const pipeline = await bucket();
    const notices: string[] = [];
    await writeFile(join(folder, 'dataset.json'), '{ "seed": 2 }');
    const first = await uploadDataset(pipeline, await openDataset(folder, {}));
    await rm(join(folder, 'dataset.json'));

    const second = await uploadDataset(pipeline, await openDataset(folder, {}), {
      onNotice: (sentence) => notices.push(sentence),
    });

    expect(await pipeline.objects.head('datasets/pets.json')).toBeUndefined();
    expect(notices).toEqual([expect.stringContaining('datasets/pets.json')]);
    expect(second).not.toBe(first);
  });

  it('is removed, and said to be, for a zip without one, and for one with its own', async () => {
    const pipeline = await bucket();
    const without = await uploadDataset(pipeline, aZip());
    for (const [ownRecipe, reason] of [
      [undefined, 'there is no dataset.json now'],
      ['{ "seed": 3 }', 'the archive has its own'],
    ] as const) {
      const notices: string[] = [];
      await pipeline.objects.write('datasets/pets.json', '{ "seed": 2 }', 'application/json');

      const onNotice = (sentence: string) => notices.push(sentence);
      const id = await uploadDataset(pipeline, { ...aZip(), ownRecipe }, { onNotice });

      expect(notices).toEqual([
        `Removed the recipe of an earlier upload (datasets/pets.json): ${reason}.`,
      ]);
      expect(id).toBe(without); // what is inside is part of the bytes
    }
  });

  it('is replaced by the one that is given', async () => {
    const pipeline = await bucket();
    await pipeline.objects.write('datasets/pets.json', '{ "seed": 2 }', 'application/json');

    await uploadDataset(pipeline, { ...aZip(), recipe: '{ "seed": 3 }' });

    expect(await pipeline.objects.readText('datasets/pets.json')).toBe('{ "seed": 3 }');
  });

  it('is not mentioned when there is none', async () => {
    const pipeline = await bucket();
    const notices: string[] = [];

    const onNotice = (sentence: string) => notices.push(sentence);
    await uploadDataset(pipeline, aZip(), { onNotice });
    await uploadDataset(pipeline, await openDataset(folder, {}), { onNotice });

    expect(notices).toEqual([]);
  });
});

describe('an upload that is to be trained again', () => {
  const recipeIn = async ({ objects }: Awaited<ReturnType<typeof bucket>>) =>
    JSON.parse((await objects.readText('datasets/pets.json')) ?? '{}');

  it('is another job each time, of the same recipe', async () => {
    const pipeline = await bucket();
    await writeFile(join(folder, 'dataset.json'), '{ "seed": 2 }');
    const dataset = await openDataset(folder, {});

    const ids = [
      await uploadDataset(pipeline, dataset),
      await uploadDataset(pipeline, dataset, {}, 'Monday'),
      await uploadDataset(pipeline, dataset, {}, 'Tuesday'),
    ];

    expect(new Set(ids).size).toBe(3);
    expect(await recipeIn(pipeline)).toEqual({ seed: 2, again: 'Tuesday' });
    expect(await uploadDataset(pipeline, dataset, {}, 'Tuesday')).toBe(ids[2]);
  });

  it('has the recipe inside a zip, and does not mention its own field', async () => {
    const pipeline = await bucket();
    await uploadDataset(pipeline, { ...aZip(), ownRecipe: '{ "seed": 2 }' }, {}, 'Monday');
    expect(await recipeIn(pipeline)).toEqual({ seed: 2, again: 'Monday' });

    const notices: string[] = [];
    const onNotice = (sentence: string) => notices.push(sentence);
    await uploadDataset(pipeline, { ...aZip(), recipe: '{"seed": 2}' }, { onNotice });
    await uploadDataset(pipeline, { ...aZip(), ownRecipe: '{"seed": 2}' }, { onNotice }, 'Tuesday');
    expect(notices).toEqual([]);
  });

  it('has the job that a plain upload of the same finds afterwards', async () => {
    const pipeline = await bucket();
    const dataset = await openDataset(folder, {});
    const notices: string[] = [];
    const onNotice = (sentence: string) => notices.push(sentence);

    const forced = await uploadDataset(pipeline, dataset, { onNotice }, 'Monday');
    expect(await uploadDataset(pipeline, dataset, { onNotice })).toBe(forced);
    expect(notices).toEqual([]);

    await writeFile(join(folder, 'dataset.json'), '{ "seed": 2 }');
    const other = await openDataset(folder, {});
    expect(await uploadDataset(pipeline, other)).not.toBe(forced);
    expect(await recipeIn(pipeline)).toEqual({ seed: 2 });
  });

  it('goes on with the training that was interrupted', async () => {
    const pipeline = await bucket();
    const dataset = await openDataset(folder, {});
    const forced = await uploadDataset(pipeline, dataset, {}, 'Monday');
    const open = receive(anUpload({ id: forced, bucket: BUCKET }), noon);
    await pipeline.jobs.save(open);

    expect(await uploadDataset(pipeline, dataset, {}, 'Tuesday')).toBe(forced);

    await pipeline.jobs.save(advance(open, { type: 'cancel-requested' }, noon));
    expect(await uploadDataset(pipeline, dataset, {}, 'Tuesday')).not.toBe(forced);
  });

  it('leaves a recipe that is not JSON to the validation', async () => {
    const pipeline = await bucket();

    await uploadDataset(pipeline, { ...aZip(), ownRecipe: '{' }, {}, 'Monday');

    expect(await pipeline.objects.readText('datasets/pets.json')).toBe('{');
  });
});
