import { createHash } from 'node:crypto';

/** What S3 says of an object without its bytes being read. */
export interface ObjectFacts {
  key: string;
  size: number; // bytes
  etag: string; // without quotes
  /** The full-object checksum S3 keeps by default; listings and older objects have none. */
  crc64nvme?: string;
  versionId?: string;
  lastModified: string; // ISO 8601
}

export const sha256 = (data: string | Uint8Array): string =>
  createHash('sha256').update(data).digest('hex');

/** An archive's seal names its content, not its time: the same bytes uploaded again give the same seal. */
export const archiveSeal = (object: ObjectFacts): string =>
  object.crc64nvme
    ? `${object.size}-crc64nvme-${object.crc64nvme}`
    : `${object.size}-etag-${object.etag}`;

/** A folder's seal: the hash of its sorted listing. Listings carry ETags and no checksums, so ETags it is. */
export function folderSeal(objects: readonly ObjectFacts[]): string {
  const lines = objects.map(({ key, size, etag }) => JSON.stringify([key, size, etag]));
  return `sha256-${sha256(lines.sort().join('\n'))}`;
}

/** The hash of the recipe as written; no recipe has a hash of its own. */
export const recipeHash = (recipeText: string | undefined): string =>
  sha256(recipeText === undefined ? 'no recipe' : `recipe\n${recipeText}`);

/** The same upload is the same job however often it is announced; one changed byte is another. */
export function jobIdOf(upload: {
  bucket: string;
  dataset: string;
  seal: string;
  recipeHash: string;
}): string {
  const { bucket, dataset, seal, recipeHash } = upload;
  return sha256([bucket, dataset, seal, recipeHash].join('|'));
}

export const JOB_NAME_PREFIX = 'understudy-';

/** SageMaker allows 63 characters of letters, digits and inner hyphens; ours are 11 + 20 + 1 + 16 + 2 + digits. */
export function trainingJobName(datasetName: string, jobId: string, attempt: number): string {
  return `${JOB_NAME_PREFIX}${slug(datasetName)}-${jobId.slice(0, 16)}-a${attempt}`;
}

/** ASCII letters, digits and hyphens, at most 20; a name without any becomes "dataset". */
export function slug(name: string): string {
  const ascii = name.normalize('NFKD').replaceAll(/\p{M}/gu, '');
  const hyphened = ascii
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .replaceAll(/^-+/g, '')
    .slice(0, 20);
  return hyphened.replaceAll(/-+$/g, '').toLowerCase() || 'dataset';
}

/** A student's version is its job: `students/<name>/<version>/`. */
export const studentVersion = (jobId: string): string => jobId.slice(0, 12);
