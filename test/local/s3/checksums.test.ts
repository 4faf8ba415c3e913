import { createHash } from 'node:crypto';
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Algorithm, checksumOf } from '#local/s3/checksums.ts';
import { wholeChecksum } from '#local/s3/whole-checksum.ts';
import { BUCKET, refusal, runningS3 } from './running-s3.ts';

const DIGITS = Buffer.from('123456789');
const hex = (base64: string) => Buffer.from(base64, 'base64').toString('hex');

describe('checksumOf', () => {
  // Published check values: reveng's catalogue of parametrised CRC algorithms; FIPS 180 sums by node:crypto.
  it.each<[Algorithm, string]>([
    ['CRC64NVME', 'ae8b14860a799888'],
    ['CRC32', 'cbf43926'],
    ['CRC32C', 'e3069283'],
    ['SHA1', createHash('sha1').update(DIGITS).digest('hex')],
    ['SHA256', createHash('sha256').update(DIGITS).digest('hex')],
  ])('gives %s of "123456789" as published', async (algorithm, expected) => {
    expect(hex(await checksumOf(algorithm, DIGITS))).toBe(expected);
  });
});

describe('wholeChecksum', () => {
  it.each<Algorithm>(['CRC64NVME', 'CRC32', 'CRC32C'])(
    'finds the full %s from those of the parts, however the bytes are cut',
    async (algorithm) => {
      const bytes = fc.uint8Array({ maxLength: 300 });
      await fc.assert(
        fc.asyncProperty(fc.array(bytes, { minLength: 1, maxLength: 6 }), async (pieces) => {
          const parts = await Promise.all(
            pieces.map(async (piece) => ({
              sum: await checksumOf(algorithm, piece),
              size: piece.length,
            })),
          );

          const { value } = await wholeChecksum(algorithm, 'FULL_OBJECT', parts);

          expect(value).toBe(await checksumOf(algorithm, Buffer.concat(pieces)));
        }),
      );
    },
  );

  it('is quick for as many parts as S3 allows', async () => {
    const part = { sum: await checksumOf('CRC64NVME', DIGITS), size: 5 * 1024 ** 2 };
    const start = performance.now();

    await wholeChecksum('CRC64NVME', 'FULL_OBJECT', Array<typeof part>(10_000).fill(part));

    expect(performance.now() - start).toBeLessThan(2_000); // milliseconds; about 150 measured
  });
});

describe('PutObject', () => {
  it('computes CRC64NVME, as AWS does, when the client sends no checksum', async () => {
    const { client } = await runningS3({ client: { requestChecksumCalculation: 'WHEN_REQUIRED' } });
    const at = { Bucket: BUCKET, Key: 'a' };

    await client.send(new PutObjectCommand({ ...at, Body: DIGITS }));

    const head = await client.send(new HeadObjectCommand({ ...at, ChecksumMode: 'ENABLED' }));
    expect(hex(head.ChecksumCRC64NVME ?? '')).toBe('ae8b14860a799888');
    expect(head.ChecksumType).toBe('FULL_OBJECT');
    expect((await client.send(new HeadObjectCommand(at))).ChecksumType).toBeUndefined();
  });

  it.each(Algorithm.options)('checks and keeps %s when the client sends it', async (algorithm) => {
    const { client } = await runningS3();
    const at = { Bucket: BUCKET, Key: 'a' };

    await client.send(new PutObjectCommand({ ...at, Body: DIGITS, ChecksumAlgorithm: algorithm }));

    const answer = await client.send(new GetObjectCommand({ ...at, ChecksumMode: 'ENABLED' }));
    expect(answer[`Checksum${algorithm}`]).toBe(await checksumOf(algorithm, DIGITS));
    expect(await answer.Body?.transformToString()).toBe('123456789'); // the SDK has checked it by now
  });

  it.each([
    ['CRC64NVME', { ChecksumCRC64NVME: 'AAAAAAAAAAA=' }, 'BadDigest'],
    ['CRC32', { ChecksumCRC32: 'AAAAAA==' }, 'BadDigest'],
    ['SHA256', { ChecksumSHA256: Buffer.alloc(32).toString('base64') }, 'BadDigest'],
    ['MD5', { ContentMD5: Buffer.alloc(16).toString('base64') }, 'BadDigest'],
    ['an MD5 that is none', { ContentMD5: 'AAAA' }, 'InvalidDigest'],
  ])(
    'refuses a body that is not what its %s says, and keeps what was there',
    async (_, wrong, code) => {
      const { client } = await runningS3();
      const at = { Bucket: BUCKET, Key: 'a' };
      await client.send(new PutObjectCommand({ ...at, Body: 'old' }));

      const put = client.send(new PutObjectCommand({ ...at, Body: DIGITS, ...wrong }));

      expect(await refusal(put)).toEqual([code, 400]);
      const { Body } = await client.send(new GetObjectCommand(at));
      expect(await Body?.transformToString()).toBe('old');
    },
  );
});
