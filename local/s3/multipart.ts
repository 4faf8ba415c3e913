import { type Body, bodyOf, copiedBody, storeBody } from './body.ts';
import { type Bucket, wholeSeconds } from './bucket.ts';
import { type Algorithm, type Checksum, checksumHeader, DEFAULT_ALGORITHM } from './checksums.ts';
import { S3Error } from './errors.ts';
import { type ObjectRequest, type Operation, quoted } from './operation.ts';
import { parseCopyRange } from './ranges.ts';
import { copySource } from './request.ts';
import { storedHeaders } from './stored-headers.ts';
import type { Part, Upload } from './uploads.ts';
import { combines } from './whole-checksum.ts';
import { checkSource, wantedAlgorithm } from './write-objects.ts';
import { xmlDocument } from './xml.ts';

export const MAX_PARTS = 10_000; // as on AWS

export const createMultipartUpload: Operation<ObjectRequest> = async ({ store }, request) => {
  const bucket = store.bucket(request.bucket);
  const wanted = wantedAlgorithm(request.headers);
  const algorithm = wanted ?? DEFAULT_ALGORITHM;

  const { id, type } = await bucket.writing(() =>
    bucket.uploads.start({
      key: request.key,
      initiated: wholeSeconds(store.now()),
      algorithm,
      type: checksumType(algorithm, request.headers['x-amz-checksum-type']),
      algorithmIsDefault: wanted === undefined,
      headers: storedHeaders(request.headers),
    }),
  );

  const result = { Bucket: request.bucket, Key: request.key, UploadId: id };
  return {
    status: 200,
    headers: { 'x-amz-checksum-algorithm': algorithm, 'x-amz-checksum-type': type },
    body: xmlDocument('InitiateMultipartUploadResult', result),
  };
};

/** The valid combinations of checksum algorithm and type. Source: "Checking object integrity", S3 user guide, its table of multipart checksums. */
function checksumType(algorithm: Algorithm, wanted: string | undefined): Checksum['type'] {
  const natural = algorithm === DEFAULT_ALGORITHM ? 'FULL_OBJECT' : 'COMPOSITE';
  const type = wanted ?? natural;
  const possible =
    (type === 'FULL_OBJECT' && combines(algorithm)) ||
    (type === 'COMPOSITE' && algorithm !== DEFAULT_ALGORITHM);
  if (possible) return type;
  const message = `The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`;
  throw new S3Error('InvalidRequest', message);
}

export const uploadPart: Operation<ObjectRequest> = async ({ store }, request) => {
  const bucket = store.bucket(request.bucket);
  const upload = bucket.uploads.find(request.key, request.query.get('uploadId') ?? '');
  const body = bodyOf(request);
  if (
    body.algorithm !== undefined &&
    body.algorithm !== upload.algorithm &&
    !upload.algorithmIsDefault
  ) {
    const message = `Checksum Type mismatch occurred, expected checksum Type: ${upload.algorithm}, actual checksum Type: ${body.algorithm}`;
    throw new S3Error('InvalidRequest', message);
  }

  const part = await storePart(bucket, upload, partNumber(request), body, store.now());

  const headers = { etag: quoted(part.md5), [checksumHeader(upload.algorithm)]: part.sum };
  return { status: 200, headers };
};

export const uploadPartCopy: Operation<ObjectRequest> = async ({ store }, request) => {
  const bucket = store.bucket(request.bucket);
  const upload = bucket.uploads.find(request.key, request.query.get('uploadId') ?? '');
  const number = partNumber(request);
  const source = copySource(request);
  const origin = store.bucket(source.bucket);
  const original = origin.find(source.key);
  checkSource(request.headers, original);
  const { size } = original;
  const wanted = parseCopyRange(request.headers['x-amz-copy-source-range'], size);
  const range = wanted ?? { start: 0, end: size - 1 };

  const bytes = origin.data.read(original.data, range);
  const body = copiedBody(bytes, range.end - range.start + 1);
  const part = await storePart(bucket, upload, number, body, store.now());

  const sum = { [`Checksum${upload.algorithm}`]: part.sum };
  const result = { ETag: quoted(part.md5), LastModified: part.lastModified, ...sum };
  return { status: 200, body: xmlDocument('CopyPartResult', result) };
};

function partNumber({ query }: ObjectRequest): number {
  const text = query.get('partNumber') ?? '';
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= MAX_PARTS) return number;
  const message = `Part number must be an integer between 1 and ${MAX_PARTS}, inclusive`;
  throw new S3Error('InvalidArgument', message);
}

function storePart(
  bucket: Bucket,
  upload: Upload,
  number: number,
  body: Body,
  now: Date,
): Promise<Part> {
  return bucket.writing(async () => {
    const { data, md5, sum } = await storeBody(bucket.data, upload.key, body, upload.algorithm);
    const part = { number, size: data.size, md5, sum, lastModified: wholeSeconds(now), data };
    try {
      await bucket.uploads.putPart(upload, part);
      return part;
    } catch (error) {
      if (upload.parts.get(number) !== part) await bucket.data.discard([data]);
      throw error;
    }
  }, body.size);
}

export const abortMultipartUpload: Operation<ObjectRequest> = async ({ store }, request) => {
  const bucket = store.bucket(request.bucket);
  const uploadId = request.query.get('uploadId') ?? '';
  await bucket.uploads.end(request.key, uploadId, async () => {
    const object = bucket.objects.get(request.key); // has the parts if CompleteMultipartUpload failed at its last sync
    const kept = object?.uploadId === uploadId ? object.data : [];
    return { kept, result: undefined };
  });
  return { status: 204 };
};
