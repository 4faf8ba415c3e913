import type { ManifestExample, ObjectRecord } from '#core/manifest.ts';
import type { Problem } from '#core/problem.ts';

/** A file of a dataset, wherever it lies. */
export interface DatasetFile {
  path: string; // with `/`, as its owner calls it
  size: number; // bytes, unpacked
  /** What the manifest says of it beside path and label. */
  record: Pick<ManifestExample, 'entry' | 'object'>;
  /** The first bytes, at most HEAD_BYTES; enough for the type, and nearly always for the size of the image. */
  head(): Promise<Uint8Array>;
}

export interface DatasetFiles {
  files: DatasetFile[];
  archive?: ObjectRecord;
  problems: Problem[];
}

/** A JPEG's dimensions come after its EXIF block, which may take 64 KiB (CIPA DC-008, an APP1 segment's limit). */
export const HEAD_BYTES = 64 * 1024;
