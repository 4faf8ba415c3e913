import type { ObjectRecord, Packing } from '#core/manifest.ts';
import { type Problem, problem } from '#core/problem.ts';
import { isAboutTheArchive, type ReadBytes, ReadFailed } from './archive-blocks.ts';

/** Kinds of archives that are recognised only to be refused. */
export type Foreign = 'bzip2' | 'xz' | '7z' | 'RAR' | 'compress' | 'lz4';

/** The first bytes in hex; those of a zip, too: browsers and people rename archives. */
const SIGNATURES: [RegExp, Packing | Foreign][] = [
  [/^504b(0304|0506|0708)/, 'zip'], // PKWARE APPNOTE 4.3
  [/^1f8b/, 'tar.gz'], // RFC 1952
  [/^(28b52ffd|5[0-9a-f]2a4d18)/, 'tar.zst'], // RFC 8878; the second is a skippable frame
  [/^425a68/, 'bzip2'],
  [/^fd377a585a00/, 'xz'],
  [/^377abcaf271c/, '7z'],
  [/^526172211a07/, 'RAR'],
  [/^1f9d/, 'compress'],
  [/^04224d18/, 'lz4'],
];
const SIGNATURE_BYTES = 512;
const MAGIC_OFFSET = 257; // of "ustar" in a tar's header (POSIX.1-2001, pax)

/**
 * What an archive is by its first bytes, and only where those say nothing, by its name.
 *
 * @throws ReadFailed if it cannot be read
 */
export async function packingOf(
  { key }: Pick<ObjectRecord, 'key'>,
  readBytes: ReadBytes,
): Promise<Packing | Foreign> {
  const bytes = await readBytes(0, SIGNATURE_BYTES).catch((cause: unknown) => {
    if (!isAboutTheArchive(cause)) throw cause;
    throw new ReadFailed('the archive could not be read from the bucket', { cause });
  });
  const first = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = first.toString('hex', 0, 8);
  const [, packing] = SIGNATURES.find(([signature]) => signature.test(start)) ?? [];
  if (packing) return packing;
  const isTar = first.toString('latin1', MAGIC_OFFSET, MAGIC_OFFSET + 5) === 'ustar';
  return isTar || !/\.zip$/i.test(key) ? 'tar' : 'zip';
}

const NODE_FOR_ZSTD = '22.15';

export function foreignProblem(packing: Foreign, { key }: Pick<ObjectRecord, 'key'>): Problem {
  const what = `The archive is compressed with ${packing}, which is not supported.`;
  const remedy = 'Upload a .zip, a .tar or a .tar.gz instead: images hardly shrink.';
  return problem('ARCHIVE_COMPRESSION', key, what, remedy);
}

export function noZstdProblem({ key }: Pick<ObjectRecord, 'key'>): Problem {
  const what = `The archive is compressed with Zstandard, which Node unpacks from version ${NODE_FOR_ZSTD} on; this is ${process.versions.node}.`;
  const remedy = 'Update Node, or upload the tar as it is or as .tar.gz: images hardly shrink.';
  return problem('ARCHIVE_COMPRESSION', key, what, remedy);
}
