import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetBucketVersioningCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { BUCKET, type RunningS3, refusal, runningS3, someBytes } from './running-s3.ts';

const put = ({ client }: RunningS3, Key: string, rest: Partial<PutObjectCommandInput> = {}) =>
  client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: 'hello', ...rest }));
const get = ({ client }: RunningS3, Key: string, rest: Partial<GetObjectCommandInput> = {}) =>
  client.send(new GetObjectCommand({ Bucket: BUCKET, Key, ...rest }));
const head = ({ client }: RunningS3, Key: string) =>
  client.send(new HeadObjectCommand({ Bucket: BUCKET, Key, ChecksumMode: 'ENABLED' }));
const text = async (answer: ReturnType<typeof get>) => (await answer).Body?.transformToString();
const md5 = (bytes: string | Buffer) => `"${createHash('md5').update(bytes).digest('hex')}"`;

describe('PutObject and GetObject', () => {
  it('give back the bytes, the headers and the metadata that were put', async () => {
    const s3 = await runningS3();

    const { ETag } = await put(s3, 'a.txt', {
      ContentType: 'text/plain',
      CacheControl: 'no-cache',
      ContentEncoding: 'gzip',
      Metadata: { owner: 'Ada' },
    });

    const answer = await get(s3, 'a.txt');
    expect(await answer.Body?.transformToString()).toBe('hello');
    expect(ETag).toBe(md5('hello'));
    expect(answer).toMatchObject({
      ETag,
      ContentLength: 5,
      ContentType: 'text/plain',
      CacheControl: 'no-cache',
      ContentEncoding: 'gzip',
      Metadata: { owner: 'Ada' },
      AcceptRanges: 'bytes',
    });
  });

  it('store a stream without the framing of its aws-chunked transfer', async () => {
    const s3 = await runningS3();
    const bytes = someBytes(300_000);
    const Body = Readable.from([bytes.subarray(0, 1_000), bytes.subarray(1_000)]);

    await put(s3, 'stream', { Body, ContentLength: bytes.length });

    const answer = await get(s3, 'stream');
    expect(bytes.equals((await answer.Body?.transformToByteArray()) ?? Buffer.alloc(0))).toBe(true);
    expect(answer.ContentEncoding).toBeUndefined();
  });

  it('take an empty object', async () => {
    const s3 = await runningS3();

    await put(s3, 'folder/', { Body: '' });

    expect(await text(get(s3, 'folder/'))).toBe('');
    expect(await head(s3, 'folder/')).toMatchObject({ ContentLength: 0, ETag: md5('') });
  });

  it('let a reader finish the old version while a new one takes its place', async () => {
    const s3 = await runningS3();
    const old = someBytes(20_000_000);
    await put(s3, 'model.bin', { Body: old });
    const reading = await get(s3, 'model.bin');

    await put(s3, 'model.bin', { Body: 'new' });

    expect(old.equals((await reading.Body?.transformToByteArray()) ?? Buffer.alloc(0))).toBe(true);
    expect(await text(get(s3, 'model.bin'))).toBe('new');
  });

  it('refuse what is not there by its S3 name', async () => {
    const { client, ...s3 } = await runningS3();
    const missing = { Bucket: 'no-such-bucket', Key: 'a' };

    expect(await refusal(get({ client, ...s3 }, 'absent'))).toEqual(['NoSuchKey', 404]);
    expect(await refusal(client.send(new GetObjectCommand(missing)))).toEqual([
      'NoSuchBucket',
      404,
    ]);
    expect(await refusal(client.send(new PutObjectCommand({ ...missing, Body: 'x' })))).toEqual([
      'NoSuchBucket',
      404,
    ]);
    expect(await refusal(head({ client, ...s3 }, 'absent'))).toEqual(['NotFound', 404]);
  });

  it('answer a presigned URL, whose headers are in its query', async () => {
    const s3 = await runningS3({ now: () => new Date('2026-11-24T00:15:00.000Z') });
    const signed =
      'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=local&X-Amz-Date=20261124T000000Z&X-Amz-Expires=900' +
      '&X-Amz-Signature=00&X-Amz-SignedHeaders=host&x-amz-checksum-crc32=AAAAAA%3D%3D&x-amz-sdk-checksum-algorithm=CRC32';
    const url = `${s3.endpoint}/${BUCKET}/presigned?${signed}`;

    const stored = await fetch(`${url}&x-amz-meta-from=query`, { method: 'PUT', body: 'by hand' });

    expect(stored.status).toBe(200);
    expect(await (await fetch(url)).text()).toBe('by hand');
    expect((await head(s3, 'presigned')).Metadata).toEqual({ from: 'query' });
  });
});

