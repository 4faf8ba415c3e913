import { parseCard, type StudentCard } from '#core/card.ts';
import type { Job } from '#core/job.ts';
import { studentKeys, studentPrefix, versionsKey } from '#core/keys.ts';
import { byUpload } from '#core/upload-order.ts';
import type { VersionComparison } from '#core/version-comparison.ts';
import { formatVersions, type NumberedVersion, nextNumber, parseVersions } from '#core/versions.ts';
import { changeObject } from '#lambdas/change-object.ts';
import type { Jobs, Objects } from '#ports';
import { compareVersions } from './compare-versions.ts';

interface NumberPorts {
  objects: Objects;
  jobs: Pick<Jobs, 'load'>;
}

/**
 * Gives a published student the next number of its name, and compares it with the version before. One that has a number
 * keeps it, however often it is published.
 *
 * @throws Error if `versions.json` is damaged: to write it anew could give a number to a second version
 */
export async function numberVersion(
  ports: NumberPorts,
  job: Job,
  card: StudentCard,
): Promise<NumberedVersion> {
  const { objects } = ports;
  const key = versionsKey(job.name);
  const comparisons = new Map<string, Promise<VersionComparison>>(); // made once, however often the list is written
  let numbered: NumberedVersion | undefined;
  await changeObject(objects, key, async (text) => {
    const versions = text === undefined ? await unnumbered(ports, job) : parseVersions(text);
    if (!versions) throw new Error(`${key} is damaged, or of a newer version of Understudy`);
    numbered = versions.find(({ version }) => version === card.version);
    if (numbered) return undefined;

    const before = await versionBefore(objects, job, versions);
    const known = before && comparisons.get(before.version);
    const comparison = before && (known ?? compareVersions(objects, card, before));
    if (before && comparison) comparisons.set(before.version, comparison);
    const { n, correct, accuracy } = card.metrics.test;
    numbered = {
      number: nextNumber(versions),
      version: card.version,
      jobId: job.id,
      uploadedAt: job.uploadedAt,
      createdAt: job.createdAt,
      test: { n, correct, accuracy },
      ...(comparison && { comparison: await comparison }),
    };
    return formatVersions([...versions, numbered]);
  });
  if (!numbered) throw new Error(`${card.version} was given no number`);
  return numbered;
}

/** Of the earlier uploads, the last one whose student is still there. */
async function versionBefore(
  objects: Objects,
  job: Job,
  versions: readonly NumberedVersion[],
): Promise<NumberedVersion | undefined> {
  const uploaded = (each: NumberedVersion) => ({ ...each, id: each.jobId });
  const earlier = versions
    .filter((each) => byUpload(uploaded(each), job) < 0)
    .sort((a, b) => byUpload(uploaded(b), uploaded(a)));
  for (const each of earlier)
    if (await objects.head(studentKeys(job.name, each.version).card)) return each;
  return undefined;
}

/**
 * The students of this name that were published before versions had numbers, numbered in the order of their
 * publication. One that is being published at the same time numbers itself.
 */
async function unnumbered({ objects, jobs }: NumberPorts, job: Job): Promise<NumberedVersion[]> {
  const found: { publishedAt: string; entry: Omit<NumberedVersion, 'number'> }[] = [];
  const { folders } = await objects.listTopLevel(studentPrefix(job.name));
  for (const folder of folders) {
    const version = folder.slice(studentPrefix(job.name).length, -1);
    const read = parseCard((await objects.readText(studentKeys(job.name, version).card)) ?? '');
    if (!('card' in read) || read.card.jobId === job.id) continue;
    const { card } = read;
    const row = await jobs.load(card.jobId);
    if (row && row.progress.state !== 'published') continue;
    const { n, correct, accuracy } = card.metrics.test;
    const { uploadedAt, createdAt } = row ?? {
      uploadedAt: card.createdAt,
      createdAt: card.createdAt,
    };
    const published = row?.history.find(({ state }) => state === 'published');
    found.push({
      publishedAt: published?.at ?? card.createdAt,
      entry: { version, jobId: card.jobId, uploadedAt, createdAt, test: { n, correct, accuracy } },
    });
  }
  return found
    .sort((a, b) => a.publishedAt.localeCompare(b.publishedAt))
    .map(({ entry }, i) => ({ number: i + 1, ...entry }));
}
