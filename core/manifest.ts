import * as z from 'zod';

/** One object of the bucket exactly as validated; the trainer recomputes what can be recomputed. */
const ObjectRecord = z.object({
  key: z.string(),
  size: z.int().nonnegative(), // bytes
  etag: z.string(),
  /** True where the ETag is the MD5 of the bytes: uploaded in one part and not under a KMS key. */
  etagIsMd5: z.boolean(),
  crc64nvme: z.string().optional(), // base64, as S3 gives it
  versionId: z.string().optional(),
});
export type ObjectRecord = z.infer<typeof ObjectRecord>;

/** First line of `manifest.jsonl`. */
export const ManifestHeader = z.object({
  schema: z.literal(1),
  dataset: z.string(), // key of the archive, or prefix of the folder
  format: z.literal('class-folders'),
  classes: z.array(z.string()).min(2), // sorted by code point; an example's label is an index into it
  examples: z.int().positive(), // lines that follow
  archive: ObjectRecord.optional(),
});
export type ManifestHeader = z.infer<typeof ManifestHeader>;

/** Every further line: one example. */
export const ManifestExample = z.object({
  path: z.string(), // inside the dataset, as its owner calls it
  label: z.int().nonnegative(),
  /** In an archive: the entry, by its raw name. */
  entry: z
    .object({ name: z.string(), size: z.int().nonnegative(), crc32: z.int().nonnegative() })
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

/** @throws Error when the text is not a whole manifest (a line missing, a label without a class) */
export function readManifest(text: string): Manifest {
  const [first = '', ...rest] = text.trimEnd().split('\n');
  const header = ManifestHeader.parse(JSON.parse(first));
  const examples = rest.map((line) => ManifestExample.parse(JSON.parse(line)));

  if (examples.length !== header.examples) {
    throw new Error(
      `the manifest announces ${header.examples} examples and lists ${examples.length}`,
    );
  }
  const stranger = examples.find(({ label }) => label >= header.classes.length);
  if (stranger)
    throw new Error(`"${stranger.path}" has label ${stranger.label}, which names no class`);
  return { header, examples };
}
