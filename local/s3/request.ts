import type { IncomingMessage } from 'node:http';
import { S3Error } from './errors.ts';

/** An S3 request: its bucket, key, query and headers. */
export interface S3Request {
  id: string;
  method: string;
  bucket: string | undefined;
  key: string | undefined;
  query: URLSearchParams;
  headers: Record<string, string>;
  incoming: IncomingMessage;
}

const MAX_KEY = 1_024; // bytes of UTF-8

/** Parameters to ignore in presigned URLs: checksums of the empty body that the SDK signed, and the signature. */
const NO_HEADER =
  /^x-amz-(checksum-(?!mode)|sdk-|algorithm$|credential$|date$|expires$|signedheaders$|signature$|security-token$|content-sha256$)/;

/**
 * Parses a request. The path is read raw, since `URL` would resolve a `..` in a key.
 *
 * @throws S3Error InvalidURI | KeyTooLongError
 */
export function parseRequest(incoming: IncomingMessage, id: string): S3Request {
  const url = incoming.url ?? '/';
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1));

  const virtual = bucketOfHost(incoming.headers.host ?? '');
  const [first, rest] = virtual === undefined ? cut(path.slice(1)) : [virtual, path.slice(1)];
  const bucket = first === '' ? undefined : decode(first);
  const key = rest === undefined || rest === '' ? undefined : decode(rest);
  if (key !== undefined && Buffer.byteLength(key) > MAX_KEY) {
    throw new S3Error('KeyTooLongError', `Your key is longer than ${MAX_KEY} bytes.`);
  }

  const method = incoming.method ?? 'GET';
  return { id, method, bucket, key, query, headers: allHeaders(incoming, query), incoming };
}

/** The bucket in a virtual-host style name: `<bucket>.localhost` or `<bucket>.s3[.<region>].localhost`. */
function bucketOfHost(host: string): string | undefined {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  const bucket = /^(.+?)(?:\.s3(?:\.[a-z0-9-]+)?)?\.localhost$/.exec(name)?.[1];
  return bucket === undefined || /^s3(\.|$)/.test(bucket) ? undefined : bucket;
}

/** Splits `bucket/key` at its first slash. */
function cut(path: string): [string, string | undefined] {
  const slash = path.indexOf('/');
  return slash < 0 ? [path, undefined] : [path.slice(0, slash), path.slice(slash + 1)];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error('InvalidURI', `Could not parse the specified URI: ${text}`);
  }
}

/** The headers; a presigned URL has the `x-amz-` ones in its query. */
function allHeaders(incoming: IncomingMessage, query: URLSearchParams): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of query) {
    const lower = name.toLowerCase();
    if (lower.startsWith('x-amz-') && !NO_HEADER.test(lower)) headers[lower] = headerText(value);
  }
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return headers;
}

/** Checks that a value from the query is valid as a header, since it may be returned as one. */
export function headerText(text: string): string {
  if (/^[\t\x20-\x7e\x80-\xff]*$/.test(text)) return text;
  throw new S3Error('InvalidArgument', 'A header in the query has invalid characters.');
}

/** The source of a copy: `x-amz-copy-source`, which may be URL-encoded as a whole, slashes included. */
export function copySource({ headers }: S3Request): { bucket: string; key: string } {
  const source = headers['x-amz-copy-source'] ?? '';
  const [path = '', version] = source.replace(/^\//, '').split(/\?versionId=(?=[^?]*$)/);
  refuseVersion(version);
  const [bucket, key] = cut(decode(path));
  if (bucket === '' || key === undefined || key === '') {
    throw new S3Error('InvalidArgument', 'Copy Source must mention the source bucket and key.');
  }
  return { bucket, key };
}

/** No bucket here is versioned, so the only version of an object is `null`. */
export function refuseVersion(version: string | null | undefined): void {
  if (version !== undefined && version !== null && version !== 'null') {
    throw new S3Error('InvalidArgument', `Invalid version id specified: ${version}`);
  }
}

/** A whole number in the query, within its bounds. */
export function countIn(
  query: URLSearchParams,
  name: string,
  bounds: { fallback: number; lowest: number; highest: number },
): number {
  const text = query.get(name);
  if (text === null || text === '') return bounds.fallback;
  const count = /^\d{1,9}$/.test(text) ? Number(text) : -1;
  if (count < bounds.lowest) {
    throw new S3Error(
      'InvalidArgument',
      `${name} must be an integer of at least ${bounds.lowest}.`,
    );
  }
  return Math.min(count, bounds.highest);
}
