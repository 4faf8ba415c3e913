import { S3Error } from './errors.ts';

/** The headers of an upload that are returned with the object, besides all `x-amz-meta-`. */
const KEPT = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
];
const METADATA = 'x-amz-meta-';
const MAX_METADATA = 2_048; // bytes of names and values together, as on AWS

/** Headers that change what is stored or who may read it. They are refused, since ignoring them would mislead the client. */
const REFUSED =
  /^x-amz-(tagging$|object-lock-|website-redirect-location$|write-offset-bytes$|server-side-encryption-customer-|grant-)/;

/** The headers to store; `Content-Encoding: aws-chunked` only concerns the transfer. */
export function storedHeaders(headers: Record<string, string>): Record<string, string> {
  const kept: Record<string, string> = {};
  let metadataBytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (REFUSED.test(name)) {
      throw new S3Error('NotImplemented', `The local S3 does not implement the header ${name}.`);
    }
    if (name.startsWith(METADATA)) {
      metadataBytes += name.length - METADATA.length + value.length;
      kept[name] = value;
    } else if (KEPT.includes(name)) {
      const clean = name === 'content-encoding' ? withoutAwsChunked(value) : value;
      if (clean !== '') kept[name] = clean;
    }
  }
  if (metadataBytes > MAX_METADATA) {
    throw new S3Error('MetadataTooLarge', `User metadata may have ${MAX_METADATA} bytes in all.`);
  }
  return { 'content-type': 'binary/octet-stream', ...kept };
}

const withoutAwsChunked = (encoding: string): string =>
  encoding
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== 'aws-chunked')
    .join(',');
