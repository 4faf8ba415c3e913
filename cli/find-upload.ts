import { recipeHash } from '#core/identity.ts';
import type { Job } from '#core/job.ts';
import { READY_FILE, sealKeys, uploadSealedBy } from '#core/keys.ts';
import { identifyUpload, readRecipe } from '#lambdas/validate-dataset/identify-upload.ts';
import type { Objects } from '#ports';

/** What is in the bucket of the upload that a job is about. */
export interface JobUpload {
  place: string; // the archive's key or the folder's prefix
  /** The object that makes it an upload; the first to be deleted. None: an earlier removal was cut short. */
  seal: { key: string; etag: string } | undefined;
  rest: string[]; // keys; another seal first, the recipe last
  bytes: number;
  images: number | undefined; // where they were counted
}

/**
 * Finds the upload of a job, if what is in the bucket still is that upload: other data, or the same with another recipe,
 * is another job's.
 */
export async function findUpload(objects: Objects, job: Job): Promise<JobUpload | undefined> {
  const { dataset: place } = job;
  const upload = uploadSealedBy(job.form === 'folder' ? `${place}${READY_FILE}` : place);
  if (!upload) return undefined;
  const there =
    job.form === 'folder'
      ? await listed(objects, place)
      : await heads(objects, place, job.recipeKey);
  const seals = job.form === 'folder' ? sealKeys(place) : [place];
  const seal = there.find(({ key }) => seals.includes(key));
  const isOurs = seal
    ? (await identifyUpload(objects, upload, () => new Date()))?.jobId === job.id
    : await isRemainder(objects, job, there);
  if (!isOurs || there.length === 0) return undefined;

  const keys = there.map(({ key }) => key).filter((key) => key !== seal?.key);
  const rank = (key: string) => (key === job.recipeKey ? 1 : seals.includes(key) ? -1 : 0);
  return {
    place,
    seal: seal && { key: seal.key, etag: seal.etag },
    rest: keys.sort((a, b) => rank(a) - rank(b)),
    bytes: there.reduce((sum, { size }) => sum + size, 0),
    images: job.summary?.examples,
  };
}

/**
 * An upload without a seal, or the rest of one that had it, is ours if it was there when the job's upload was complete,
 * and nothing has come since; the sweeper does not train it again then. Of an archive, only its recipe can be left.
 */
async function isRemainder(objects: Objects, job: Job, there: readonly Facts[]): Promise<boolean> {
  if (there.some(({ lastModified }) => lastModified > job.uploadedAt)) return false;
  if (job.form === 'folder') return true;
  return recipeHash(await readRecipe(objects, job.recipeKey)) === job.recipeHash;
}

interface Facts {
  key: string;
  size: number; // bytes
  etag: string;
  lastModified: string; // ISO 8601
}

async function listed(objects: Objects, prefix: string): Promise<Facts[]> {
  const found: Facts[] = [];
  for await (const object of objects.list(prefix)) found.push(object);
  return found;
}

async function heads(objects: Objects, ...keys: string[]): Promise<Facts[]> {
  const found = await Promise.all(keys.map((key) => objects.head(key)));
  return found.filter((each) => each !== undefined);
}

/**
 * Deletes the upload of a job, if it still is that: it looks again, because it may have been replaced since the last look.
 * (The seal of a folder is always the same empty object, so its ETag alone would not tell.)
 */
export async function removeUpload(objects: Objects, job: Job): Promise<void> {
  const upload = await findUpload(objects, job);
  if (!upload) return;
  const { seal, rest } = upload;
  if (seal && !(await objects.removeIf(seal.key, seal.etag)) && (await objects.head(seal.key))) {
    return;
  }
  await objects.remove(rest);
}
