import type { Entry } from 'yauzl';
import type { ObjectRecord } from '#core/manifest.ts';
import { type Problem, problem } from '#core/problem.ts';

/** Limits of an archive; chosen: a hundred thousand photographs fit, an archive bomb does not. */
const MAX_BYTES = 20 * 1024 ** 3; // unpacked, in total
const MAX_RATIO = 200; // unpacked to packed, in total; deflate reaches 1,032

/** Everything wrong with an archive that its central directory shows. */
export function archiveProblems(entries: readonly Entry[], archive: ObjectRecord): Problem[] {
  const seen = new Map<string, string>();
  return [
    ...entries.flatMap((entry) => entryProblems(entry, seen)),
    ...bombProblems(entries, archive),
    ...overlapProblems(entries, archive),
  ];
}

function entryProblems(entry: Entry, seen: Map<string, string>): Problem[] {
  const { fileName } = entry;
  const found: Problem[] = [];
  const add = (code: string, what: string, remedy: string) =>
    found.push(problem(code, fileName, what, remedy));

  // The upper half of the external attributes is the Unix mode, in archives made on Unix (PKWARE APPNOTE 4.4.15).
  const fileType = (entry.externalFileAttributes >>> 16) & 0o170000;
  if (fileType !== 0 && fileType !== 0o100000 && fileType !== 0o040000) {
    add(
      'ENTRY_NOT_A_FILE',
      'The entry is a link or a device, not a file.',
      'Put the image itself into the archive.',
    );
  }
  if (entry.isEncrypted())
    add('ENTRY_ENCRYPTED', 'The entry is encrypted.', 'Make the archive without a password.');
  if (entry.compressionMethod !== 0 && entry.compressionMethod !== 8) {
    add(
      'ENTRY_COMPRESSION',
      `The entry uses compression method ${entry.compressionMethod}.`,
      'Zip with "store" or "deflate".',
    );
  }
  const folded = fileName.normalize('NFC').toLowerCase();
  const twin = seen.get(folded);
  if (twin !== undefined) {
    add(
      'ENTRY_TWICE',
      `The archive has two names that differ at most in case ("${twin}").`,
      'Rename or remove one of them.',
    );
  }
  seen.set(folded, fileName);
  return found;
}

function bombProblems(entries: readonly Entry[], archive: ObjectRecord): Problem[] {
  const bytes = entries.reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0);
  if (bytes > MAX_BYTES) {
    const what = `The archive unpacks to ${Math.round(bytes / 1024 ** 3)} GiB; the limit is ${MAX_BYTES / 1024 ** 3} GiB.`;
    return [
      problem(
        'ARCHIVE_TOO_LARGE',
        archive.key,
        what,
        'Upload it as a folder instead, or make the images smaller.',
      ),
    ];
  }
  if (bytes > MAX_RATIO * archive.size) {
    const what = `The archive unpacks to ${Math.round(bytes / archive.size)} times its size; images never do.`;
    return [problem('ARCHIVE_BOMB', archive.key, what, 'Zip the images again.')];
  }
  return [];
}

const LOCAL_HEADER_BYTES = 30; // the name and the extra field come on top (PKWARE APPNOTE 4.3.7)

/**
 * Entries that share data: a small archive can unpack to petabytes that way, whatever its ratio per entry
 * (D. Fifield, "A better zip bomb", WOOT 2019). An entry whose data would pass the end of the archive is left out:
 * `head` of the file reports it.
 */
function overlapProblems(entries: readonly Entry[], archive: ObjectRecord): Problem[] {
  const ranges = entries
    .map(({ fileName, relativeOffsetOfLocalHeader: start, compressedSize }) => ({
      fileName,
      start,
      end: start + LOCAL_HEADER_BYTES + compressedSize,
    }))
    .filter(({ end }) => end <= archive.size)
    .sort((a, b) => a.start - b.start);
  for (const [i, range] of ranges.entries()) {
    const next = ranges[i + 1];
    if (!next || next.start >= range.end) continue;
    const what = `The entries "${range.fileName}" and "${next.fileName}" share data in the archive.`;
    return [problem('ARCHIVE_OVERLAP', archive.key, what, 'Zip the images again.')];
  }
  return [];
}
