import { createHash } from 'node:crypto';

/** The metadata that S3 keeps of an object. */
export interface ObjectFacts {
  key: string;
  size: number; // bytes
  etag: string; // without quotes
  /** The full-object checksum, base64, which S3 stores by default; listings and older objects lack it. */
  crc64nvme?: string;
  versionId?: string;
  lastModified: string; // ISO 8601
}

export const sha256 = (data: string | Uint8Array): string =>
  createHash('sha256').update(data).digest('hex');

/** The seal of an archive identifies its content, not its time: the same bytes uploaded again give the same seal. */
export const archiveSeal = (object: ObjectFacts): string =>
  object.crc64nvme
    ? `${object.size}-crc64nvme-${object.crc64nvme}`
    : `${object.size}-etag-${object.etag}`;

/** The seal of a folder: the hash of its sorted listing, with ETags, because listings carry no checksums. */
export function folderSeal(objects: readonly ObjectFacts[]): string {
  const lines = objects.map(({ key, size, etag }) => JSON.stringify([key, size, etag]));
  return `sha256-${sha256(lines.sort().join('\n'))}`;
}

/** The hash of the recipe's text; the absence of a recipe has a hash too. */
export const recipeHash = (recipeText: string | undefined): string =>
  sha256(recipeText === undefined ? 'no recipe' : `recipe\n${recipeText}`);

/** The same upload is always the same job, however often its event arrives; a changed byte makes another job. */
export function jobIdOf(upload: {
  bucket: string;
  dataset: string;
  seal: string;
  recipeHash: string;
}): string {
  const { bucket, dataset, seal, recipeHash } = upload;
  return sha256([bucket, dataset, seal, recipeHash].join('|'));
}

/** The start of every training job's name. */
export const JOB_NAME_PREFIX = 'understudy-';

/** SageMaker allows 63 letters, digits and inner hyphens; these are 11 + 20 + 1 + 16 + 2 + the attempt's digits. */
export function trainingJobName(datasetName: string, jobId: string, attempt: number): string {
  return `${JOB_NAME_PREFIX}${slug(datasetName)}-${shortJobId(jobId)}-a${attempt}`;
}

/** At most 20 ASCII letters, digits and hyphens; "dataset" for a name without any. */
export function slug(name: string): string {
  const ascii = name.normalize('NFKD').replaceAll(/\p{M}/gu, '');
  const hyphened = ascii
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .replaceAll(/^-+/g, '')
    .slice(0, 20);
  return hyphened.replaceAll(/-+$/g, '').toLowerCase() || 'dataset';
}

/** The version of the student that a job produces, as in `students/<name>/<version>/`. */
export const studentVersion = (jobId: string): string => jobId.slice(0, 12);

/** A job's id in the names and tags of other things. */
export const shortJobId = (jobId: string): string => jobId.slice(0, 16);
