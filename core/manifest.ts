import * as z from 'zod';

/** An object of the bucket exactly as validated; the trainer verifies what it can recompute. */
const ObjectRecord = z.object({
  key: z.string(),
  size: z.int().nonnegative(), // bytes
  etag: z.string(),
  /** True if the ETag is the MD5 of the bytes: uploaded in one part and without a KMS key. */
  etagIsMd5: z.boolean(),
  crc64nvme: z.string().optional(), // base64, as in S3's API
  versionId: z.string().optional(),
});
export type ObjectRecord = z.infer<typeof ObjectRecord>;

/** Files that are no examples, by the rule that left them out. */
export const LeftOut = z.object({
  rule: z.string(), // the end of a sentence that begins with "they are"
  files: z.int().positive(),
  first: z.array(z.string()), // paths
});
export type LeftOut = z.infer<typeof LeftOut>;

/** How an archive holds its files. */
export const Packing = z.enum(['zip', 'tar', 'tar.gz', 'tar.zst']);
export type Packing = z.infer<typeof Packing>;

/** The first line of `manifest.jsonl`. */
export const ManifestHeader = z.object({
  schema: z.literal(1),
  dataset: z.string(), // key of the archive, or prefix of the folder
  format: z.string(), // what the upload was taken for, such as 'class-folders'
  takenFor: z.string().optional(), // the same as the end of a sentence
  classes: z.array(z.string()).min(2), // sorted by code point; an example's label is an index into it
  examples: z.int().positive(), // the number of lines that follow
  archive: ObjectRecord.optional(),
  packing: Packing.optional(), // of the archive; a zip, if left out
  lists: z.array(z.string()).optional(), // paths of the files that gave the labels
  leftOut: z.array(LeftOut).optional(),
});
export type ManifestHeader = z.infer<typeof ManifestHeader>;

/** Each further line: one example. */
export const ManifestExample = z.object({
  path: z.string(), // within the dataset, as shown to its owner
  label: z.int().nonnegative(),
  /** As the user divided the dataset: present on all examples, or on none. */
  split: z.enum(['train', 'validation', 'test']).optional(),
  /** In an archive: the entry, by its decoded name. */
  entry: z
    .object({
      name: z.string(),
      size: z.int().nonnegative(), // bytes
      crc32: z.int().nonnegative(),
      offset: z.int().nonnegative().optional(), // of its data in a tar, unpacked
    })
    .optional(),
  /** In a folder: the object. */
  object: ObjectRecord.optional(),
});
export type ManifestExample = z.infer<typeof ManifestExample>;

export interface Manifest {
  header: ManifestHeader;
  examples: ManifestExample[];
}

export const writeManifest = ({ header, examples }: Manifest): string =>
  `${[header, ...examples].map((line) => JSON.stringify(line)).join('\n')}\n`;

/** @throws Error if the manifest is incomplete or inconsistent (a line missing, a label without a class) */
export function readManifest(text: string): Manifest {
  const [first = '', ...rest] = text.trimEnd().split('\n');
  const header = ManifestHeader.parse(JSON.parse(first));
  const examples = rest.map((line) => ManifestExample.parse(JSON.parse(line)));

  if (examples.length !== header.examples) {
    throw new Error(
      `The manifest should have ${header.examples} examples, but has ${examples.length}.`,
    );
  }
  const invalid = examples.find(({ label }) => label >= header.classes.length);
  if (invalid) {
    const classes = header.classes.length;
    throw new Error(
      `"${invalid.path}" has label ${invalid.label}, but there are ${classes} classes.`,
    );
  }
  return { header, examples };
}
