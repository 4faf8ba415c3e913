import { S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import type { ObjectFacts } from '#core/identity.ts';
import { nameOfArchive, RECIPE_FILE } from '#core/keys.ts';
import { s3Objects } from '#lambdas/aws/objects.ts';
import type { DatasetFiles } from '#lambdas/validate-dataset/dataset-files.ts';
import { readRecipe } from '#lambdas/validate-dataset/identify-upload.ts';
import { judgeDataset } from '#lambdas/validate-dataset/judge-dataset.ts';
import { listArchive } from '#lambdas/validate-dataset/list-archive.ts';
import { dataOf, listFolder } from '#lambdas/validate-dataset/list-folder.ts';
import type { Objects } from '#ports';
import { TEACHERS } from '#teachers/catalogue.ts';
import { CliError, EXIT } from './cli-error.ts';
import { explainAwsError } from './explain-aws-error.ts';
import { type LocalReport, localReport } from './judge-local.ts';
import { type OpenOptions, recipeOf } from './open-dataset.ts';

/** A place in a bucket. */
export interface BucketPlace {
  bucket: string;
  key: string; // of an archive, or the prefix of a folder, with or without its last slash
}

/** The place that an `s3://` URI names; `undefined` for everything else. */
export function bucketPlace(uri: string): BucketPlace | undefined {
  const match = /^s3:\/\/([^/]*)\/?(.*)$/s.exec(uri);
  if (!match) return undefined;
  const [, bucket = '', key = ''] = match;
  if (bucket !== '') return { bucket, key };
  throw new CliError(EXIT.usage, `${uri} names no bucket; write s3://BUCKET/KEY.`);
}

/**
 * Judges an archive or a folder in any bucket, as the pipeline judges an upload, with the credentials that the AWS CLI
 * would use. It only reads: listings, and the first and last bytes of files.
 *
 * @throws CliError not found; usage, if access is denied; rejected, for a faulty recipe
 */
export async function judgeInBucket(
  { bucket, key }: BucketPlace,
  options: Omit<OpenOptions, 'name'>,
  client = new S3Client({ followRegionRedirects: true }),
): Promise<LocalReport> {
  const uri = `s3://${bucket}/${key}`;
  const objects = s3Objects(bucket, client);
  try {
    const { files, recipeKey, path } = await find(objects, key, uri);
    const text = await readRecipe(objects, recipeKey);
    const own = text === undefined ? undefined : { path: `s3://${bucket}/${recipeKey}`, text };
    const recipe = await recipeOf(own, options);
    const listed = await files();
    const judged = await judgeDataset(listed, { text: recipe, path }, { teachers: TEACHERS });
    return localReport(uri, judged);
  } catch (error) {
    throw explainBucketError(error, bucket, uri);
  }
}

interface Found {
  files: () => Promise<DatasetFiles>;
  recipeKey: string;
  path: string; // of the recipe that counts, or would
}

async function find(objects: Objects, key: string, uri: string): Promise<Found> {
  const archive = key === '' || key.endsWith('/') ? undefined : await objects.head(key);
  if (archive) {
    const recipeKey = `${nameOfArchive(key)}.json`;
    return { files: () => listArchive(objects, archive), recipeKey, path: recipeKey };
  }
  const prefix = key === '' || key.endsWith('/') ? key : `${key}/`;
  const recipeKey = `${prefix}${RECIPE_FILE}`;
  const all: ObjectFacts[] = [];
  for await (const object of objects.list(prefix)) all.push(object);
  if (all.length === 0) {
    const sentence = `There is nothing at ${uri}: no object of this key, and none below it.`;
    throw new CliError(EXIT.notFound, sentence);
  }
  const data = dataOf(all, prefix, recipeKey);
  const marks = all.filter((each) => each.key.endsWith('/') && each.key !== prefix);
  const folders = marks.map((each) => each.key.slice(prefix.length));
  const files = async () => ({ ...listFolder(objects, prefix, data), folders });
  return { files, recipeKey, path: recipeKey };
}

/** S3 answers a HEAD without a text, and 403 also where it must not say whether there is an object. */
function explainBucketError(error: unknown, bucket: string, uri: string): unknown {
  const known = explainAwsError(error);
  if (!(error instanceof S3ServiceException)) return known;
  const { name, message, $metadata } = error;
  const say = (exit: CliError['exit'], sentence: string) =>
    new CliError(exit, sentence, { cause: error });
  if (name === 'NoSuchBucket') return say(EXIT.notFound, `There is no bucket "${bucket}".`);
  if (name === 'InvalidBucketName')
    return say(EXIT.usage, `"${bucket}" cannot be the name of a bucket; write s3://BUCKET/KEY.`);
  const isDenied = name === 'AccessDenied' || name === '403' || name === 'Forbidden';
  if (isDenied || (known === error && $metadata.httpStatusCode === 403)) {
    const reason = /^(unknown|unknownerror|forbidden|)$/i.test(message) ? '' : ` (${message})`;
    const sentence = `AWS denies access to ${uri}${reason}, or there is no such object. Your credentials need s3:GetObject on it and s3:ListBucket on the bucket; AWS_PROFILE chooses others.`;
    return say(EXIT.usage, sentence);
  }
  return known;
}
