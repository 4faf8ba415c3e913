import * as z from 'zod';
import { DATASETS, handledUploadsKey, READY_FILE, uploadSealedBy } from '#core/keys.ts';
import type { Clock, Jobs, Objects } from '#ports';

// The sweeper finds uploads whose event was lost. So that an upload that led to a job long ago costs nothing, the object
// `sweeps/<job table>.json` records, for each upload, the version that was last handled: the ETag and date of the archive,
// or of the `_READY` of a folder.
//
// Why this is right even if every event was lost:
// - An upload counts as handled only after its job is in the job table. A sweeper that dies in between looks again, and
//   so does one with a new table.
// - To upload a name again, with other data or another recipe, is to write that object again, last; it then has another
//   date or ETag. S3's dates have whole seconds, so a version is recorded only when it is older than that. (The date of a
//   multipart upload is its beginning: two of the same bytes begun in the same second cannot be told apart.)
// - If the record is lost, damaged, or overwritten by a slower sweeper, the next sweep looks again. To look at an upload
//   that has a job changes nothing (unless its files were changed without sealing it again: those make another job).
// - It is written every half minute, so that a sweep that is cut short is not begun anew each time.
//
// A listing gives the dates of archives, but not those of the `_READY` inside folders. So each sweep asks for the versions
// of all folders that are new and of ten others, drawn at random: with ten folders a lost event is found by the next
// sweep, with a hundred within ten sweeps on average.

/** The number of known folders whose `_READY` a sweep looks at. */
const FOLDERS_PER_SWEEP = 10;
const WRITE_EVERY_MS = 30_000;
const SETTLED_SECONDS = 10; // a later write cannot have the same date

/** By the key of the archive or `_READY`: the version that was handled; empty for a folder without `_READY`. */
const Handled = z.record(z.string(), z.string());

/**
 * Calls `handle` for every upload whose current version is not known to be handled, as far as this sweep looks.
 *
 * @param handle resolves to whether the upload has a job now
 */
export async function findUnhandledUploads(
  { objects, jobs, now }: { objects: Objects; jobs: Pick<Jobs, 'table'>; now: Clock },
  handle: (key: string) => Promise<boolean>,
): Promise<void> {
  const recordKey = handledUploadsKey(jobs.table);
  const text = await objects.readText(recordKey);
  const before = parse(text);
  const { objects: archives, folders } = await objects.listTopLevel(DATASETS);
  const after = new Map<string, string>();
  let written = text;
  let writtenAt = now().getTime();
  const write = async (entries: Map<string, string>) => {
    const next = JSON.stringify(Object.fromEntries(entries));
    if (next !== written) await objects.write(recordKey, next, 'application/json');
    written = next;
    writtenAt = now().getTime();
  };
  const settled = new Date(now().getTime() - SETTLED_SECONDS * 1000).toISOString();

  async function visit(key: string, object: { etag: string; lastModified: string } | undefined) {
    const version = object ? `${object.etag} ${object.lastModified}` : '';
    const isHandled = version === '' || before.get(key) === version || (await handle(key));
    if (isHandled && (!object || object.lastModified < settled)) after.set(key, version);
    if (now().getTime() - writtenAt > WRITE_EVERY_MS) await write(new Map([...before, ...after]));
  }

  for (const archive of archives) {
    if (uploadSealedBy(archive.key)) await visit(archive.key, archive);
  }
  const readyFiles = folders.map((prefix) => `${prefix}${READY_FILE}`);
  const known = readyFiles.filter((key) => before.has(key));
  const chosen = new Set(sample(known, FOLDERS_PER_SWEEP));
  for (const key of readyFiles) {
    const recorded = before.get(key);
    if (recorded === undefined || chosen.has(key)) await visit(key, await objects.head(key));
    else after.set(key, recorded);
  }

  await write(after);
}

/** Empty where the object is absent or damaged. */
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
