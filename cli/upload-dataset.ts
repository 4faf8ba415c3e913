import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { archiveSeal, jobIdOf, recipeHash } from '#core/identity.ts';
import { archiveUpload, RECIPE_FILE } from '#core/keys.ts';
import { CliError, EXIT } from './cli-error.ts';
import type { Pipeline } from './connect.ts';
import type { Dataset } from './open-dataset.ts';

export interface UploadListeners {
  /** Called with the bytes sent so far. */
  onProgress?: (bytes: number) => void;
  /** Called with a sentence for the user. */
  onNotice?: (sentence: string) => void;
}

/**
 * Uploads a dataset as any S3 client would: the recipe first, then the archive, which seals it.
 *
 * @returns the id of its job, by the same rule as the validator's
 */
export async function uploadDataset(
  pipeline: Pick<Pipeline, 's3' | 'bucket' | 'objects'>,
  dataset: Dataset,
  { onProgress, onNotice = () => undefined }: UploadListeners = {},
): Promise<string> {
  const { s3, bucket, objects } = pipeline;
  const { key, recipeKey } = archiveUpload(`${dataset.name}.zip`);
  const recipe = await placeRecipe(pipeline, dataset, recipeKey, onNotice);

  const Body = dataset.open();
  const upload = new Upload({ client: s3, params: { Bucket: bucket, Key: key, Body } });
  upload.on('httpUploadProgress', ({ loaded = 0 }) => onProgress?.(loaded));
  await upload.done();

  const head = await objects.head(key);
  if (!head) {
    const sentence = `${key} was removed while it was being uploaded; upload it again.`;
    throw new CliError(EXIT.internal, sentence);
  }
  const seal = archiveSeal(head);
  return jobIdOf({ bucket, dataset: key, seal, recipeHash: recipeHash(recipe) });
}

/**
 * Makes the recipe in the bucket the one that the user means. A folder says it all: without a `dataset.json` it has
 * the default recipe, whatever an earlier upload left. A zip says nothing about its recipe, so that one is kept.
 *
 * @returns the recipe that applies
 */
async function placeRecipe(
  { s3, bucket, objects }: Pick<Pipeline, 's3' | 'bucket' | 'objects'>,
  { recipe, source }: Dataset,
  recipeKey: string,
  onNotice: (sentence: string) => void,
): Promise<string | undefined> {
  if (recipe !== undefined) {
    const before = source === 'zip' ? await objects.readText(recipeKey) : undefined;
    if (before !== undefined && before !== recipe)
      onNotice(`Replaced the recipe of an earlier upload: ${recipeKey}`);
    await objects.write(recipeKey, recipe, 'application/json');
    return recipe;
  }
  const left = await objects.readText(recipeKey);
  if (left === undefined) return undefined;
  if (source === 'zip') {
    onNotice(`Using the recipe in the bucket: ${recipeKey}`);
    return left;
  }
  await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: recipeKey }));
  onNotice(
    `Removed the recipe of an earlier upload (${recipeKey}): the folder has no ${RECIPE_FILE}.`,
  );
  return undefined;
}
