import * as z from 'zod';
import { BudgetMinutes } from '#core/recipe.ts';
import type { LaunchSettings } from './aws/training-request.ts';

/** The variables that infra and the local pipeline set, in one schema per concern. */
export const PipelineVariables = z.object({
  BUCKET: z.string().min(3),
  JOB_TABLE: z.string().min(3),
});

const InstanceTypes = z
  .string()
  .regex(/^ml\.[a-z0-9.]+(,ml\.[a-z0-9.]+)*$/)
  .transform((list) => list.split(','));

export const ValidationVariables = z.object({
  /** The instance types that a recipe may name; any, if unset: on one machine they do not matter. */
  ALLOWED_INSTANCE_TYPES: InstanceTypes.optional(),
});

export const TrainingVariables = z.object({
  TRAINING_IMAGE: z.string().min(1), // with its digest
  TRAINING_ROLE: z.string().startsWith('arn:'),
});

export const LaunchVariables = z.object({
  INSTANCE_TYPES: InstanceTypes, // in order of preference
  /** The teachers that the training image contains. */
  TEACHERS_IN_IMAGE: z
    .string()
    .default('')
    .transform((list) => list.split(',').filter(Boolean)),
  /** The minutes of a training job whose recipe sets none. */
  DEFAULT_MINUTES: z.coerce.number().pipe(BudgetMinutes),
  SPOT: z.union([z.literal('fallback'), z.stringbool()]),
  MAX_CONCURRENT_JOBS: z.coerce.number().int().positive(),
});

export const AnnouncementVariables = z.object({
  ANNOUNCEMENT_BUS: z.string().min(1),
});

export const SweepVariables = z.object({
  /** Deadlines up to this far ahead count as passed; on one machine there is no reason to wait for them. */
  SWEEP_AHEAD_SECONDS: z.coerce.number().int().nonnegative().default(0),
  /** A launch refused for lack of capacity is not tried again before that, however far ahead the sweeper looks. */
  RETRY_REFUSED_SECONDS: z.coerce.number().nonnegative().default(60), // chosen: a refusal costs two writes
  /** One sweep at a time, by a lease of this length: that of an invocation. Unset on one machine, where nothing else sweeps. */
  SWEEP_LEASE_SECONDS: z.coerce.number().int().positive().optional(),
  /** A folder without a seal counts as complete when nothing has come for so long. */
  QUIET_SECONDS: z.coerce.number().positive().default(300), // chosen: longer than an upload pauses between two files
  /** CloudWatch's namespace for the sweeper's metric; unset: no metric. */
  METRICS_NAMESPACE: z.string().min(1).optional(),
});

/** @throws Error that names every variable that is missing or wrong */
export function environment<Schema extends z.ZodType>(
  schema: Schema,
  variables: Record<string, string | undefined> = process.env,
): z.output<Schema> {
  const parsed = schema.safeParse(variables);
  if (parsed.success) return parsed.data;
  throw new Error(`the environment is incomplete: ${z.prettifyError(parsed.error)}`);
}

export const launchSettings = (variables: z.output<typeof TrainingVariables>): LaunchSettings => ({
  image: variables.TRAINING_IMAGE,
  role: variables.TRAINING_ROLE,
});
