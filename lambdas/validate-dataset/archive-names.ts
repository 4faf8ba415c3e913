import type { EntryName } from '#core/entry-name.ts';
import type { ObjectRecord } from '#core/manifest.ts';
import { type Problem, problem } from '#core/problem.ts';

const NAMED = 5; // chosen: enough to see whether they are right

const AS_UTF8 =
  'Zip the folder again with a program that writes names in UTF-8, such as 7-Zip or the Explorer of Windows 11; or upload the folder itself.';

/** Names of folders that cannot be read: they may be classes, which must not be garbled. */
export function nameProblems(entries: readonly EntryName[], archive: ObjectRecord): Problem[] {
  const folders = foldersRead(entries, (encoding) => encoding === 'unknown');
  if (folders.length === 0) return [];
  const what = `The archive has names of folders in an unknown character encoding, such as ${listed(folders)}.`;
  return [problem('ARCHIVE_NAMES', archive.key, what, AS_UTF8)];
}

/** Names of folders that were read by a guess. */
export function nameWarnings(entries: readonly EntryName[], archive: ObjectRecord): Problem[] {
  const folders = foldersRead(entries, (encoding) => encoding.startsWith('cp'));
  if (folders.length === 0) return [];
  const what = `The archive does not say how its names are encoded; these folders were read as names of Western Europe: ${listed(folders)}.`;
  return [
    problem('NAMES_GUESSED', archive.key, what, `Look whether they are right. If not: ${AS_UTF8}`),
  ];
}

/** The folders with other characters than ASCII among the entries whose names were read so. */
function foldersRead(
  entries: readonly EntryName[],
  isSo: (encoding: EntryName['encoding']) => boolean,
): string[] {
  const folders = new Set<string>();
  for (const { path, encoding } of entries) {
    if (!isSo(encoding)) continue;
    for (const folder of path.split('/').slice(0, -1)) {
      if (/[^\0-\x7f]/.test(folder)) folders.add(folder);
    }
  }
  return [...folders].sort();
}

function listed(names: readonly string[]): string {
  const first = names.slice(0, NAMED).map((name) => `"${name}"`);
  const more = names.length - first.length;
  return more > 0 ? `${first.join(', ')} and ${more} more` : first.join(', ');
}
