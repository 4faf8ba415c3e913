import * as z from 'zod';
import type { ObjectFacts } from '#core/identity.ts';
import { DATASETS, handledUploadsKey, READY_FILE, sealKeys, uploadSealedBy } from '#core/keys.ts';
import { type QuietPeriod, quietSince } from '#lambdas/validate-dataset/list-upload.ts';
import type { Clock, Jobs, Objects } from '#ports';

// The sweeper finds uploads whose event was lost. So that an upload that led to a job long ago costs nothing, the object
// `sweeps/<job table>.json` records, for each upload, the version that was last handled: the ETag and date of the archive,
// or of the seal of a folder; of a folder without a seal, the number of its objects and the date of the latest.
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
// A listing gives the dates of archives, but not those of the seals inside folders. So each sweep asks for the versions
// of all folders that are new and of ten others, drawn at random: with ten folders a lost event is found by the next
// sweep, with a hundred within ten sweeps on average.
//
// A folder without a seal is complete when nothing has come for a while (`quietSeconds`). No event is needed for that,
// and so none can be lost, doubled or reordered: each sweep lists such a folder until it has a job, a request for 1,000
// objects, and afterwards two of them. What has come since makes another job. What was only removed does not, nor what is
// left of a folder whose seal was removed: somebody is deleting it.

/** The number of known folders whose seal a sweep looks at. */
const FOLDERS_PER_SWEEP = 10;
/** The number of known folders without a seal that a sweep lists. Chosen: 200,000 objects cost 200 requests. */
const QUIET_PER_SWEEP = 2;
const WRITE_EVERY_MS = 30_000;
const SETTLED_SECONDS = 10; // a later write cannot have the same date

/** By the key of the archive or `_READY`: the version that was handled; empty for a folder that was not sealed. */
const Handled = z.record(z.string(), z.string());

interface FindPorts {
  objects: Objects;
  jobs: Pick<Jobs, 'table'>;
  now: Clock;
  quietSeconds?: number;
}

/**
 * Calls `handle` for every upload whose current version is not known to be handled, as far as this sweep looks.
 *
 * @param quietSeconds the quiet period that seals a folder without a seal; none, if left out
 * @param handle resolves to whether the upload has a job now
 */
export async function findUnhandledUploads(
  { objects, jobs, now, quietSeconds }: FindPorts,
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

  async function visit(key: string, version: Version | undefined) {
    const recorded = before.get(key);
    const isKnown = version === undefined || isRecorded(recorded, version);
    const isHandled = isKnown || (await handle(key));
    if (isHandled && (!version || version.date < settled)) after.set(key, version?.text ?? '');
    if (now().getTime() - writtenAt > WRITE_EVERY_MS) await write(new Map([...before, ...after]));
  }

  for (const archive of archives) {
    if (uploadSealedBy(archive.key)) await visit(archive.key, versionOf(archive));
  }
  const known = folders.map((prefix) => `${prefix}${READY_FILE}`).filter((key) => before.has(key));
  const areQuiet = (key: string) => before.get(key)?.startsWith(QUIET) === true;
  const chosen = new Set([
    ...sample(
      known.filter((key) => !areQuiet(key)),
      FOLDERS_PER_SWEEP,
    ),
    ...sample(known.filter(areQuiet), QUIET_PER_SWEEP),
  ]);
  for (const prefix of folders) {
    const key = `${prefix}${READY_FILE}`;
    const recorded = before.get(key);
    if (recorded !== undefined && !chosen.has(key)) {
      after.set(key, recorded);
      continue;
    }
    const sealed = await sealedVersion(objects, prefix);
    if (sealed || quietSeconds === undefined) await visit(key, sealed);
    else {
      const quiet = await quietVersion(objects, prefix, { seconds: quietSeconds, now: now() });
      if (quiet && isRecorded(recorded, quiet)) after.set(key, recorded || quiet.text);
      else if (quiet) await visit(key, quiet);
      else if (recorded !== undefined) after.set(key, recorded); // it is being uploaded again, or is empty
    }
  }

  await write(after);
}

/** What an upload is at present, as it is recorded, and its date in ISO 8601. */
interface Version {
  text: string;
  date: string;
  objects?: number; // of a folder without a seal
}

const versionOf = ({ etag, lastModified }: { etag: string; lastModified: string }): Version => ({
  text: `${etag} ${lastModified}`,
  date: lastModified,
});

async function sealedVersion(
  objects: Pick<Objects, 'head'>,
  prefix: string,
): Promise<Version | undefined> {
  for (const key of sealKeys(prefix)) {
    const seal = await objects.head(key);
    if (seal) return versionOf(seal);
  }
  return undefined;
}

const QUIET = 'quiet ';

/** The version of a folder without a seal; `undefined` as long as objects come. */
async function quietVersion(
  objects: Pick<Objects, 'list'>,
  prefix: string,
  quiet: QuietPeriod,
): Promise<Version | undefined> {
  const all: ObjectFacts[] = [];
  for await (const object of objects.list(prefix)) all.push(object);
  const date = quietSince(all, quiet);
  return date === undefined
    ? undefined
    : { text: `${QUIET}${all.length} ${date}`, date, objects: all.length };
}

/** Whether a version was handled: the same one, or of a folder without a seal, all that is there now. */
function isRecorded(recorded: string | undefined, { text, date, objects }: Version): boolean {
  if (recorded === undefined || recorded === text || objects === undefined)
    return recorded === text;
  // An earlier release found the folder without a seal, and left it alone.
  if (recorded === '') return true;
  const [, before = ''] = /(\S+)$/.exec(recorded) ?? [];
  const [, count] = /^quiet (\d+) /.exec(recorded) ?? [];
  // The date of an object that was uploaded in parts is that of its beginning: the number shows it too.
  return date <= before && objects <= Number(count ?? Number.POSITIVE_INFINITY);
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
