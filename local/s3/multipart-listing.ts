import { OWNER } from './buckets.ts';
import { S3Error } from './errors.ts';
import { compareUtf8 } from './key-index.ts';
import { encoder } from './listing.ts';
import { type BucketRequest, type ObjectRequest, type Operation, quoted } from './operation.ts';
import { countIn } from './request.ts';
import { xmlDocument } from './xml.ts';

const MAX_PAGE = 1_000; // parts or uploads, as on AWS

export const listParts: Operation<ObjectRequest> = ({ store }, { bucket, key, query }) => {
  const upload = store.bucket(bucket).uploads.find(key, query.get('uploadId') ?? '');
  const marker = countIn(query, 'part-number-marker', { fallback: 0, lowest: 0, highest: 10_000 });
  const limit = countIn(query, 'max-parts', {
    fallback: MAX_PAGE,
    lowest: 0,
    highest: MAX_PAGE,
  });
  const parts = [...upload.parts.values()]
    .filter(({ number }) => number > marker)
    .sort((a, b) => a.number - b.number);
  const page = parts.slice(0, limit);

  return {
    status: 200,
    body: xmlDocument('ListPartsResult', {
      Bucket: bucket,
      Key: key,
      UploadId: upload.id,
      Initiator: OWNER,
      Owner: OWNER,
      StorageClass: 'STANDARD',
      PartNumberMarker: marker,
      NextPartNumberMarker: page.at(-1)?.number ?? marker,
      MaxParts: limit,
      IsTruncated: page.length < parts.length,
      ChecksumAlgorithm: upload.algorithm,
      ChecksumType: upload.type,
      Part: page.map(({ number, lastModified, md5, size, sum }) => ({
        PartNumber: number,
        LastModified: lastModified,
        ETag: quoted(md5),
        Size: size,
        [`Checksum${upload.algorithm}`]: sum,
      })),
    }),
  };
};

export const listMultipartUploads: Operation<BucketRequest> = ({ store }, { bucket, query }) => {
  if (query.get('delimiter')) {
    throw new S3Error('NotImplemented', 'The local S3 lists uploads without a delimiter only.');
  }
  const prefix = query.get('prefix') ?? '';
  const keyMarker = query.get('key-marker') ?? '';
  const idMarker = query.get('upload-id-marker') ?? '';
  const limit = countIn(query, 'max-uploads', {
    fallback: MAX_PAGE,
    lowest: 0,
    highest: MAX_PAGE,
  });
  const uploads = store
    .bucket(bucket)
    .uploads.all()
    .filter(({ key }) => key.startsWith(prefix))
    .filter(({ key, id }) => {
      const order = compareUtf8(key, keyMarker);
      return order > 0 || (order === 0 && idMarker !== '' && id > idMarker);
    })
    .sort((a, b) => compareUtf8(a.key, b.key) || compareUtf8(a.id, b.id));
  const page = uploads.slice(0, limit);

  const encode = encoder(query);
  const truncated = page.length < uploads.length;
  const last = truncated ? page.at(-1) : undefined;
  return {
    status: 200,
    body: xmlDocument('ListMultipartUploadsResult', {
      Bucket: bucket,
      KeyMarker: encode(keyMarker),
      UploadIdMarker: idMarker,
      NextKeyMarker: last === undefined ? undefined : encode(last.key),
      NextUploadIdMarker: last?.id,
      Prefix: encode(prefix),
      MaxUploads: limit,
      EncodingType: query.get('encoding-type') ?? undefined,
      IsTruncated: truncated,
      Upload: page.map(({ key, id, initiated, algorithm, type }) => ({
        Key: encode(key),
        UploadId: id,
        Initiator: OWNER,
        Owner: OWNER,
        StorageClass: 'STANDARD',
        Initiated: initiated,
        ChecksumAlgorithm: algorithm,
        ChecksumType: type,
      })),
    }),
  };
};
