import { Latest, parseCard, type StudentCard } from '#core/card.ts';
import type { Job } from '#core/job.ts';
import { latestKey, studentKeys, studentPrefix, versionsKey } from '#core/keys.ts';
import { byUpload } from '#core/upload-order.ts';
import type { Objects } from '#ports';

const MAX_TRIES = 10;

/**
 * Makes `latest.json` name a student that is there, after others were removed: it stays, moves to the newest version that
 * is left, or goes. It looks again after each change, because a pipeline may publish at the same time.
 *
 * @param jobs that may have trained the versions; they know when their datasets were uploaded
 * @returns the latest version; `undefined` if none is left
 */
export async function settleLatest(
  objects: Objects,
  student: string,
  jobs: readonly Job[],
): Promise<string | undefined> {
  const key = latestKey(student);
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const present = await objects.readTextAndEtag(key);
    const latest = present && Latest.parse(JSON.parse(present.text)).version;
    if (latest !== undefined && (await objects.head(studentKeys(student, latest).card)))
      return latest;

    const newest = await newestOf(objects, student, jobs);
    if (newest) await objects.writeIf(key, JSON.stringify(newest, null, 2), present?.etag);
    else if (present) await objects.removeIf(key, present.etag);
    else return undefined;
  }
  throw new Error(`${key} was changed by others in each of ${MAX_TRIES} tries`);
}

async function newestOf(
  objects: Objects,
  student: string,
  jobs: readonly Job[],
): Promise<Latest | undefined> {
  const left: Latest[] = [];
  for (const version of await versionsIn(objects, student)) {
    const read = parseCard((await objects.readText(studentKeys(student, version).card)) ?? '');
    if ('card' in read) left.push(latestOf(read.card, jobs));
  }
  const inOrder = left.sort((a, b) => byUpload(uploadOf(a), uploadOf(b)));
  return inOrder.at(-1);
}

function latestOf({ version, jobId, createdAt }: StudentCard, jobs: readonly Job[]): Latest {
  const job = jobs.find(({ id }) => id === jobId);
  const uploadedAt = job?.uploadedAt ?? createdAt;
  return { schema: 1, version, jobId, uploadedAt, createdAt: job?.createdAt ?? createdAt };
}

const uploadOf = ({ jobId, uploadedAt, createdAt = uploadedAt }: Latest) => ({
  id: jobId,
  uploadedAt,
  createdAt,
});

/**
 * Deletes the list of version numbers of a student of which no version is left; the next one is the first again. While
 * any is left the list stays as it is: a number is never given to another version.
 */
export async function forgetNumbers(objects: Objects, student: string): Promise<void> {
  const key = versionsKey(student);
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const list = await objects.head(key);
    if (!list || (await hasAny(objects, student))) return;
    if (await objects.removeIf(key, list.etag)) return; // otherwise a version has just been published
  }
  throw new Error(`${key} was changed by others in each of ${MAX_TRIES} tries`);
}

async function hasAny(objects: Objects, student: string): Promise<boolean> {
  for (const version of await versionsIn(objects, student)) {
    if (await objects.head(studentKeys(student, version).card)) return true;
  }
  return false;
}

/** The versions of a student that have files, complete or not. */
export async function versionsIn(objects: Objects, student: string): Promise<string[]> {
  const prefix = studentPrefix(student);
  const { folders } = await objects.listTopLevel(prefix);
  return folders.map((folder) => folder.slice(prefix.length, -1));
}
