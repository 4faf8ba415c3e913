import { checksumElements, checksumHeaders } from './checksums.ts';
import { isUnmodified } from './conditions.ts';
import { S3Error } from './errors.ts';
import { type ObjectRequest, type Operation, quoted } from './operation.ts';
import { type ByteRange, parseRange } from './ranges.ts';
import { countIn, headerText, refuseVersion } from './request.ts';
import type { StoredObject } from './stored-object.ts';
import { xmlDocument } from './xml.ts';

/** Response headers that a GET may override. */
const OVERRIDES = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
];

/** GetObject, and HeadObject, which is the same without the body. */
export const readObject: Operation<ObjectRequest> = ({ store }, request) => {
  const { headers, query } = request;
  refuseVersion(query.get('versionId'));
  const bucket = store.bucket(request.bucket);
  const object = bucket.find(request.key);
  const validators = {
    etag: quoted(object.etag),
    'last-modified': new Date(object.lastModified).toUTCString(),
  };
  if (isUnmodified(headers, object)) return { status: 304, headers: validators };

  const part = query.has('partNumber') ? partRange(object, query) : undefined;
  const range = part ?? parseRange(headers.range, object.size);
  const { start, end } = range ?? { start: 0, end: object.size - 1 };
  const answer: Record<string, string> = {
    ...object.headers,
    ...validators,
    'accept-ranges': 'bytes',
    'content-length': String(end - start + 1),
  };
  if (range !== undefined) answer['content-range'] = `bytes ${start}-${end}/${object.size}`;
  if (part !== undefined) answer['x-amz-mp-parts-count'] = String(object.data.length);
  // Not the checksum of the whole object: SDKs would verify the range against it.
  if (range === undefined && headers['x-amz-checksum-mode']?.toUpperCase() === 'ENABLED') {
    Object.assign(answer, checksumHeaders(object.checksum));
  }
  for (const name of OVERRIDES) {
    const value = query.get(`response-${name}`);
    if (value !== null) answer[name] = headerText(value);
  }

  const status = range === undefined ? 200 : 206;
  if (request.method === 'HEAD') return { status, headers: answer };
  return { status, headers: answer, body: bucket.data.read(object.data, { start, end }) };
};

/** The bytes of one part of a multipart object; an object put in one piece is its own part 1. */
function partRange({ data }: StoredObject, query: URLSearchParams): ByteRange | undefined {
  const number = countIn(query, 'partNumber', { fallback: 1, lowest: 1, highest: 10_000 });
  const part = data[number - 1];
  if (part === undefined) {
    throw new S3Error('InvalidRange', `The object has ${data.length} parts, not ${number}.`);
  }
  const start = data.slice(0, number - 1).reduce((sum, { size }) => sum + size, 0);
  return part.size === 0 ? undefined : { start, end: start + part.size - 1 };
}

export const getObjectAttributes: Operation<ObjectRequest> = ({ store }, request) => {
  refuseVersion(request.query.get('versionId'));
  const { etag, size, checksum, data, lastModified } = store
    .bucket(request.bucket)
    .find(request.key);
  const wanted = (request.headers['x-amz-object-attributes'] ?? '')
    .split(',')
    .map((one) => one.trim());
  if (wanted.every((one) => one === '')) {
    throw new S3Error('InvalidRequest', 'x-amz-object-attributes must name what to return.');
  }

  const attributes = {
    ETag: etag,
    Checksum: checksumElements(checksum),
    ObjectParts: etag.includes('-') ? { PartsCount: data.length } : undefined,
    StorageClass: 'STANDARD',
    ObjectSize: size,
  };
  const chosen = Object.fromEntries(
    Object.entries(attributes).filter(([name]) => wanted.includes(name)),
  );
  return {
    status: 200,
    headers: { 'last-modified': new Date(lastModified).toUTCString() },
    body: xmlDocument('GetObjectAttributesResponse', chosen),
  };
};

/** No object has tags (a put with tags is refused), which S3 expresses by an empty set. */
export const getObjectTagging: Operation<ObjectRequest> = ({ store }, request) => {
  store.bucket(request.bucket).find(request.key);
  return { status: 200, body: xmlDocument('Tagging', { TagSet: '' }) };
};
