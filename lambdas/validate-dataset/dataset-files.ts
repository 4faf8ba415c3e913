import type { ManifestExample, ObjectRecord, Packing } from '#core/manifest.ts';
import type { Problem } from '#core/problem.ts';

/** What the first and last bytes of a file show, if it is an image. */
export type ImageFault = Problem | 'end missing' | 'none';

/** A file of a dataset: an object of a folder, or an entry of an archive. */
export interface DatasetFile {
  path: string; // inside the dataset, with `/`
  size: number; // bytes, unpacked
  /** The file's identity for the manifest. */
  record: Pick<ManifestExample, 'entry' | 'object'>;
  /** The first bytes, HEAD_BYTES if left out; none if they cannot be unpacked. */
  head(bytes?: number): Promise<Uint8Array>;
  /** The last bytes; undefined, or missing, where they could only be had by unpacking the whole file. */
  tail?(bytes: number): Promise<Uint8Array | undefined>;
  /** In a tar, which is read once: what was seen in passing. Of such a file, `head` has only texts. */
  fault?: ImageFault;
}

export interface DatasetFiles {
  files: DatasetFile[];
  folders?: string[]; // those that are entries or objects of their own: the only sign of an empty one
  archive?: ObjectRecord;
  packing?: Packing; // of the archive
  problems: Problem[];
  /** What is accepted, but should be told. */
  warnings?: Problem[];
}

/** Enough for the type of an image, and for its size unless it is a JPEG with metadata. */
export const FIRST_BYTES = 4 * 1024;

/** Enough to see whether an image ends as it should. */
export const LAST_BYTES = 1024;

/** A JPEG's dimensions follow its EXIF block, which may take 64 KiB (CIPA DC-008, the limit of an APP1 segment). */
export const HEAD_BYTES = 64 * 1024;