describe('ranges', () => {
  it.each([
    ['bytes=0-1', 'he', 'bytes 0-1/5'],
    ['bytes=3-', 'lo', 'bytes 3-4/5'],
    ['bytes=-2', 'lo', 'bytes 3-4/5'],
    ['bytes=-9', 'hello', 'bytes 0-4/5'],
    ['bytes=2-99', 'llo', 'bytes 2-4/5'],
  ])('%s of "hello" is "%s"', async (Range, part, ContentRange) => {
    const s3 = await runningS3();
    await put(s3, 'a');

    const answer = await get(s3, 'a', { Range, ChecksumMode: 'ENABLED' });

    expect(await answer.Body?.transformToString()).toBe(part);
    expect(answer).toMatchObject({ ContentRange, ContentLength: part.length });
    expect(answer.$metadata.httpStatusCode).toBe(206);
  });

  it('refuse a range behind the end, and any suffix of nothing', async () => {
    const s3 = await runningS3();
    await put(s3, 'a');
    await put(s3, 'empty', { Body: '' });

    expect(await refusal(get(s3, 'a', { Range: 'bytes=5-' }))).toEqual(['InvalidRange', 416]);
    expect(await refusal(get(s3, 'empty', { Range: 'bytes=-1' }))).toEqual(['InvalidRange', 416]);
  });
});

describe('conditions of a read', () => {
  const past = new Date('2020-01-01');
  const future = new Date('2100-01-01');
  const other = '"0"';
  it.each<[string, Partial<GetObjectCommandInput>, number]>([
    ['If-Match with its ETag', { IfMatch: md5('hello') }, 200],
    ['If-Match with another', { IfMatch: other }, 412],
    ['If-None-Match with its ETag', { IfNoneMatch: md5('hello') }, 304],
    ['If-None-Match with another', { IfNoneMatch: other }, 200],
    ['If-Modified-Since long ago', { IfModifiedSince: past }, 200],
    ['If-Modified-Since tomorrow', { IfModifiedSince: future }, 304],
    ['If-Unmodified-Since long ago', { IfUnmodifiedSince: past }, 412],
    [
      'If-Match before If-Unmodified-Since',
      { IfMatch: md5('hello'), IfUnmodifiedSince: past },
      200,
    ],
    [
      'If-None-Match before If-Modified-Since',
      { IfNoneMatch: other, IfModifiedSince: future },
      200,
    ],
  ])('%s', async (_name, condition, status) => {
    const s3 = await runningS3();
    await put(s3, 'a');

    const answer = get(s3, 'a', condition);

    if (status === 200) expect(await text(answer)).toBe('hello');
    else expect((await refusal(answer))[1]).toBe(status);
  });
});

