import { jobIdOf, recipeHash } from '#core/identity.ts';
import { datasetOf, type Upload } from '#core/keys.ts';
import { MAX_RECIPE_LENGTH } from '#core/parse-recipe.ts';
import type { Clock, Objects } from '#ports';
import { type ListedUpload, listUpload } from './list-upload.ts';

/** A sealed upload as it is in the bucket now, and the job that it is. */
export interface IdentifiedUpload {
  listed: ListedUpload;
  seenAt: Date; // decides which of two uploads of the same second came first
  recipeText: string | undefined;
  identity: { bucket: string; dataset: string; seal: string; recipeHash: string };
  jobId: string;
}

/**
 * @param quietSeconds the quiet period that seals a folder without a seal; none, if left out
 * @returns `undefined` if the upload, or the seal of a folder, is gone
 */
export async function identifyUpload(
  objects: Objects,
  upload: Upload,
  now: Clock,
  quietSeconds?: number,
): Promise<IdentifiedUpload | undefined> {
  const quiet = quietSeconds === undefined ? undefined : { seconds: quietSeconds, now: now() };
  const listed = await listUpload(objects, upload, quiet);
  const seenAt = now(); // nothing slow before it
  if (!listed) return undefined;
  const recipeText = await readRecipe(objects, upload.recipeKey);
  const identity = {
    bucket: objects.bucket,
    dataset: datasetOf(upload),
    seal: listed.seal,
    recipeHash: recipeHash(recipeText),
  };
  return { listed, seenAt, recipeText, identity, jobId: jobIdOf(identity) };
}

export const MAX_RECIPE_BYTES = 4 * MAX_RECIPE_LENGTH; // UTF-8 has at most four bytes for a character

/** The text of a recipe; of one that is too large to be one, only as much as shows that. */
export async function readRecipe(objects: Objects, key: string): Promise<string | undefined> {
  const head = await objects.head(key);
  if (!head) return undefined;
  if (head.size <= MAX_RECIPE_BYTES) return objects.readText(key);
  return String(Buffer.from(await objects.readRange(key, 0, MAX_RECIPE_BYTES + 1, head.etag)));
}
