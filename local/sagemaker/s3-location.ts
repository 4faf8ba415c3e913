import { join } from 'node:path';
import { parseS3Uri } from '#core/keys.ts';

/** The training data cannot be used; the message becomes part of the job's FailureReason. */
export class DataError extends Error {
  override name = 'DataError';
}

/** Splits an S3 URI, which may be a bucket alone. */
export const s3Location = (uri: string): { bucket: string; key: string } =>
  parseS3Uri(/^s3:\/\/[^/]+$/.test(uri) ? `${uri}/` : uri);

/** Splits an S3 URI into a bucket and a prefix that is empty or ends in a slash. */
export function s3Folder(uri: string): { bucket: string; prefix: string } {
  const { bucket, key } = s3Location(uri);
  return { bucket, prefix: key === '' || key.endsWith('/') ? key : `${key}/` };
}

/**
 * The path for the rest of a key below a folder.
 * @throws DataError if it would lead out of the folder or is not a valid path
 */
export function pathBelow(folder: string, rest: string): string {
  const parts = rest.split('/');
  if (parts.every(isFileName)) return join(folder, ...parts);
  throw new DataError(`the key ${JSON.stringify(rest)} is not a path below a folder`);
}

const isFileName = (part: string): boolean =>
  part !== '' &&
  part !== '.' &&
  part !== '..' &&
  !/[\\\0]/.test(part) &&
  (process.platform !== 'win32' || !/[:*?"<>|]/.test(part));
