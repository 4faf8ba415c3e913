import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { archiveSeal, jobIdOf, recipeHash } from '#core/identity.ts';
import { FINAL } from '#core/job-progress.ts';
import { archiveUpload, RECIPE_FILE } from '#core/keys.ts';
import { headArchive } from '#lambdas/head-archive.ts';
import { CliError, EXIT } from './cli-error.ts';
import type { Pipeline } from './connect.ts';
import type { Dataset } from './open-dataset.ts';
import { againOf, trainTheSame, withAgain } from './train-again.ts';

export interface UploadListeners {
  /** Called with the bytes sent so far. */
  onProgress?: (bytes: number) => void;
  /** Called with a sentence for the user. */
  onNotice?: (sentence: string) => void;
}

type Place = Pick<Pipeline, 's3' | 'bucket' | 'objects' | 'jobs'>;

/**
 * Uploads a dataset as any S3 client would: the recipe first, then the archive, which seals it.
 *
 * @param again makes another job of a dataset that was trained before
 * @returns the id of its job, by the same rule as the validator's
 */
export async function uploadDataset(
  pipeline: Place,
  dataset: Dataset,
  { onProgress, onNotice = () => undefined }: UploadListeners = {},
  again?: string,
): Promise<string> {
  const { s3, bucket, objects } = pipeline;
  const { key, recipeKey } = uploadOf(dataset);
  const recipe = await placeRecipe(pipeline, dataset, onNotice, again);

  const Body = dataset.open();
  // A checksum of all bytes: that of the parts would make another job of the same bytes from another client.
  const checksum = { ChecksumAlgorithm: 'CRC64NVME', ChecksumType: 'FULL_OBJECT' } as const;
  const upload = new Upload({
    client: s3,
    params: { Bucket: bucket, Key: key, Body, ...checksum },
  });
  upload.on('httpUploadProgress', ({ loaded = 0 }) => onProgress?.(loaded));
  await upload.done();

  // The job is that of the recipe which the validator finds beside the archive.
  if ((await objects.readText(recipeKey)) !== recipe) {
    const sentence = `Another command changed ${recipeKey} during this upload, so these images are trained as that recipe says. Run this command again when that job has ended.`;
    throw new CliError(EXIT.failed, sentence);
  }
  const id = await presentJob(pipeline, key, recipe);
  if (id !== undefined) return id;
  const sentence = `${key} was removed while it was being uploaded; upload it again.`;
  throw new CliError(EXIT.internal, sentence);
}

const uploadOf = ({ name, ending = '.zip' }: Dataset) => archiveUpload(`${name}${ending}`);

/** The id of the job of the archive that is in the bucket; `undefined` if there is none. */
async function presentJob(
  { bucket, objects }: Place,
  key: string,
  recipe: string | undefined,
): Promise<string | undefined> {
  const head = await headArchive(objects, key);
  return (
    head &&
    jobIdOf({ bucket, dataset: key, seal: archiveSeal(head), recipeHash: recipeHash(recipe) })
  );
}

/**
 * Makes the recipe in the bucket the one that the user means. The dataset says it all: without a recipe of its own it
 * has the default one, whatever an earlier upload left. One that only trains again is kept, so that its job is found.
 *
 * @returns the recipe that applies
 */
async function placeRecipe(
  pipeline: Place,
  dataset: Dataset,
  onNotice: (sentence: string) => void,
  again: string | undefined,
): Promise<string | undefined> {
  const { s3, bucket, objects } = pipeline;
  const { recipe, ownRecipe } = dataset;
  const { key, recipeKey } = uploadOf(dataset);
  const left = await objects.readText(recipeKey);
  const meant = recipe ?? ownRecipe;
  if (trainTheSame(left, meant) && (await keepsAgain(pipeline, key, { left, own: meant, again })))
    return left;

  const placed = again === undefined ? recipe : withAgain(meant, again);
  if (placed !== undefined) {
    if (placed === left) return left;
    await objects.write(recipeKey, placed, 'application/json');
    return placed;
  }
  if (left === undefined) return undefined;
  await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: recipeKey }));
  const instead =
    ownRecipe === undefined ? `there is no ${RECIPE_FILE} now` : 'the archive has its own';
  onNotice(`Removed the recipe of an earlier upload (${recipeKey}): ${instead}.`);
  return undefined;
}

/**
 * Whether the recipe in the bucket, which trains again, is the one to use: nobody asks for anything else, or its job is
 * still on its way to a student, and is waited for.
 */
async function keepsAgain(
  pipeline: Place,
  key: string,
  recipes: { left: string | undefined; own: string | undefined; again: string | undefined },
): Promise<boolean> {
  const { left, own, again } = recipes;
  if (againOf(left) === undefined) return false;
  if (again === undefined) return againOf(own) === undefined;
  if (againOf(left) === again) return true;
  const id = await presentJob(pipeline, key, left);
  const job = id === undefined ? undefined : await pipeline.jobs.load(id);
  return job !== undefined && !FINAL.has(job.progress.state);
}
