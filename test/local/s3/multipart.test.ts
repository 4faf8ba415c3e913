import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandInput,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { describe, expect, it } from 'vitest';
import { checksumOf } from '#local/s3/checksums.ts';
import { BUCKET, type RunningS3, refusal, runningS3, someBytes } from './running-s3.ts';

const MIB = 1024 ** 2;
const at = { Bucket: BUCKET, Key: 'large.bin' };
const bytes = someBytes(11 * MIB);
const pieces = [
  bytes.subarray(0, 5 * MIB),
  bytes.subarray(5 * MIB, 10 * MIB),
  bytes.subarray(10 * MIB),
];

async function start({ client }: RunningS3, rest: Partial<CreateMultipartUploadCommandInput> = {}) {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...at, ...rest }));
  return UploadId;
}

async function send(
  { client }: RunningS3,
  UploadId: string | undefined,
  Bodies: readonly Buffer[],
) {
  const parts = [];
  for (const [i, Body] of Bodies.entries()) {
    const PartNumber = i + 1;
    const command = new UploadPartCommand({ ...at, UploadId, PartNumber, Body });
    const { $metadata: _, ...sums } = await client.send(command);
    parts.push({ PartNumber, ...sums });
  }
  return parts;
}

const complete = (
  { client }: RunningS3,
  UploadId: string | undefined,
  Parts: { PartNumber?: number; ETag?: string | undefined }[],
  rest: Partial<CompleteMultipartUploadCommandInput> = {},
) => {
  const MultipartUpload = { Parts: Parts.map((part) => ({ ...part })) } as object;
  return client.send(
    new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload, ...rest }),
  );
};

const head = ({ client }: RunningS3) =>
  client.send(new HeadObjectCommand({ ...at, ChecksumMode: 'ENABLED' }));

async function expectBytes({ client }: RunningS3, expected: Buffer): Promise<void> {
  const { Body } = await client.send(new GetObjectCommand({ ...at, ChecksumMode: 'ENABLED' }));
  expect(expected.equals((await Body?.transformToByteArray()) ?? Buffer.alloc(0))).toBe(true);
}

const dataFilesIn = ({ folder }: RunningS3) =>
  readdirSync(join(folder, BUCKET, 'objects')).filter((file) => file.endsWith('.data'));

