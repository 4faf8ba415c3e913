import { join } from 'node:path';
import { parseS3Uri } from '#core/keys.ts';

/** The data are not what a training can be given; its message is for the job's FailureReason. */
export class DataProblem extends Error {
  override name = 'DataProblem';
}

/** Bucket and prefix of an address, which may be a bucket alone. */
export const s3Location = (uri: string): { bucket: string; key: string } =>
  parseS3Uri(/^s3:\/\/[^/]+$/.test(uri) ? `${uri}/` : uri);

/** Such a location with its prefix as a folder's, ending in a slash where it is not empty. */
export function s3Folder(uri: string): { bucket: string; prefix: string } {
  const { bucket, key } = s3Location(uri);
  return { bucket, prefix: key === '' || key.endsWith('/') ? key : `${key}/` };
}

/**
 * Where the rest of a key lies below a folder.
 * @throws DataProblem for one that would lie elsewhere, or nowhere
 */
export function placeBelow(folder: string, rest: string): string {
  const parts = rest.split('/');
  if (parts.every(isFileName)) return join(folder, ...parts);
  throw new DataProblem(`the key ${JSON.stringify(rest)} is no path below a folder`);
}

const isFileName = (part: string): boolean =>
  part !== '' &&
  part !== '.' &&
  part !== '..' &&
  !/[\\\0]/.test(part) &&
  (process.platform !== 'win32' || !/[:*?"<>|]/.test(part));