describe('conditions of a write', () => {
  it('let exactly one of many parallel first writers win', async () => {
    const s3 = await runningS3();
    const names = Array.from({ length: 12 }, (_, i) => `writer ${i}`);

    const settled = await Promise.allSettled(
      names.map((Body) => put(s3, 'lock', { Body, IfNoneMatch: '*' })),
    );

    const winners = names.filter((_, i) => settled[i]?.status === 'fulfilled');
    expect(winners).toHaveLength(1);
    expect(await text(get(s3, 'lock'))).toBe(winners[0]);
  });

  it('let exactly one of two writers that read the same version win', async () => {
    const s3 = await runningS3();
    const { ETag: IfMatch } = await put(s3, 'latest.json', { Body: '1' });

    const settled = await Promise.allSettled([
      put(s3, 'latest.json', { Body: '2', IfMatch }),
      put(s3, 'latest.json', { Body: '3', IfMatch }),
    ]);

    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await refusal(put(s3, 'latest.json', { IfMatch }))).toEqual(['PreconditionFailed', 412]);
    expect(await refusal(put(s3, 'absent', { IfMatch }))).toEqual(['NoSuchKey', 404]);
  });
});

describe('CopyObject', () => {
  it('copies bytes and metadata from a key that is URL-encoded as a whole', async () => {
    const s3 = await runningS3();
    await put(s3, 'from/ä b+c', { Metadata: { a: '1' }, ContentType: 'text/plain' });

    const CopySource = encodeURIComponent(`${BUCKET}/from/ä b+c`);
    const { CopyObjectResult } = await s3.client.send(
      new CopyObjectCommand({ Bucket: BUCKET, Key: 'to', CopySource }),
    );

    expect(CopySource).toContain('%2F');
    expect(CopyObjectResult?.ETag).toBe(md5('hello'));
    expect(await text(get(s3, 'to'))).toBe('hello');
    expect(await head(s3, 'to')).toMatchObject({ Metadata: { a: '1' }, ContentType: 'text/plain' });
  });

  it('replaces the metadata when told to, even onto itself, and refuses to copy onto itself in vain', async () => {
    const s3 = await runningS3();
    await put(s3, 'a', { Metadata: { a: '1' } });
    const onto = { Bucket: BUCKET, Key: 'a', CopySource: `/${BUCKET}/a` };

    expect(await refusal(s3.client.send(new CopyObjectCommand(onto)))).toEqual([
      'InvalidRequest',
      400,
    ]);
    const replace = { ...onto, MetadataDirective: 'REPLACE' as const, Metadata: { b: '2' } };
    await s3.client.send(new CopyObjectCommand(replace));

    expect((await head(s3, 'a')).Metadata).toEqual({ b: '2' });
    expect(await text(get(s3, 'a'))).toBe('hello');
  });

  it('keeps to the conditions on its source', async () => {
    const s3 = await runningS3();
    await put(s3, 'a');
    const copy = { Bucket: BUCKET, Key: 'b', CopySource: `${BUCKET}/a` };
    const send = (condition: object) =>
      s3.client.send(new CopyObjectCommand({ ...copy, ...condition }));

    expect(await refusal(send({ CopySourceIfMatch: '"0"' }))).toEqual(['PreconditionFailed', 412]);
    expect(await refusal(send({ CopySourceIfNoneMatch: md5('hello') }))).toEqual([
      'PreconditionFailed',
      412,
    ]);
    await send({ CopySourceIfMatch: md5('hello') });
    expect(await text(get(s3, 'b'))).toBe('hello');
  });
});