describe('an upload in parts', () => {
  it('by lib-storage becomes one object with the ETag and the composite checksum of S3', async () => {
    const s3 = await runningS3();

    const params = { ...at, Body: Readable.from([bytes]), ContentType: 'application/zip' };
    await new Upload({ client: s3.client, params }).done();

    await expectBytes(s3, bytes);
    const md5s = pieces.map((piece) => createHash('md5').update(piece).digest());
    const sums = await Promise.all(pieces.map((piece) => checksumOf('CRC32', piece)));
    const ofSums = Buffer.concat(sums.map((sum) => Buffer.from(sum, 'base64')));
    expect(await head(s3)).toMatchObject({
      ContentLength: bytes.length,
      ContentType: 'application/zip',
      ETag: `"${createHash('md5').update(Buffer.concat(md5s)).digest('hex')}-3"`,
      ChecksumCRC32: `${await checksumOf('CRC32', ofSums)}-3`,
      ChecksumType: 'COMPOSITE',
    });
  });

  it.each([
    ['CRC64NVME', undefined],
    ['CRC64NVME', 'FULL_OBJECT'],
    ['CRC32', 'FULL_OBJECT'],
    ['CRC32C', 'FULL_OBJECT'],
  ] as const)('with %s %s has the checksum of its bytes', async (algorithm, ChecksumType) => {
    const s3 = await runningS3();
    const type = ChecksumType === undefined ? {} : { ChecksumType };
    const UploadId = await start(s3, { ChecksumAlgorithm: algorithm, ...type });
    const parts = await send(s3, UploadId, []);
    for (const [i, Body] of pieces.entries()) {
      const part = { ...at, UploadId, PartNumber: i + 1, Body, ChecksumAlgorithm: algorithm };
      const { ETag } = await s3.client.send(new UploadPartCommand(part));
      parts.push({ PartNumber: i + 1, ...(ETag === undefined ? {} : { ETag }) });
    }

    const whole = await checksumOf(algorithm, bytes);
    const done = await complete(s3, UploadId, parts, { [`Checksum${algorithm}`]: whole });

    expect(done).toMatchObject({ [`Checksum${algorithm}`]: whole, ChecksumType: 'FULL_OBJECT' });
    await expectBytes(s3, bytes);
  });

  it('without any checksum gets CRC64NVME of the whole', async () => {
    const s3 = await runningS3({ client: { requestChecksumCalculation: 'WHEN_REQUIRED' } });
    const UploadId = await start(s3);

    await complete(s3, UploadId, await send(s3, UploadId, pieces));

    expect(await head(s3)).toMatchObject({
      ChecksumCRC64NVME: await checksumOf('CRC64NVME', bytes),
      ChecksumType: 'FULL_OBJECT',
    });
  });

  it('is read across its parts by ranges, and part by part', async () => {
    const s3 = await runningS3();
    const UploadId = await start(s3);
    await complete(s3, UploadId, await send(s3, UploadId, pieces));
    const [from, to] = [5 * MIB - 3, 10 * MIB + 3];

    const range = await s3.client.send(
      new GetObjectCommand({ ...at, Range: `bytes=${from}-${to}` }),
    );
    const part = await s3.client.send(new GetObjectCommand({ ...at, PartNumber: 3 }));

    const across = await range.Body?.transformToByteArray();
    expect(bytes.subarray(from, to + 1).equals(across ?? Buffer.alloc(0))).toBe(true);
    expect(part).toMatchObject({ PartsCount: 3, ContentLength: MIB });
    const third = await part.Body?.transformToByteArray();
    expect(pieces[2]?.equals(third ?? Buffer.alloc(0))).toBe(true);
  });

  it('takes a part again, keeps only what was completed, and leaves no other file', async () => {
    const s3 = await runningS3();
    const UploadId = await start(s3);
    await send(s3, UploadId, [Buffer.from('first try'), Buffer.from('not used')]);
    const [first] = await send(s3, UploadId, [Buffer.from('second try')]);

    await complete(s3, UploadId, [first ?? {}]);

    await expectBytes(s3, Buffer.from('second try'));
    expect(dataFilesIn(s3)).toHaveLength(1);
    expect(readdirSync(join(s3.folder, BUCKET, 'uploads'))).toEqual([]);
  });

  it('answers a repeated completion as it did the first time', async () => {
    const s3 = await runningS3();
    const UploadId = await start(s3);
    const parts = await send(s3, UploadId, [Buffer.from('a')]);

    const [first, second] = [
      await complete(s3, UploadId, parts),
      await complete(s3, UploadId, parts),
    ];

    expect(second.ETag).toBe(first.ETag);
    await expectBytes(s3, Buffer.from('a'));
  });

  it('is refused when its parts are not what they should be, and can then still be completed', async () => {
    const s3 = await runningS3();
    const UploadId = await start(s3);
    const [one = {}, two = {}] = await send(s3, UploadId, [Buffer.from('small'), Buffer.from('b')]);
    const wrongSize = { MpuObjectSize: 2 };

    expect(await refusal(complete(s3, UploadId, [one, two]))).toEqual(['EntityTooSmall', 400]);
    expect(await refusal(complete(s3, UploadId, [two, one]))).toEqual(['InvalidPartOrder', 400]);
    expect(await refusal(complete(s3, UploadId, [{ ...one, ETag: '"0"' }]))).toEqual([
      'InvalidPart',
      400,
    ]);
    expect(await refusal(complete(s3, UploadId, [{ ...two, PartNumber: 9 }]))).toEqual([
      'InvalidPart',
      400,
    ]);
    expect(await refusal(complete(s3, 'no-such-upload', [one]))).toEqual(['NoSuchUpload', 404]);
    expect(await refusal(complete(s3, UploadId, [one], wrongSize))).toEqual([
      'InvalidRequest',
      400,
    ]);
    expect((await refusal(head(s3)))[1]).toBe(404);

    await complete(s3, UploadId, [one]);
    await expectBytes(s3, Buffer.from('small'));
  });

  it('keeps to If-None-Match when it is completed', async () => {
    const s3 = await runningS3();
    const UploadId = await start(s3);
    const parts = await send(s3, UploadId, [Buffer.from('late')]);
    await s3.client.send(new PutObjectCommand({ ...at, Body: 'first' }));

    const late = complete(s3, UploadId, parts, { IfNoneMatch: '*' });

    expect(await refusal(late)).toEqual(['PreconditionFailed', 412]);
    await expectBytes(s3, Buffer.from('first'));
  });

  it('goes on after a restart', async () => {
    const before = await runningS3();
    const UploadId = await start(before, { Metadata: { a: '1' } });
    const parts = await send(before, UploadId, pieces);
    await before.stop();

    const after = await runningS3({ folder: before.folder });
    await complete(after, UploadId, parts);

    await expectBytes(after, bytes);
    expect((await head(after)).Metadata).toEqual({ a: '1' });
  });

  it('can be looked at, and leaves nothing when it is aborted', async () => {
    const s3 = await runningS3();
    const UploadId = await start(s3);
    await send(s3, UploadId, [Buffer.from('a'), Buffer.from('bb')]);

    const parts = await s3.client.send(new ListPartsCommand({ ...at, UploadId, MaxParts: 1 }));
    const uploads = await s3.client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }));
    expect(parts).toMatchObject({
      IsTruncated: true,
      NextPartNumberMarker: '1',
      Parts: [{ Size: 1 }],
    });
    expect(uploads.Uploads).toMatchObject([{ Key: at.Key, UploadId }]);

    await s3.client.send(new AbortMultipartUploadCommand({ ...at, UploadId }));
    expect(dataFilesIn(s3)).toEqual([]);
    const again = s3.client.send(new ListPartsCommand({ ...at, UploadId }));
    expect(await refusal(again)).toEqual(['NoSuchUpload', 404]);
  });

  it('takes parts of another object', async () => {
    const s3 = await runningS3();
    await s3.client.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'source', Body: bytes }));
    const UploadId = await start(s3);
    const copy = { ...at, UploadId, CopySource: `${BUCKET}/source` };
    const ranges = [`bytes=0-${6 * MIB - 1}`, `bytes=${6 * MIB}-${bytes.length - 1}`];

    const parts = [];
    for (const [i, CopySourceRange] of ranges.entries()) {
      const command = new UploadPartCopyCommand({ ...copy, PartNumber: i + 1, CopySourceRange });
      const { CopyPartResult } = await s3.client.send(command);
      parts.push({ PartNumber: i + 1, ETag: CopyPartResult?.ETag });
    }
    await complete(s3, UploadId, parts);

    await expectBytes(s3, bytes);
  });
});
