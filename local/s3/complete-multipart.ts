import * as z from 'zod';
import { readDocument } from './body.ts';
import { checksumElements, checksumHeader } from './checksums.ts';
import { writeCondition } from './conditions.ts';
import { S3Error } from './errors.ts';
import { MAX_PARTS } from './multipart.ts';
import { type ObjectRequest, type Operation, quoted } from './operation.ts';
import type { NewObject, StoredObject } from './stored-object.ts';
import type { Part, Upload } from './uploads.ts';
import { multipartEtag, wholeChecksum } from './whole-checksum.ts';
import { malformedXml, parseXml, xmlDocument } from './xml.ts';

const SMALLEST_PART = 5 * 1024 ** 2; // bytes, save for the last; as on AWS

const CompleteRequest = z.object({
  CompleteMultipartUpload: z.object({
    Part: z
      .array(
        z
          .object({ PartNumber: z.string().regex(/^\s*\d+\s*$/), ETag: z.string() })
          .catchall(z.unknown()),
      )
      .min(1)
      .max(MAX_PARTS),
  }),
});
type ListedPart = z.infer<typeof CompleteRequest>['CompleteMultipartUpload']['Part'][number];

/** The files of the parts become the files of the object; no byte is read or moved, so this is fast for any size. */
export const completeMultipartUpload: Operation<ObjectRequest> = async (context, request) => {
  const bucket = context.store.bucket(request.bucket);
  const uploadId = request.query.get('uploadId') ?? '';
  const listed = await readParts(request);

  try {
    const stored = await bucket.writing(() =>
      bucket.uploads.end(request.key, uploadId, async (upload) => {
        const parts = chooseParts(upload, listed);
        const object = await assemble(upload, parts);
        checkWhole(request.headers, object);
        const result = await bucket.commit(object, writeCondition(request.headers));
        return { kept: object.data, result };
      }),
    );
    context.announce(request, stored, 'CompleteMultipartUpload');
    return completed(request, stored);
  } catch (error) {
    const existing = bucket.objects.get(request.key);
    const repeated = error instanceof S3Error && error.code === 'NoSuchUpload'; // the first response was lost
    if (repeated && existing?.uploadId === uploadId) return completed(request, existing);
    throw error;
  }
};

async function readParts(request: ObjectRequest): Promise<ListedPart[]> {
  // Here a checksum header refers to the object, not to the body of this request.
  const own = Object.entries(request.headers).filter(
    ([name]) => !name.startsWith('x-amz-checksum-'),
  );
  const text = await readDocument({ ...request, headers: Object.fromEntries(own) });
  const document = CompleteRequest.safeParse(parseXml(text));
  if (!document.success) throw malformedXml();
  return document.data.CompleteMultipartUpload.Part;
}

async function assemble(upload: Upload, parts: readonly Part[]): Promise<NewObject> {
  return {
    key: upload.key,
    size: parts.reduce((sum, part) => sum + part.size, 0),
    etag: multipartEtag(parts.map((part) => part.md5)),
    checksum: await wholeChecksum(upload.algorithm, upload.type, parts),
    headers: upload.headers,
    data: parts.map((part) => part.data),
    uploadId: upload.id,
  };
}

const completed = (request: ObjectRequest, { key, etag, checksum }: StoredObject) => ({
  status: 200,
  body: xmlDocument('CompleteMultipartUploadResult', {
    Location: `http://${request.headers.host}/${request.bucket}/${encodeURIComponent(key)}`,
    Bucket: request.bucket,
    Key: key,
    ETag: quoted(etag),
    ...checksumElements(checksum),
  }),
});

/** The parts that the client names, which must be those that are stored. */
function chooseParts(upload: Upload, listed: readonly ListedPart[]): Part[] {
  const numbers = listed.map(({ PartNumber }) => Number(PartNumber));
  if (numbers.some((number, i) => number <= (numbers[i - 1] ?? 0))) {
    throw new S3Error('InvalidPartOrder', 'The parts must be listed in ascending order.');
  }
  return listed.map((named, index) => {
    const number = Number(named.PartNumber);
    const part = upload.parts.get(number);
    const sum = named[`Checksum${upload.algorithm}`];
    const agrees =
      part?.md5 === named.ETag.trim().replaceAll('"', '') &&
      (sum === undefined || sum === part.sum);
    if (part === undefined || !agrees) {
      const message =
        'A part was not found, or its ETag or checksum is not that of the part stored.';
      throw new S3Error('InvalidPart', message, { PartNumber: String(number) });
    }
    if (part.size < SMALLEST_PART && index < listed.length - 1) {
      const message = 'Your proposed upload is smaller than the minimum allowed size';
      throw new S3Error('EntityTooSmall', message, {
        PartNumber: String(number),
        ProposedSize: String(part.size),
        MinSizeAllowed: String(SMALLEST_PART),
      });
    }
    return part;
  });
}

/** Checks what the client declares about the whole object, so that a lost or doubled part is noticed. */
function checkWhole(headers: Record<string, string>, { checksum, size }: NewObject): void {
  const wantedSize = headers['x-amz-mp-object-size'];
  if (wantedSize !== undefined && Number(wantedSize) !== size) {
    throw new S3Error('InvalidRequest', `The parts have ${size} bytes, not ${wantedSize}.`);
  }
  const wantedType = headers['x-amz-checksum-type'];
  if (wantedType !== undefined && wantedType !== checksum.type) {
    throw new S3Error(
      'InvalidRequest',
      `The upload was started with checksum type ${checksum.type}.`,
    );
  }
  const wanted = headers[checksumHeader(checksum.algorithm)];
  if (wanted !== undefined && wanted.replace(/-\d+$/, '') !== checksum.value.replace(/-\d+$/, '')) {
    throw new S3Error(
      'BadDigest',
      `The ${checksum.algorithm} you specified did not match the object's.`,
    );
  }
}