describe('DeleteObject and DeleteObjects', () => {
  it('succeed for what is not there', async () => {
    const s3 = await runningS3();
    await put(s3, 'a');

    for (const Key of ['a', 'a']) {
      const answer = await s3.client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key }));
      expect(answer.$metadata.httpStatusCode).toBe(204);
    }
    expect(await refusal(get(s3, 'a'))).toEqual(['NoSuchKey', 404]);
  });

  it('remove just the keys named, however they look', async () => {
    const s3 = await runningS3();
    const doomed = ['007', ' a ', 'a&amp;b', '<x>', 'a\u0001b', 'new\nline', '  '];
    const spared = ['7', 'a', 'a&b', 'ab', 'newline'];
    for (const key of [...doomed, ...spared]) await put(s3, key);

    const { Deleted } = await s3.client.send(
      new DeleteObjectsCommand({
        Bucket: BUCKET,
        Delete: { Objects: doomed.map((Key) => ({ Key })) },
      }),
    );

    expect(Deleted).toHaveLength(doomed.length);
    for (const key of doomed) expect(await refusal(get(s3, key))).toEqual(['NoSuchKey', 404]);
    for (const key of spared) expect(await text(get(s3, key))).toBe('hello');
  });

  it('say nothing of successes when asked to be quiet', async () => {
    const s3 = await runningS3();
    await put(s3, 'a');

    const answer = await s3.client.send(
      new DeleteObjectsCommand({
        Bucket: BUCKET,
        Delete: { Objects: [{ Key: 'a' }], Quiet: true },
      }),
    );

    expect([answer.Deleted, answer.Errors]).toEqual([undefined, undefined]);
  });
});

describe('buckets', () => {
  it('are made, listed, found, located and, once empty, removed', async () => {
    const s3 = await runningS3();
    const { client } = s3;
    const Bucket = 'another-one';

    await client.send(new CreateBucketCommand({ Bucket }));
    const { Buckets } = await client.send(new ListBucketsCommand({}));
    expect(Buckets?.map(({ Name }) => Name)).toEqual([Bucket, BUCKET]);
    await client.send(new HeadBucketCommand({ Bucket }));
    const { LocationConstraint } = await client.send(new GetBucketLocationCommand({ Bucket }));
    expect(LocationConstraint ?? '').toBe('');
    expect((await client.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBeUndefined();

    await client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'x' }));
    expect(await refusal(client.send(new DeleteBucketCommand({ Bucket })))).toEqual([
      'BucketNotEmpty',
      409,
    ]);
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
    await client.send(new DeleteBucketCommand({ Bucket }));
    expect((await refusal(client.send(new HeadBucketCommand({ Bucket }))))[1]).toBe(404);
  });

  it('are addressed by host name as well', async () => {
    const s3 = await runningS3();
    await put(s3, 'deep/key');

    const body = await new Promise<string>((resolve) => {
      const headers = { host: `${BUCKET}.s3.localhost:${s3.port}` };
      request({ port: s3.port, host: '127.0.0.1', path: '/deep/key', headers }, (response) => {
        response.setEncoding('utf8').on('data', resolve);
      }).end();
    });

    expect(body).toBe('hello');
  });
});

describe('the rest of S3', () => {
  it('answers what it has no state for with the truth', async () => {
    const s3 = await runningS3();
    await put(s3, 'a');

    const tags = await s3.client.send(new GetObjectTaggingCommand({ Bucket: BUCKET, Key: 'a' }));
    const attributes = await s3.client.send(
      new GetObjectAttributesCommand({
        Bucket: BUCKET,
        Key: 'a',
        ObjectAttributes: ['ETag', 'Checksum', 'ObjectSize'],
      }),
    );

    expect(tags.TagSet).toEqual([]);
    expect(attributes).toMatchObject({
      ETag: md5('hello').replaceAll('"', ''),
      ObjectSize: 5,
      Checksum: { ChecksumCRC32: 'NhCmhg==', ChecksumType: 'FULL_OBJECT' },
    });
  });

  it('refuses by name what is not implemented, instead of taking it for something else', async () => {
    const s3 = await runningS3();

    const policy = s3.client.send(new PutBucketPolicyCommand({ Bucket: BUCKET, Policy: '{}' }));
    await expect(policy).rejects.toThrow('PUT ?policy on a bucket');
    expect(await refusal(put(s3, 'a', { Tagging: 'a=b' }))).toEqual(['NotImplemented', 501]);
    expect(await refusal(get(s3, 'a'))).toEqual(['NoSuchKey', 404]);
  });
});
