import { buffer } from 'node:stream/consumers';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import yazl from 'yazl';
import { describeReport } from '#cli/describe-report.ts';
import { bucketPlace, judgeInBucket } from '#cli/judge-in-bucket.ts';
import { BUCKET, runningS3 } from '#test/local/s3/running-s3.ts';

/** A bucket with a folder, archives and recipes, and what is asked of it. */
async function laidBucket() {
  const { client } = await runningS3({ client: { forcePathStyle: true } });
  const red = { width: 8, height: 8, channels: 3, background: 'red' } as const;
  const image = await sharp({ create: red }).jpeg().toBuffer();
  const put = (Key: string, Body: string | Uint8Array) =>
    client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: Buffer.from(Body) }));
  const zip = new yazl.ZipFile();
  for (const name of ['cat', 'dog']) {
    for (let i = 0; i < 6; i++) {
      await put(`photos/${name}/${i}.jpg`, image);
      zip.addBuffer(image, `${name}/${i}.jpg`);
    }
  }
  zip.end();
  await put('photos/dataset.json', '{"seed": 4}');
  await put('photos/_READY', '');
  await put('photos/empty/', '');
  await put('archives/pets.zip', await buffer(zip.outputStream));
  await put('archives/pets.json', '{"budget": {"minutes": 3}}');
  await put('archives/note.zip', 'no zip');
  await put('faulty/dataset.json', '{"sead": 4}');
  const requests: string[] = [];
  client.middlewareStack.add(
    (next, { commandName }) =>
      (args) => {
        requests.push(commandName ?? '');
        return next(args);
      },
    { step: 'initialize' },
  );
  const judge = (key: string) => judgeInBucket({ bucket: BUCKET, key }, {}, client);
  return { judge, requests };
}

describe('judgeInBucket', () => {
  it.each(['photos/', 'photos'])('judges the folder %s, with its recipe', async (key) => {
    const { judge } = await laidBucket();
    const report = await judge(key);

    expect(report).toMatchObject({
      accepted: true,
      examples: 12,
      dataset: `s3://${BUCKET}/${key}`,
    });
    expect(report.classes.map(({ name }) => name)).toEqual(['cat', 'dog']);
    expect(report.leftOut).toEqual([]);
    expect(report.warnings).toMatchObject([{ code: 'EMPTY_CLASS', where: 'empty' }]);
  });

  it('judges an archive, with the recipe beside it', async () => {
    const { judge } = await laidBucket();
    const report = await judge('archives/pets.zip');

    expect(report).toMatchObject({ accepted: true, examples: 12 });
    expect(report.cost.local.mostSeconds).toBe(180);
    expect(describeReport(report)).toContain('at most 3 min, the budget');
  });

  it('only reads', async () => {
    const { judge, requests } = await laidBucket();
    await judge('photos/');
    await judge('archives/pets.zip');

    expect([...new Set(requests)].sort()).toEqual([
      'GetObjectCommand',
      'HeadObjectCommand',
      'ListObjectsV2Command',
    ]);
  });

  it('refuses what is no archive, by its key', async () => {
    const { judge } = await laidBucket();
    const report = await judge('archives/note.zip');

    expect(report.problems).toMatchObject([
      { code: 'ARCHIVE_UNREADABLE', where: 'archives/note.zip' },
    ]);
  });

  it('names a faulty recipe by its place', async () => {
    const { judge } = await laidBucket();
    await expect(judge('faulty/')).rejects.toThrow(`s3://${BUCKET}/faulty/dataset.json:1:2`);
  });

  it.each([
    ['none/at-all', 6, `There is nothing at s3://${BUCKET}/none/at-all`],
    ['archives/pets', 6, 'no object of this key, and none below it'],
  ])('says that there is nothing at %s', async (key, exit, message) => {
    const { judge } = await laidBucket();
    await expect(judge(key)).rejects.toMatchObject({
      exit,
      message: expect.stringContaining(message),
    });
  });

  it.each<[string, Record<string, unknown>, number, string]>([
    ['a bucket that does not exist', { name: 'NoSuchBucket', status: 404 }, 6, 'no bucket "other"'],
    [
      'a denied listing',
      { name: 'AccessDenied', status: 403, message: 'no s3:ListBucket' },
      2,
      'AWS denies access to s3://other/pets/ (no s3:ListBucket)',
    ],
    [
      'a denied HEAD, which has no text',
      { name: '403', status: 403, message: 'UnknownError' },
      2,
      'AWS denies access to s3://other/pets/, or there is no such object. Your credentials need',
    ],
    [
      'credentials that have expired',
      { name: 'ExpiredToken', status: 400, message: 'expired' },
      2,
      'does not accept your credentials',
    ],
    ['a name that no bucket has', { name: 'InvalidBucketName', status: 400 }, 2, 's3://BUCKET/KEY'],
  ])('tells %s in words', async (_, { name, status, message = '' }, exit, told) => {
    const { S3ServiceException } = await import('@aws-sdk/client-s3');
    const mock = mockClient(S3Client);
    mock.rejects(
      new S3ServiceException({
        name: String(name),
        message: String(message),
        $fault: 'client',
        $metadata: { httpStatusCode: Number(status) },
      }),
    );
    try {
      const judged = judgeInBucket({ bucket: 'other', key: 'pets/' }, {});
      await expect(judged).rejects.toMatchObject({
        name: 'CliError',
        exit,
        message: expect.stringContaining(told),
      });
    } finally {
      mock.restore();
    }
  });
});

describe('bucketPlace', () => {
  it.each([
    ['s3://bucket/a/b.zip', { bucket: 'bucket', key: 'a/b.zip' }],
    ['s3://bucket/', { bucket: 'bucket', key: '' }],
    ['s3://bucket', { bucket: 'bucket', key: '' }],
    ['pets.zip', undefined],
  ])('reads %s', (uri, place) => {
    expect(bucketPlace(uri)).toEqual(place);
  });

  it('asks for a bucket', () => {
    expect(() => bucketPlace('s3:///pets.zip')).toThrow('names no bucket');
  });
});
