import type { EntryName } from '#core/entry-name.ts';
import type { ObjectRecord } from '#core/manifest.ts';
import { type Problem, problem } from '#core/problem.ts';

/** Limits of an archive; chosen: a hundred thousand photographs fit, an archive bomb does not. */
export const MAX_ENTRIES = 200_000;
export const MAX_NAMES = 32 * 1024 ** 2; // UTF-16 units of all names together; 167 per name fit with the most entries
export const MAX_BYTES = 20 * 1024 ** 3; // unpacked, in total
export const MAX_RATIO = 200; // unpacked to packed, in total; deflate reaches 1,032

/** An entry of a zip, by its central directory. */
export interface ArchiveEntry extends EntryName {
  start: number; // offset of its local header
  packed: number; // bytes
  size: number; // bytes, unpacked
  crc32: number;
  method: number; // of compression
  isEncrypted: boolean;
  attributes: number; // of the file, in the form of its system
}

/** Everything wrong with an archive that its central directory shows. */
export function archiveProblems(
  entries: readonly ArchiveEntry[],
  archive: ObjectRecord,
): Problem[] {
  return [
    ...entryProblems(
      entries.map(({ path, attributes }) => ({ path, isFile: isFileOrFolder(attributes) })),
    ),
    ...encryptionProblems(entries, archive),
    ...compressionProblems(entries, archive),
    ...bombProblems(entries, archive),
    ...overlapProblems(entries, archive),
  ];
}

/** The upper half of the external attributes is the Unix mode, in archives made on Unix (PKWARE APPNOTE 4.4.15). */
function isFileOrFolder(attributes: number): boolean {
  const fileType = (attributes >>> 16) & 0o170000;
  return fileType === 0 || fileType === 0o100000 || fileType === 0o040000;
}

/** Entries of any archive that are no files, and names that occur twice. */
export function entryProblems(
  entries: Iterable<{ path: string; isFile: boolean }>, // or a folder
): Problem[] {
  const seen = new Set<string>(); // paths, in NFC
  const found: Problem[] = [];
  for (const { path, isFile } of entries) {
    if (!isFile) {
      const what = 'The entry is a link or a device, not a file.';
      found.push(problem('ENTRY_NOT_A_FILE', path, what, 'Put the image itself into the archive.'));
    }
    if (seen.has(path)) {
      const what = 'The archive has two files of this name.';
      found.push(problem('ENTRY_TWICE', path, what, 'Rename or remove one of them.'));
    }
    seen.add(path);
  }
  return found;
}

function encryptionProblems(entries: readonly ArchiveEntry[], archive: ObjectRecord): Problem[] {
  const encrypted = entries.filter(({ isEncrypted }) => isEncrypted);
  if (encrypted.length === 0) return [];
  const what = `The archive has a password: ${filesInWords(encrypted)} encrypted.`;
  return [problem('ARCHIVE_ENCRYPTED', archive.key, what, 'Zip the images without a password.')];
}

/** Names of compression methods (PKWARE APPNOTE 4.4.5). Explorer takes Deflate64 for files of more than 2 GB. */
const METHODS: Record<number, string> = {
  9: 'Deflate64',
  12: 'bzip2',
  14: 'LZMA',
  93: 'Zstandard',
  95: 'XZ',
  98: 'PPMd',
};
const STORED = 0;
const DEFLATED = 8;

function compressionProblems(entries: readonly ArchiveEntry[], archive: ObjectRecord): Problem[] {
  const others = entries.filter(
    ({ method, isEncrypted }) => method !== STORED && method !== DEFLATED && !isEncrypted,
  );
  if (others.length === 0) return [];
  const methods = new Set(others.map(({ method }) => METHODS[method] ?? `method ${method}`));
  const what = `The archive uses a compression that is not supported (${[...methods].sort().join(', ')}): ${filesInWords(others)} compressed with it.`;
  const remedy =
    'Zip the images with the method "Deflate" or "Store", which every zip program offers.';
  return [problem('ARCHIVE_COMPRESSION', archive.key, what, remedy)];
}

function filesInWords(entries: readonly ArchiveEntry[]): string {
  const [first] = entries;
  return entries.length === 1
    ? `"${first?.path}" is`
    : `${entries.length} files, such as "${first?.path}", are`;
}

function bombProblems(entries: readonly ArchiveEntry[], archive: ObjectRecord): Problem[] {
  const bytes = entries.reduce((sum, { size }) => sum + size, 0);
  if (bytes > MAX_BYTES) return [tooLarge(`to ${Math.round(bytes / 1024 ** 3)} GiB`, archive)];
  if (bytes > MAX_RATIO * archive.size)
    return [bombProblem(String(Math.round(bytes / archive.size)), archive)];
  return [];
}

export function bombProblem(times: string, archive: ObjectRecord): Problem {
  const what = `The archive unpacks to ${times} times its size; images never do.`;
  return problem('ARCHIVE_BOMB', archive.key, what, 'Zip the images again.');
}

/** @param bytes such as "to 30 GiB" */
export function tooLarge(bytes: string, archive: ObjectRecord): Problem {
  const what = `The archive unpacks ${bytes}; the limit is ${MAX_BYTES / 1024 ** 3} GiB.`;
  const remedy = 'Upload it as a folder instead, or make the images smaller.';
  return problem('ARCHIVE_TOO_LARGE', archive.key, what, remedy);
}

export function tooManyEntries(entries: string, archive: ObjectRecord): Problem {
  const what = `The archive has ${entries} entries; the limit is ${MAX_ENTRIES}.`;
  return problem('ARCHIVE_TOO_LARGE', archive.key, what, 'Upload it as a folder instead.');
}

export function namesTooLong(archive: ObjectRecord): Problem {
  const what = `The archive has names of more than ${MAX_NAMES / 1024 ** 2} million characters in total.`;
  return problem('ARCHIVE_TOO_LARGE', archive.key, what, 'Shorten the names of its files.');
}

export const LOCAL_HEADER_BYTES = 30; // the name and the extra field come on top (PKWARE APPNOTE 4.3.7)

/**
 * Entries that share data: a small archive can unpack to petabytes that way, whatever its ratio per entry
 * (D. Fifield, "A better zip bomb", WOOT 2019). An entry whose data would pass the end of the archive is left out:
 * `head` of the file reports it.
 */
function overlapProblems(entries: readonly ArchiveEntry[], archive: ObjectRecord): Problem[] {
  const endOf = ({ start, packed }: ArchiveEntry) => start + LOCAL_HEADER_BYTES + packed;
  const inOrder = entries
    .filter((entry) => endOf(entry) <= archive.size)
    .sort((a, b) => a.start - b.start);
  for (const [i, entry] of inOrder.entries()) {
    const next = inOrder[i + 1];
    if (!next || next.start >= endOf(entry)) continue;
    const what = `The entries "${entry.path}" and "${next.path}" share data in the archive.`;
    return [problem('ARCHIVE_OVERLAP', archive.key, what, 'Zip the images again.')];
  }
  return [];
}
