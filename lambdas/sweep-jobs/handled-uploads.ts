import * as z from 'zod';
import { DATASETS, HANDLED_UPLOADS, SEAL_FILE, uploadSealedBy } from '#core/keys.ts';
import type { Clock, Objects } from '#ports';

// The sweeper finds uploads whose event was lost. So that an upload that led to a job long ago costs nothing, the object
// `sweeps/handled.json` remembers, for each upload, the seal that was last handled: the ETag and date of the archive, or
// of the `_READY` of a folder.
//
// Why this is right even if every event was lost:
// - An upload counts as handled only after its job is in the job table. A sweeper that dies in between looks again.
// - Whoever uploads anything again, under the same name or with another recipe, writes the seal last, and so gives it
//   another date. S3's dates have whole seconds: a seal is remembered only when it is older than that, beyond doubt.
// - A memory that is lost, damaged, or overwritten by a slower sweeper makes the next sweep look again, and looking at
//   an upload that has a job changes nothing.
//
// A listing gives the dates of archives, but not those of the `_READY` inside folders. So each sweep asks for the seals
// of all folders that are new and of ten others, drawn at random: with ten folders a lost event is found by the next
// sweep, with a hundred within ten sweeps on average.

/** Folders with a known state whose seal a sweep looks at. */
const FOLDERS_PER_SWEEP = 10;
const SETTLED_SECONDS = 10; // after these no second write can have the same date

/** By the key of the seal: the seal that was handled, or nothing for a folder without one. */
const Handled = z.record(z.string(), z.string());

/**
 * Calls `handle` for every upload whose seal is not known to be handled, as far as this sweep looks.
 *
 * @param handle resolves to whether the upload has a job now
 */
export async function findUnhandledUploads(
  { objects, now }: { objects: Objects; now: Clock },
  handle: (sealKey: string) => Promise<boolean>,
): Promise<void> {
  const text = await objects.readText(HANDLED_UPLOADS);
  const before = parse(text);
  const { objects: archives, folders } = await objects.listTopLevel(DATASETS);
  const after = new Map<string, string>();
  const settled = new Date(now().getTime() - SETTLED_SECONDS * 1000).toISOString();

  async function visit(key: string, seal: { etag: string; lastModified: string } | undefined) {
    const present = seal ? `${seal.etag} ${seal.lastModified}` : '';
    const isHandled = present === '' || before.get(key) === present || (await handle(key));
    if (isHandled && (!seal || seal.lastModified < settled)) after.set(key, present);
  }

  for (const archive of archives) {
    if (uploadSealedBy(archive.key)) await visit(archive.key, archive);
  }
  const seals = folders.map((prefix) => `${prefix}${SEAL_FILE}`);
  const known = seals.filter((key) => before.has(key));
  const chosen = new Set(sample(known, FOLDERS_PER_SWEEP));
  for (const key of seals) {
    const remembered = before.get(key);
    if (remembered === undefined || chosen.has(key)) await visit(key, await objects.head(key));
    else after.set(key, remembered);
  }

  const next = JSON.stringify(Object.fromEntries(after));
  if (next !== text) await objects.write(HANDLED_UPLOADS, next, 'application/json');
}

/** Nothing is remembered from an object that is absent or damaged. */
function parse(text: string | undefined): Map<string, string> {
  try {
    return new Map(Object.entries(Handled.parse(JSON.parse(text ?? '{}'))));
  } catch {
    return new Map();
  }
}

function sample(keys: readonly string[], count: number): string[] {
  const pool = [...keys];
  const drawn: string[] = [];
  while (drawn.length < count && pool.length > 0) {
    drawn.push(...pool.splice(Math.floor(Math.random() * pool.length), 1));
  }
  return drawn;
}
