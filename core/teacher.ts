import * as z from 'zod';
import { sha256 } from './identity.ts';

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const Count = z.int().positive();

/** A name that is safe as a file name and as a key, and cannot escape its folder. */
const FileName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/)
  .max(100);

/** A file of a teacher as the importer writes it; the importer is deterministic, so the digest can be pinned. */
export const TeacherFile = z.strictObject({ name: FileName, bytes: Count, sha256: Sha256 });
export type TeacherFile = z.infer<typeof TeacherFile>;

/** The parameters in which EfficientNet-Lite0, 1, 2, … differ. */
export const EfficientNetLite = z.strictObject({
  family: z.literal('efficientnet-lite'),
  stemWidth: Count, // channels of the first convolution
  lastWidth: Count, // channels of the last convolution, hence of the features
  stages: z
    .array(
      z.strictObject({
        repeats: Count,
        kernel: Count, // side of the depthwise convolution's kernel, in pixels
        stride: z.union([z.literal(1), z.literal(2)]), // of the stage's first block; the others have 1
        expansion: Count,
        width: Count, // output channels
      }),
    )
    .length(7),
});
export type EfficientNetLite = z.infer<typeof EfficientNetLite>;

/** `teachers/<name>/teacher.json`: a teacher's source, its use, and the digests of its files. */
export const TeacherEntry = z.strictObject({
  schema: z.literal(1),
  name: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/),
  title: z.string(),
  source: z.strictObject({
    kind: z.literal('pypi-wheel'),
    package: z.string().regex(/^[a-z0-9-]+$/),
    version: z.string().regex(/^[0-9.]+$/),
    wheelSha256: Sha256,
    file: z.string(), // inside the wheel
    fileSha256: Sha256,
  }),
  licence: z.strictObject({ name: z.string(), attribution: z.string() }),
  format: z.literal('torch-legacy'),
  architecture: z.discriminatedUnion('family', [EfficientNetLite]),
  input: z.strictObject({ px: Count, channels: z.literal(3) }), // RGB, 0 to 255; px is both height and width
  /** The caller resizes; pixel * scale + offset is a layer of the model. */
  preprocessing: z.strictObject({
    resize: z.literal('bicubic'),
    scale: z.number().positive(),
    offset: z.number(),
  }),
  features: z.strictObject({ layer: z.string(), size: Count }), // the backbone's output
  blockOutputs: z.array(z.string()).length(7), // the last layer of each block, in order
  trainedOn: z.strictObject({ dataset: z.string(), classes: Count }),
  backboneParameters: Count, // all but the classifier's, moving averages included
  files: z.array(TeacherFile).min(2),
});
export type TeacherEntry = z.infer<typeof TeacherEntry>;

export const MODEL_FILE = 'model.json';

/** One digest for all files of a teacher, by which cards, caches and logs refer to it. */
export const teacherDigest = ({ files }: Pick<TeacherEntry, 'files'>): string =>
  sha256(JSON.stringify(files.map(({ name, bytes, sha256 }) => [name, bytes, sha256]).sort()));

/** How a file differs from its entry, as the end of a sentence that begins with its name; `undefined` if it matches. */
export function differenceOf(file: TeacherFile, bytes: Uint8Array): string | undefined {
  if (bytes.length !== file.bytes) return `has ${bytes.length} bytes instead of ${file.bytes}`;
  const digest = sha256(bytes);
  if (digest !== file.sha256) return `has the sha256 ${digest} instead of ${file.sha256}`;
  return undefined;
}
