import * as z from 'zod';
import { FAILURE_CHARACTERS } from './ml-folder.ts';

/** The hyperparameters of a training job, all strings, as SageMaker requires. Larger inputs come as files. */
export const Hyperparameters = z.object({
  job_id: z.string().regex(/^[0-9a-f]{64}$/),
  student: z.string().min(1),
  student_version: z.string().min(1),
  manifest_sha256: z.string(),
  recipe_sha256: z.string(),
  budget_seconds: z.string().regex(/^\d+$/), // after that SageMaker stops the job
});
export type Hyperparameters = z.infer<typeof Hyperparameters>;

/** The channels of a training job, and the file that the trainer reads from each. */
export const CHANNELS = {
  dataset: { folder: 'dataset' }, // contains the bucket's keys
  manifest: { folder: 'manifest', file: 'manifest.jsonl' },
  recipe: { folder: 'recipe', file: 'recipe.json' },
  teacher: { folder: 'teacher', file: 'model.json' }, // one teacher, or a folder per teacher
} as const;

/** How SageMaker and the local pipeline extract metrics from the trainer's stdout. */
export const METRIC_DEFINITIONS = [
  { Name: 'train:loss', Regex: 'train_loss=([0-9.eE+-]+)' },
  { Name: 'validation:accuracy', Regex: 'validation_accuracy=([0-9.eE+-]+)' },
  { Name: 'test:accuracy', Regex: 'test_accuracy=([0-9.eE+-]+)' },
];

/** The CloudWatch log group of all training jobs; the streams of a job begin with its name. */
export const TRAINING_LOGS = '/aws/sagemaker/TrainingJobs';

/** The trainer's failure codes, the first word of `/opt/ml/output/failure`, and what the user can do. */
export const FAILURES = {
  VALIDATION_FAILED:
    'Repair or remove these files, then upload the dataset again; report.json of the job lists all of them.',
  TOO_FEW_IMAGES:
    'Add images that differ from the others and are in no other class, then upload the dataset again.',
  LABEL_CONFLICTS:
    'Decide to which class each of these images belongs, remove the other copies, then upload the dataset again; report.json of the job lists all of them.',
  DATA_CHANGED: 'The upload was changed after it was validated; upload the dataset again.',
  TEACHER_CHANGED:
    'Import the teacher again: its files differ from those that the catalogue lists.',
  INPUT_PX: 'Omit input_px, or choose another teacher.',
  TEACHER_NOT_TRAINABLE: 'Set regime to "head-only", or choose another teacher.',
  BUDGET_TOO_SMALL:
    'Raise budget.minutes or budget.dollars in the recipe, use a faster instance type, or upload fewer images.',
  NO_GPU:
    'Retry the job; if it fails again, use another instance type, or deploy the GPU training image.',
  OUT_OF_MEMORY: 'Choose an instance type with more memory in the recipe.',
  DISK_FULL:
    'Make room on that disk (on your machine: "npx understudy prune"), or use fewer images or a smaller input_px; then retry the job: it goes on from its last checkpoint.',
  INTERNAL: 'This is a bug in Understudy; retry the job, and report the log if it fails again.',
} as const;
export type FailureCode = keyof typeof FAILURES;

/** Characters that SageMaker puts in front of the failure text: "AlgorithmError: ". */
const PREFIX = 24;

/** The text of the failure file, short enough to reach the user in full. */
export const failureText = (code: FailureCode, what: string): string =>
  `${code}: ${what}`.slice(0, FAILURE_CHARACTERS - PREFIX);

/** The code of a trainer that something else ended, so that another attempt may succeed. */
export const TRAINER_KILLED = 'TRAINER_KILLED';

/** The exit code of a trainer whose disk is too full even for its message: the number of ENOSPC. */
export const EXIT_DISK_FULL = 28;

const SIGKILL = 9;

/** A trainer that left no message: it was killed, or it crashed. Exit codes above 128 name a signal. */
function silentEnd(exitCode: number): { code: string; what: string; remedy: string } {
  const goesOn = 'Retry the job: it goes on from its last checkpoint.';
  if (exitCode === EXIT_DISK_FULL) {
    const what = 'The disk of the training job is full.';
    return { code: 'DISK_FULL', what, remedy: FAILURES.DISK_FULL };
  }
  const signal = exitCode > 128 ? exitCode - 128 : undefined;
  if (signal === SIGKILL) {
    return {
      code: TRAINER_KILLED,
      what: 'The training process was killed; most often the system does that when memory runs out.',
      remedy: `${goesOn} If it is killed again, use a machine with more memory, or a smaller input_px in the recipe.`,
    };
  }
  const how = signal === undefined ? `with exit code ${exitCode}` : `by signal ${signal}`;
  return {
    code: 'TRAINER_CRASHED',
    what: `The training process ended ${how} and left no message.`,
    remedy: `${goesOn} If it ends like that again, please report it with its log.`,
  };
}

/** Extracts the failure text from SageMaker's FailureReason, which adds words of its own around it. */
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
  const [, code] = /^AlgorithmError: *, exit code: (\d+)$/.exec(reason?.trim() ?? '') ?? [];
  if (code !== undefined) return silentEnd(Number(code));
  const what = reason?.trim() || 'The training job failed without giving a reason.';
  return {
    code: 'TRAINING_FAILED',
    what,
    remedy: 'Read the log of the training job, then retry the job.',
  };
}
