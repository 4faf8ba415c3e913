import * as z from 'zod';
import { Checksum } from './checksums.ts';

/** A piece of an object: a file in the bucket's folder. */
export const DataFile = z.object({ file: z.string(), size: z.number() });
export type DataFile = z.infer<typeof DataFile>;

/** The metadata of an object, on disk beside its data: `<sha256 of the key>.json`. */
export const StoredObject = z.object({
  key: z.string(),
  size: z.number(),
  etag: z.string(), // without quotes
  lastModified: z.string(), // ISO 8601, whole seconds as HTTP dates have
  sequencer: z.string(),
  checksum: Checksum,
  headers: z.record(z.string(), z.string()), // as returned, `x-amz-meta-` included
  data: z.array(DataFile), // one, or one per part
  uploadId: z.string().optional(), // of the multipart upload it came from
});
export type StoredObject = z.infer<typeof StoredObject>;

/** An object to be stored; the commit adds the fields that depend on the order of commits. */
export type NewObject = Omit<StoredObject, 'lastModified' | 'sequencer'>;
