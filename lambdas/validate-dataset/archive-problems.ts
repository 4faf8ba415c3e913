import type { EntryName } from '#core/entry-name.ts';
import type { ObjectRecord } from '#core/manifest.ts';
import { type Problem, problem } from '#core/problem.ts';

/** Limits of an archive; chosen: a hundred thousand photographs fit, an archive bomb does not. */
const MAX_BYTES = 20 * 1024 ** 3; // unpacked, in total
const MAX_RATIO = 200; // unpacked to packed, in total; deflate reaches 1,032

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
  const seen = new Set<string>(); // paths, in NFC
  return [
    ...entries.flatMap((entry) => entryProblems(entry, seen)),
    ...encryptionProblems(entries, archive),
    ...compressionProblems(entries, archive),
    ...bombProblems(entries, archive),
    ...overlapProblems(entries, archive),
  ];
}

function entryProblems(entry: ArchiveEntry, seen: Set<string>): Problem[] {
  const { path } = entry;
  const found: Problem[] = [];
  const add = (code: string, what: string, remedy: string) =>
    found.push(problem(code, path, what, remedy));

  // The upper half of the external attributes is the Unix mode, in archives made on Unix (PKWARE APPNOTE 4.4.15).
  const fileType = (entry.attributes >>> 16) & 0o170000;
  if (fileType !== 0 && fileType !== 0o100000 && fileType !== 0o040000) {
    add(
      'ENTRY_NOT_A_FILE',
      'The entry is a link or a device, not a file.',
      'Put the image itself into the archive.',
    );
  }
  if (seen.has(path)) {
    add('ENTRY_TWICE', 'The archive has two files of this name.', 'Rename or remove one of them.');
  }
  seen.add(path);
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
