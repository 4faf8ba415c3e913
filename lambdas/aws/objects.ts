import { createHash } from 'node:crypto';
import {
  type _Object,
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  NoSuchKey,
  NotFound,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { Crc64Nvme } from '@aws-sdk/crc64-nvme';
import type { ObjectFacts } from '#core/identity.ts';
import { ObjectChanged, type Objects } from '#ports';

/** A bucket on AWS, or in the local S3. */
export function s3Objects(bucket: string, client = new S3Client()): Objects {
  const Bucket = bucket;

  async function readWhole(Key: string): Promise<{ text: string; etag: string } | undefined> {
    const answer = await client
      .send(new GetObjectCommand({ Bucket, Key }))
      .catch(absent(NoSuchKey));
    if (!answer) return undefined;
    return { text: (await answer.Body?.transformToString()) ?? '', etag: unquoted(answer.ETag) };
  }

  return {
    bucket,

    async head(Key) {
      const head = await client
        .send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }))
        .catch(absent(NotFound));
      if (!head) return undefined;
      const etag = unquoted(head.ETag);
      // A composite checksum depends on the parts of the upload; only a full-object checksum identifies the content.
      const whole = head.ChecksumType !== 'COMPOSITE';
      return {
        key: Key,
        size: head.ContentLength ?? 0,
        etag,
        etagIsMd5: isMd5(etag) && !head.ServerSideEncryption?.startsWith('aws:kms'), // dual layer too
        ...(whole && head.ChecksumCRC64NVME && { crc64nvme: head.ChecksumCRC64NVME }),
        ...(head.VersionId && { versionId: head.VersionId }),
        lastModified: time(head.LastModified),
      };
    },

    async *list(Prefix) {
      for await (const page of paginateListObjectsV2({ client }, { Bucket, Prefix })) {
        yield* (page.Contents ?? []).map(factsOf);
      }
    },

    async listTopLevel(Prefix) {
      const found: Awaited<ReturnType<Objects['listTopLevel']>> = { objects: [], folders: [] };
      const query = { Bucket, Prefix, Delimiter: '/' };
      for await (const { Contents = [], CommonPrefixes = [] } of paginateListObjectsV2(
        { client },
        query,
      )) {
        found.objects.push(...Contents.map(factsOf));
        found.folders.push(...CommonPrefixes.map((common) => common.Prefix ?? ''));
      }
      return found;
    },

    async readText(Key) {
      return (await readWhole(Key))?.text;
    },

    readTextAndEtag: readWhole,

    async readRange(Key, start, end, etag) {
      const Range = `bytes=${start}-${end - 1}`;
      const answer = await client
        .send(new GetObjectCommand({ Bucket, Key, Range, IfMatch: `"${etag}"` }))
        .catch((error: unknown) => {
          if (!isRefusedCondition(error)) throw error;
          throw new ObjectChanged(`${Key} changed while it was being read`, { cause: error });
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
        if (!isRefusedCondition(error)) throw error;
        return false;
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

    async crc64(Key, etag) {
      const answer = await client
        .send(new GetObjectCommand({ Bucket, Key, IfMatch: `"${etag}"` }))
        .catch((error: unknown) => {
          if (!isRefusedCondition(error)) throw error;
          throw new ObjectChanged(`${Key} changed before it was read`, { cause: error });
        });
      const sum = new Crc64Nvme();
      for await (const chunk of answer.Body as AsyncIterable<Uint8Array>) sum.update(chunk);
      return Buffer.from(await sum.digest()).toString('base64');
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

    async remove(keys) {
      for (let from = 0; from < keys.length; from += MAX_DELETED) {
        const batch = keys.slice(from, from + MAX_DELETED).map((Key) => ({ Key }));
        const { Errors = [] } = await client.send(
          new DeleteObjectsCommand({ Bucket, Delete: { Objects: batch, Quiet: true } }),
        );
        const [first] = Errors; // S3 answers 200 even if it has deleted none
        if (first) throw new Error(`${first.Key} cannot be deleted: ${first.Message}`);
      }
    },

    async removeIf(Key, etag) {
      try {
        await client.send(new DeleteObjectCommand({ Bucket, Key, IfMatch: `"${etag}"` }));
        return true;
      } catch (error) {
        if (!isRefusedCondition(error)) throw error;
        return false;
      }
    },
  };
}

const MAX_DELETED = 1_000; // keys in one request, a limit of S3

/** Turns the error for an absent object into `undefined`; rethrows every other error. */
const absent =
  (kind: typeof NotFound | typeof NoSuchKey) =>
  (error: unknown): undefined => {
    if (error instanceof kind) return undefined;
    throw error;
  };

/** 412: the condition does not hold; 404: no object to hold it; 409: another conditional write was in progress. */
const isRefusedCondition = (error: unknown): boolean =>
  error instanceof S3ServiceException &&
  [404, 409, 412].includes(error.$metadata.httpStatusCode ?? 0);

const factsOf = ({ Key = '', Size = 0, ETag, LastModified }: _Object): ObjectFacts => ({
  key: Key,
  size: Size,
  etag: unquoted(ETag),
  lastModified: time(LastModified),
});

const unquoted = (etag: string | undefined): string => (etag ?? '').replaceAll('"', '');

/** The ETag of an object uploaded in parts ends in `-<parts>` and is not an MD5. */
const isMd5 = (etag: string): boolean => /^[0-9a-f]{32}$/.test(etag);

const time = (date: Date | undefined): string => (date ?? new Date(0)).toISOString();
