import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { StudentCard } from '#core/card.ts';
import { REPORT_FILE, studentKeys } from '#core/keys.ts';
import { stateFolder } from '#local/find-state-folder.ts';
import { makePrivateFolder } from '#local/private-folder.ts';
import { fetchFile } from './fetch-file.ts';
import type { Library } from './library.ts';

const folder = (): string => join(stateFolder(), 'reports');

/**
 * Puts a student's report where a browser can open it, and verifies it.
 *
 * @returns its path; `undefined` for a student of an earlier version, which has none
 * @throws CliError if it is damaged
 */
export async function fetchReport(
  library: Library,
  { student, version, files }: StudentCard,
): Promise<string | undefined> {
  const listed = files.find(({ path }) => path === REPORT_FILE);
  if (!listed) return undefined;
  await makePrivateFolder(stateFolder());
  const file = join(folder(), student, `${version}.html`);
  await fetchFile(library, studentKeys(student, version).report, file, listed.sha256);
  return file;
}

/** Removes the copies of reports of a student's versions. */
export async function forgetReports(student: string, versions: readonly string[]): Promise<void> {
  for (const version of versions)
    await rm(join(folder(), student, `${version}.html`), { force: true });
}
