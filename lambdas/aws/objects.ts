import { createHash } from 'node:crypto';
import {
  CopyObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  NoSuchKey,
  NotFound,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { ObjectChanged, type Objects } from '#ports';

/** The bucket as AWS, or the local S3, serves it. */
export function s3Objects(bucket: string, client = new S3Client()): Objects {
  const Bucket = bucket;
  return {
    bucket,

    async head(Key) {
      const head = await client
        .send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }))
        .catch(absent(NotFound));
      if (!head) return undefined;
      const etag = unquoted(head.ETag);
      // A composite checksum depends on how the upload was cut into parts; only the full object's names content.
      const whole = head.ChecksumType !== 'COMPOSITE';
      return {
        key: Key,
        size: head.ContentLength ?? 0,
        etag,
        etagIsMd5: isMd5(etag) && head.ServerSideEncryption !== 'aws:kms',
        ...(whole && head.ChecksumCRC64NVME && { crc64nvme: head.ChecksumCRC64NVME }),
        ...(head.VersionId && { versionId: head.VersionId }),
        lastModified: time(head.LastModified),
      };
    },

    async *list(Prefix) {
      for await (const page of paginateListObjectsV2({ client }, { Bucket, Prefix })) {
        for (const { Key, Size, ETag, LastModified } of page.Contents ?? []) {
          if (Key === undefined) continue;
          yield {
            key: Key,
            size: Size ?? 0,
            etag: unquoted(ETag),
            lastModified: time(LastModified),
          };
        }
      }
    },

    async readText(Key) {
      const answer = await client
        .send(new GetObjectCommand({ Bucket, Key }))
        .catch(absent(NoSuchKey));
      return answer?.Body?.transformToString();
    },

    async readRange(Key, start, end, etag) {
      const Range = `bytes=${start}-${end - 1}`;
      const answer = await client
        .send(new GetObjectCommand({ Bucket, Key, Range, IfMatch: `"${etag}"` }))
        .catch((error: unknown) => {
          const gone = error instanceof NoSuchKey;
          const other =
            error instanceof S3ServiceException && error.$metadata.httpStatusCode === 412;
          if (gone || other)
            throw new ObjectChanged(`${Key} changed while it was read`, { cause: error });
          throw error;
        });
      return (await answer.Body?.transformToByteArray()) ?? new Uint8Array();
    },

    async write(Key, Body, ContentType) {
      await client.send(new PutObjectCommand({ Bucket, Key, Body, ContentType }));
    },

    async writeIf(Key, Body, etag) {
      const condition = etag === undefined ? { IfNoneMatch: '*' } : { IfMatch: `"${etag}"` };
      const put = new PutObjectCommand({
        Bucket,
        Key,
        Body,
        ContentType: 'application/json',
        ...condition,
      });
      try {
        await client.send(put);
        return true;
      } catch (error) {
        if (isRefusedCondition(error)) return false;
        throw error;
      }
    },

    async digest(Key) {
      const answer = await client
        .send(new GetObjectCommand({ Bucket, Key }))
        .catch(absent(NoSuchKey));
      if (!answer?.Body) return undefined;
      const hash = createHash('sha256');
      let bytes = 0;
      for await (const chunk of answer.Body as AsyncIterable<Uint8Array>) {
        hash.update(chunk);
        bytes += chunk.length;
      }
      return { bytes, sha256: hash.digest('hex'), etag: unquoted(answer.ETag) };
    },

    async copy(from, to, etag) {
      const CopySource = `${Bucket}/${from.split('/').map(encodeURIComponent).join('/')}`;
      const copy = new CopyObjectCommand({
        Bucket,
        Key: to,
        CopySource,
        CopySourceIfMatch: `"${etag}"`,
      });
      await client.send(copy).catch((error: unknown) => {
        if (!isRefusedCondition(error)) throw error;
        throw new ObjectChanged(`${from} changed before it was copied`, { cause: error });
      });
    },
  };
}

/** An absent object is an answer, every other error is not. */
const absent =
  (kind: typeof NotFound | typeof NoSuchKey) =>
  (error: unknown): undefined => {
    if (error instanceof kind) return undefined;
    throw error;
  };

/** 412: the condition does not hold; 409: another conditional write to the same key was faster. */
const isRefusedCondition = (error: unknown): boolean =>
  error instanceof S3ServiceException && [409, 412].includes(error.$metadata.httpStatusCode ?? 0);

const unquoted = (etag: string | undefined): string => (etag ?? '').replaceAll('"', '');

/** An object uploaded in parts has an ETag that ends in `-<parts>` and is no MD5. */
const isMd5 = (etag: string): boolean => /^[0-9a-f]{32}$/.test(etag);

const time = (date: Date | undefined): string => (date ?? new Date(0)).toISOString();
