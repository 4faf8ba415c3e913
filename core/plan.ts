import * as z from 'zod';

/** The hyperparameters of a training job; SageMaker carries strings only. What else is needed comes as files. */
export const Hyperparameters = z.object({
  job_id: z.string().regex(/^[0-9a-f]{64}$/),
  student: z.string().min(1),
  student_version: z.string().min(1),
  manifest_sha256: z.string(),
  recipe_sha256: z.string(),
  budget_seconds: z.string().regex(/^\d+$/), // then SageMaker stops it
});
export type Hyperparameters = z.infer<typeof Hyperparameters>;

/** The channels of a training job, and the file that the trainer reads in each. */
export const CHANNELS = {
  dataset: { folder: 'dataset' }, // the bucket's keys below it
  manifest: { folder: 'manifest', file: 'manifest.jsonl' },
  recipe: { folder: 'recipe', file: 'recipe.json' },
  teacher: { folder: 'teacher', file: 'model.json' },
} as const;

/** A metric line on stdout; SageMaker and the local form read numbers out of it by the regular expressions below. */
export const METRIC_DEFINITIONS = [
  { Name: 'train:loss', Regex: 'train_loss=([0-9.eE+-]+)' },
  { Name: 'validation:accuracy', Regex: 'validation_accuracy=([0-9.eE+-]+)' },
  { Name: 'test:accuracy', Regex: 'test_accuracy=([0-9.eE+-]+)' },
];

/** CloudWatch's log group of all training jobs; a job's streams begin with its name. */
export const TRAINING_LOGS = '/aws/sagemaker/TrainingJobs';

/** Why a trainer stops by itself: the first word of `/opt/ml/output/failure`. */
export const FAILURES = {
  VALIDATION_FAILED: 'Repair or remove the file, and upload the dataset again.',
  DATA_CHANGED: 'Something changed the upload after it was validated; upload the dataset again.',
  TEACHER_CHANGED:
    'Import the teacher again; the files in the bucket are not those of the catalogue.',
  TEACHER_NOT_TRAINABLE: 'Set regime to "head-only", or choose another teacher.',
  NO_GPU:
    'Retry the job; if it says so again, take another instance type, or the image that fits this one.',
  OUT_OF_MEMORY: 'Choose a larger instance type in the recipe.',
  INTERNAL: 'This is a fault of ours; retry the job, and report the log if it fails again.',
} as const;
export type FailureCode = keyof typeof FAILURES;

/** SageMaker keeps the first 1,024 characters of the failure file. */
export const failureText = (code: FailureCode, what: string): string =>
  `${code}: ${what}`.slice(0, 1000);

/** Reads our failure text out of SageMaker's FailureReason, which wraps it in words of its own. */
export function parseFailure(reason: string | undefined): {
  code: string;
  what: string;
  remedy: string;
} {
  const codes = Object.keys(FAILURES).join('|');
  const ours = new RegExp(`(${codes}): ([\\s\\S]*)`).exec(reason ?? '');
  if (ours?.[1] && ours[2]) {
    const code = ours[1] as FailureCode;
    return {
      code,
      what: ours[2].replace(/, exit code: \d+\s*$/, '').trim(),
      remedy: FAILURES[code],
    };
  }
  const what = reason?.trim() || 'The training job ended without a reason.';
  return {
    code: 'TRAINING_FAILED',
    what,
    remedy: 'Read the log of the training job, then retry the job.',
  };
}
