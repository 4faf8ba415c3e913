import * as z from 'zod';
import { Checksum } from './checksums.ts';

/** A piece of an object: a file in the bucket's folder, all of whose bytes belong to it. */
export const DataFile = z.object({ file: z.string(), size: z.number() });
export type DataFile = z.infer<typeof DataFile>;

/** An object as it lies on the disk beside its data: `<sha256 of the key>.json`. */
export const StoredObject = z.object({
  key: z.string(),
  size: z.number(),
  etag: z.string(), // without quotes
  lastModified: z.string(), // ISO 8601, whole seconds as HTTP dates have
  sequencer: z.string(),
  checksum: Checksum,
  headers: z.record(z.string(), z.string()), // as a reader gets them, `x-amz-meta-` included
  data: z.array(DataFile), // one, or one a part
  uploadId: z.string().optional(), // of the multipart upload it came from
});
export type StoredObject = z.infer<typeof StoredObject>;

/** An object about to be stored: the commit adds what must be in the order of commits. */
export type NewObject = Omit<StoredObject, 'lastModified' | 'sequencer'>;
