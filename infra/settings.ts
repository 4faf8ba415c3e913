import * as z from 'zod';

/** An image in a private ECR registry, by its digest: account, region, repository. */
export const ECR_IMAGE =
  /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/([a-z0-9/._-]+)@sha256:[0-9a-f]{64}$/;

/** The name of a stack that is given none. */
export const DEFAULT_STACK = 'Understudy';

/** What somebody who deploys can choose; every field may be left out. */
export const PipelineSettings = z.strictObject({
  /** A bucket that is there already. Its owner must switch EventBridge notifications on; nothing else of it is changed. */
  bucketName: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/)
    .optional(),
  /** Gets a mail for each announcement, after confirming the subscription by a mail from AWS. */
  notifyEmail: z.email().optional(),
  /** In the order of preference. GPUs by default: a CPU instance must be asked for. */
  instanceTypes: z
    .array(
      z
        .string()
        .regex(
          /^ml\.[a-z0-9]+\.[a-z0-9]+$/,
          'name instance types as SageMaker does: ml.g4dn.xlarge',
        ),
    )
    .min(1)
    .max(5)
    .default(['ml.g4dn.xlarge', 'ml.g5.xlarge']),
  /** Spot instances: cheaper, and interrupted now and then; a training goes on from its checkpoints. */
  spot: z.boolean().default(true),
  maxConcurrentJobs: z.int().min(1).max(20).default(2),
  /** A training image that is in a registry already, with its digest; without it, deploying needs Docker. */
  imageUri: z
    .string()
    .regex(
      ECR_IMAGE,
      'name an ECR image by its digest: <account>.dkr.ecr.<region>.amazonaws.com/<repository>@sha256:…',
    )
    .optional(),
  /** Bucket, table and logs go with the stack: for demonstrations only. */
  ephemeral: z.boolean().default(false),
});
export type PipelineSettings = z.input<typeof PipelineSettings>;
export type SettledSettings = z.output<typeof PipelineSettings>;

/** @throws Error that names every setting that is wrong, and what is wrong with it */
export function settled(settings: unknown): SettledSettings {
  const parsed = PipelineSettings.safeParse(settings);
  if (parsed.success) return parsed.data;
  throw new Error(`the settings of the pipeline are wrong:\n${z.prettifyError(parsed.error)}`);
}
