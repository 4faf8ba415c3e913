import * as z from 'zod';
import { type Body, bodyOf, copiedBody, readDocument, storeBody } from './body.ts';
import type { Bucket } from './bucket.ts';
import { Algorithm, checksumElements, checksumHeaders, DEFAULT_ALGORITHM } from './checksums.ts';
import {
  isUnmodified,
  preconditionFailed,
  type WriteCondition,
  writeCondition,
} from './conditions.ts';
import { describeFailure, S3Error } from './errors.ts';
import { type BucketRequest, type ObjectRequest, type Operation, quoted } from './operation.ts';
import { copySource } from './request.ts';
import { storedHeaders } from './stored-headers.ts';
import type { StoredObject } from './stored-object.ts';
import { malformedXml, parseXml, xmlDocument } from './xml.ts';

export const putObject: Operation<ObjectRequest> = async ({ store, announce }, request) => {
  const bucket = store.bucket(request.bucket);
  const body = bodyOf(request);
  const draft = {
    key: request.key,
    headers: storedHeaders(request.headers),
    algorithm: body.algorithm ?? DEFAULT_ALGORITHM,
  };

  const stored = await storeObject(bucket, draft, body, writeCondition(request.headers));

  announce(request, stored, 'PutObject');
  return {
    status: 200,
    headers: { etag: quoted(stored.etag), ...checksumHeaders(stored.checksum) },
  };
};

/** Reads the whole source, so that the copy has the ETag of an object put in one piece, as on AWS. */
export const copyObject: Operation<ObjectRequest> = async ({ store, announce }, request) => {
  const { headers } = request;
  const bucket = store.bucket(request.bucket);
  const source = copySource(request);
  const origin = store.bucket(source.bucket);
  const original = origin.find(source.key);
  checkSource(headers, original);
  const replace = headers['x-amz-metadata-directive'] === 'REPLACE';
  const algorithm = wantedAlgorithm(headers) ?? original.checksum.algorithm;
  if (!replace && origin === bucket && source.key === request.key) {
    const message = 'This copy request is illegal because it copies an object to itself unchanged.';
    throw new S3Error('InvalidRequest', message);
  }

  const draft = {
    key: request.key,
    headers: replace ? storedHeaders(headers) : original.headers,
    algorithm,
  };
  const bytes = origin.data.read(original.data, { start: 0, end: original.size - 1 });
  const body = copiedBody(bytes, original.size);
  const stored = await storeObject(bucket, draft, body, writeCondition(headers));

  announce(request, stored, 'CopyObject');
  const { etag, lastModified: LastModified, checksum } = stored;
  const result = { ETag: quoted(etag), LastModified, ...checksumElements(checksum) };
  return { status: 200, body: xmlDocument('CopyObjectResult', result) };
};

/** @throws S3Error PreconditionFailed if an `x-amz-copy-source-if-` header does not hold */
export function checkSource(headers: Record<string, string>, original: StoredObject): void {
  if (isUnmodified(headers, original, 'x-amz-copy-source-')) {
    throw preconditionFailed('x-amz-copy-source-If-None-Match');
  }
}

export function wantedAlgorithm(headers: Record<string, string>): Algorithm | undefined {
  const name = headers['x-amz-checksum-algorithm'];
  if (name === undefined) return undefined;
  const algorithm = Algorithm.safeParse(name.toUpperCase());
  if (algorithm.success) return algorithm.data;
  throw new S3Error('NotImplemented', `The local S3 does not know the checksum algorithm ${name}.`);
}

/** Writes the bytes, then commits them; a failure in between leaves nothing behind. */
function storeObject(
  bucket: Bucket,
  {
    key,
    headers,
    algorithm,
  }: { key: string; headers: Record<string, string>; algorithm: Algorithm },
  body: Body,
  condition: WriteCondition,
): Promise<StoredObject> {
  return bucket.writing(async () => {
    const { data, md5, sum } = await storeBody(bucket.data, key, body, algorithm);
    const checksum = { algorithm, type: 'FULL_OBJECT' as const, value: sum };
    try {
      const object = { key, size: data.size, etag: md5, checksum, headers, data: [data] };
      return await bucket.commit(object, condition);
    } catch (error) {
      const inPlace = bucket.objects.get(key)?.data[0]?.file === data.file; // only the last sync failed
      if (!inPlace) await bucket.data.discard([data]);
      throw error;
    }
  }, body.size);
}

/** Deleting a missing object succeeds, as on AWS. */
export const deleteObject: Operation<ObjectRequest> = async ({ store }, request) => {
  const bucket = store.bucket(request.bucket);
  await bucket.writing(() => bucket.remove(request.key, { ifMatch: request.headers['if-match'] }));
  return { status: 204 };
};

const MAX_KEYS = 1_000; // in one request, as on AWS
const DeleteRequest = z.object({
  Delete: z.object({
    Object: z
      .array(z.object({ Key: z.string().min(1), ETag: z.string().optional() }))
      .min(1)
      .max(MAX_KEYS),
    Quiet: z.string().optional(),
  }),
});

export const deleteObjects: Operation<BucketRequest> = async ({ store, disk }, request) => {
  const bucket = store.bucket(request.bucket);
  const document = DeleteRequest.safeParse(parseXml(await readDocument(request)));
  if (!document.success) throw malformedXml();
  const { Object: objects, Quiet } = document.data.Delete;

  const Deleted: { Key: string }[] = [];
  const Errors: { Key: string; Code: string; Message: string }[] = [];
  await bucket.writing(async () => {
    for (const { Key, ETag } of objects) {
      try {
        await bucket.remove(Key, { ifMatch: ETag });
        if (Quiet?.trim() !== 'true') Deleted.push({ Key });
      } catch (error) {
        const { code: Code, message: Message } = describeFailure(error, disk);
        Errors.push({ Key, Code, Message });
      }
    }
  });
  return { status: 200, body: xmlDocument('DeleteResult', { Deleted, Error: Errors }) };
};
