import yauzl from 'yauzl';
import type { ObjectRecord, Packing } from '#core/manifest.ts';
import { type Problem, problem } from '#core/problem.ts';
import { entryProblems } from './archive-problems.ts';
import { TarDamaged, type TarEnd, type TarEntry } from './read-tar.ts';

/** A name that leads out of the archive, by the rule for zips; `undefined` if it stays inside. */
export function escapingProblem(path: string, archive: ObjectRecord): Problem | undefined {
  const why = yauzl.validateFileName(path);
  return why === null ? undefined : unreadable(why, archive);
}

function unreadable(why: string, archive: ObjectRecord): Problem {
  const what = `The archive is not a readable tar: ${why}.`;
  const remedy = 'Make the archive again, and check it with "tar -tf".';
  return problem('ARCHIVE_UNREADABLE', archive.key, what, remedy);
}

/**
 * An archive that cannot be read to its end.
 *
 * @param last the last entry that was seen
 */
export function damageProblem(
  error: Error,
  last: string | undefined,
  packing: Packing,
  archive: ObjectRecord,
): Problem {
  const isTar = error instanceof TarDamaged;
  const isCut = /unexpected end/i.test(error.message);
  if (isTar && last === undefined && packing !== 'tar')
    return unreadable('what is compressed in it is no tar', archive);
  const why = isTar
    ? error.message
    : isCut
      ? 'it is cut off'
      : `${error.message}, in its compression`;
  const where = last === undefined ? '' : ` (the last file that was found is "${last}")`;
  return unreadable(`${why}${where}`, archive);
}

/** Entries that are no files, and names that occur twice. */
export function tarEntryProblems(
  entries: readonly { path: string; kind: TarEntry['kind'] }[],
): Problem[] {
  const sparse = entries.filter(({ kind }) => kind === 'sparse');
  return [
    ...entryProblems(entries.map(({ path, kind }) => ({ path, isFile: kind !== 'other' }))),
    ...sparse.map(({ path }) => {
      const what = 'The entry is a sparse file: its zeros are left out in the archive.';
      return problem('ENTRY_NOT_A_FILE', path, what, 'Make the tar again without "--sparse".');
    }),
  ];
}

/** What is read, although it does not end as a tar does. */
export function endWarnings(end: TarEnd, archive: ObjectRecord): Problem[] {
  if (end === 'marked') return [];
  if (end === 'unmarked') {
    const what = 'The tar lacks the mark at its end, so it may have been cut off.';
    const remedy = 'Look whether all of its files were found; if not, make it again.';
    return [problem('ARCHIVE_END_MISSING', archive.key, what, remedy)];
  }
  const what = 'Behind its end the tar has bytes that are no files; they were left out.';
  return [problem('ARCHIVE_TAIL', archive.key, what, 'Make it again, if files are missing.')];
}
