import * as z from 'zod';
import { BudgetMinutes } from '#core/recipe.ts';

/** An image in a private ECR registry, by its digest: account, region, repository. */
export const ECR_IMAGE =
  /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/([a-z0-9/._-]+)@sha256:[0-9a-f]{64}$/;

/** The default name of the stack. */
export const DEFAULT_STACK = 'Understudy';

/** The settings of a deployment; all are optional. */
export const PipelineSettings = z.strictObject({
  /** An existing bucket. Its owner must turn on EventBridge notifications; nothing about the bucket is changed. */
  bucketName: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/)
    .optional(),
  /** Receives a mail per announcement, once its owner has confirmed the subscription that AWS mails. */
  notifyEmail: z.email().optional(),
  /** In order of preference. GPU instances by default; CPU instances must be asked for. */
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
  /** Spot instances: cheaper, and interrupted at times; training resumes from its checkpoints. */
  spot: z.boolean().default(true),
  /** On-demand instances for a job for which no type was to be had as a spot instance. */
  onDemandFallback: z.boolean().default(false),
  /** Of a training job whose recipe sets none; together with the instance types this limits its cost. */
  defaultMinutes: BudgetMinutes.default(60),
  maxConcurrentJobs: z.int().min(1).max(20).default(2),
  /** A training image in ECR, with its digest; without it, deploying builds one and needs Docker. */
  imageUri: z
    .string()
    .regex(
      ECR_IMAGE,
      'name an ECR image by its digest: <account>.dkr.ecr.<region>.amazonaws.com/<repository>@sha256:…',
    )
    .optional(),
  /** Deletes bucket, table and logs with the stack: for demonstrations only. */
  ephemeral: z.boolean().default(false),
});
export type PipelineSettings = z.input<typeof PipelineSettings>;
export type ParsedSettings = z.output<typeof PipelineSettings>;

/** @throws Error that names every invalid setting, with the reason */
export function parseSettings(settings: unknown): ParsedSettings {
  const parsed = PipelineSettings.safeParse(settings);
  if (parsed.success) return parsed.data;
  throw new Error(`the settings of the pipeline are invalid:\n${z.prettifyError(parsed.error)}`);
}
