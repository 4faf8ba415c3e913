import { OWNER } from './buckets.ts';
import { S3Error } from './errors.ts';
import type { KeyIndex } from './key-index.ts';
import { type BucketRequest, type Operation, quoted } from './operation.ts';
import { countIn } from './request.ts';
import type { StoredObject } from './stored-object.ts';
import { xmlDocument } from './xml.ts';

const MAX_PAGE = 1_000; // keys, as on AWS

export interface Page {
  objects: StoredObject[];
  prefixes: string[]; // common prefixes, delimiter included
  /** The last key or common prefix, after which the next page starts; `undefined` on the last page. */
  next: string | undefined;
}

/**
 * One page of a listing in the order of UTF-8 bytes. Its cost depends on its own length, not on the bucket's: keys below
 * a common prefix are skipped by binary search.
 *
 * @param after a key, or the common prefix at the end of a page, all of whose keys are skipped
 */
export function listPage(
  index: KeyIndex<StoredObject>,
  {
    prefix,
    delimiter,
    after,
    limit,
  }: { prefix: string; delimiter: string; after: string; limit: number },
): Page {
  const page: Page = { objects: [], prefixes: [], next: undefined };
  let position = index.seek(prefix);
  if (after !== '') {
    const passed =
      groupOf(after, prefix, delimiter) === after ? index.seekPast(after) : past(index, after);
    position = Math.max(position, passed);
  }

  let last: string | undefined;
  for (let count = 0; count < limit; count++) {
    const key = index.keyAt(position);
    const object = key === undefined ? undefined : index.get(key);
    if (key === undefined || object === undefined || !key.startsWith(prefix)) return page;
    const group = groupOf(key, prefix, delimiter);
    if (group === undefined) {
      page.objects.push(object);
      position++;
    } else {
      page.prefixes.push(group);
      position = index.seekPast(group);
    }
    last = group ?? key;
  }
  const more = index.keyAt(position)?.startsWith(prefix) ?? false;
  return { ...page, next: more ? last : undefined };
}

/** The common prefix of a key: up to the first delimiter after the prefix. */
function groupOf(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === '' || !key.startsWith(prefix)) return undefined;
  const end = key.indexOf(delimiter, prefix.length);
  return end < 0 ? undefined : key.slice(0, end + delimiter.length);
}

function past(index: KeyIndex<StoredObject>, key: string): number {
  const position = index.seek(key);
  return index.keyAt(position) === key ? position + 1 : position;
}

export const listObjectsV2: Operation<BucketRequest> = ({ store }, { bucket: name, query }) => {
  const token = query.get('continuation-token');
  const startAfter = query.get('start-after');
  const after = token === null ? (startAfter ?? '') : fromToken(token);
  const ask = { ...common(query), after };
  const page = listPage(store.bucket(name).objects, ask);

  const encode = encoder(query);
  return {
    status: 200,
    body: xmlDocument('ListBucketResult', {
      ...shared(name, query, ask, page),
      KeyCount: page.objects.length + page.prefixes.length,
      ContinuationToken: token ?? undefined,
      NextContinuationToken: page.next === undefined ? undefined : toToken(page.next),
      StartAfter: startAfter === null ? undefined : encode(startAfter),
      ...entries(page, encode, query.get('fetch-owner') === 'true'),
    }),
  };
};

/** Version 1 of the operation, for old clients and URLs without `list-type`. */
export const listObjects: Operation<BucketRequest> = ({ store }, { bucket: name, query }) => {
  const after = query.get('marker') ?? '';
  const ask = { ...common(query), after };
  const page = listPage(store.bucket(name).objects, ask);

  const encode = encoder(query);
  return {
    status: 200,
    body: xmlDocument('ListBucketResult', {
      ...shared(name, query, ask, page),
      Marker: encode(after),
      NextMarker: page.next === undefined || ask.delimiter === '' ? undefined : encode(page.next),
      ...entries(page, encode, true),
    }),
  };
};

const common = (query: URLSearchParams) => ({
  prefix: query.get('prefix') ?? '',
  delimiter: query.get('delimiter') ?? '',
  limit: countIn(query, 'max-keys', { fallback: MAX_PAGE, lowest: 0, highest: MAX_PAGE }),
});

const shared = (
  Name: string,
  query: URLSearchParams,
  { prefix, delimiter, limit }: ReturnType<typeof common>,
  page: Page,
) => ({
  Name,
  Prefix: encoder(query)(prefix),
  Delimiter: delimiter === '' ? undefined : encoder(query)(delimiter),
  MaxKeys: limit,
  EncodingType: query.get('encoding-type') ?? undefined,
  IsTruncated: page.next !== undefined,
});

const entries = (page: Page, encode: (text: string) => string, withOwner: boolean) => ({
  Contents: page.objects.map(({ key, lastModified, etag, checksum, size }) => ({
    Key: encode(key),
    LastModified: lastModified,
    ETag: quoted(etag),
    ChecksumAlgorithm: checksum.algorithm,
    ChecksumType: checksum.type,
    Size: size,
    StorageClass: 'STANDARD',
    Owner: withOwner ? OWNER : undefined,
  })),
  CommonPrefixes: page.prefixes.map((prefix) => ({ Prefix: encode(prefix) })),
});

/** Writes keys as they are, or URL-encoded for clients whose XML parser does not accept control characters. */
export function encoder(query: URLSearchParams): (text: string) => string {
  const type = query.get('encoding-type');
  if (type === null) return (text) => text;
  if (type !== 'url')
    throw new S3Error('InvalidArgument', 'Invalid Encoding Method specified in Request.');
  return (text) => encodeURIComponent(text).replaceAll('%2F', '/');
}

const toToken = (after: string): string => Buffer.from(after).toString('base64url');

function fromToken(token: string): string {
  const after = Buffer.from(token, 'base64url').toString('utf8');
  if (after === '' || toToken(after) !== token) {
    throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect.');
  }
  return after;
}
