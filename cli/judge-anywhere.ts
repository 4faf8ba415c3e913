import { existsSync } from 'node:fs';
import { DATASETS } from '#core/keys.ts';
import { explainAwsError } from './explain-aws-error.ts';
import { judgeLocal, type LocalReport } from './judge-local.ts';
import { type OpenOptions, openDataset } from './open-dataset.ts';

/**
 * Judges a dataset where it lies: on this machine, or in a bucket.
 *
 * @param path a folder or file, an `s3://` URI, or a key in the bucket of the stack
 * @throws CliError not found; usage; rejected, for a faulty recipe
 */
export async function judgeAnywhere(
  path: string,
  stack: string | undefined,
  options: Omit<OpenOptions, 'name'>,
): Promise<LocalReport> {
  const isKey = stack !== undefined && path.startsWith(DATASETS) && !existsSync(path);
  if (!isKey && !/^s3:\/\//i.test(path)) {
    const { recipe } = await openDataset(path, { ...options, name: 'dataset', forRecipe: true });
    return judgeLocal(path, recipe);
  }
  const { bucketPlace, judgeInBucket } = await import('./judge-in-bucket.ts'); // with the SDK
  const uri = path.replace(/^s3:/i, 's3:');
  const place = isKey ? undefined : bucketPlace(uri);
  if (stack === undefined && place) return judgeInBucket(place, options);
  try {
    const { connectToStack } = await import('./connect.ts');
    const { s3, bucket } = await connectToStack(stack ?? '');
    return await judgeInBucket(place ?? { bucket, key: path }, options, s3);
  } catch (error) {
    throw explainAwsError(error);
  }
}
