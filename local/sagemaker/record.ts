import * as z from 'zod';
import { ACCOUNT, REGION } from '../names.ts';
import { ProcessIdentity } from './process-identity.ts';
import { CreateTrainingJobRequest, TRAINING_JOB_STATUSES } from './requests.ts';

type Status = (typeof TRAINING_JOB_STATUSES)[number];

/** The steps of a training job, each with its status and SageMaker's message. */
const STEPS = {
  Starting: { status: 'InProgress', message: 'Starting the training job' },
  Downloading: { status: 'InProgress', message: 'Downloading input data' },
  Training: { status: 'InProgress', message: 'Training in progress' },
  Uploading: { status: 'InProgress', message: 'Uploading generated training model' },
  Interrupted: { status: 'InProgress', message: 'Training job interrupted; it will be restarted' },
  Stopping: { status: 'Stopping', message: 'Stopping the training job' },
  Completed: { status: 'Completed', message: 'Training job completed' },
  Failed: { status: 'Failed', message: 'Training job failed' },
  Stopped: { status: 'Stopped', message: 'Training job stopped' },
  MaxRuntimeExceeded: {
    status: 'Stopped',
    message: 'Training job runtime exceeded MaxRuntimeInSeconds provided',
  },
  MaxWaitTimeExceeded: {
    status: 'Stopped',
    message: 'Training job exceeded MaxWaitTimeInSeconds provided',
  },
} as const satisfies Record<string, { status: Status; message: string }>;
export type Step = keyof typeof STEPS;
const Step = z.enum(Object.keys(STEPS) as [Step, ...Step[]]);

/** The step in which a job that is being stopped will end. */
const StopReason = z.enum(['Stopped', 'MaxRuntimeExceeded', 'MaxWaitTimeExceeded']);
export type StopReason = z.infer<typeof StopReason>;

const Metric = z.object({ name: z.string(), value: z.number(), at: z.iso.datetime() });
export type Metric = z.infer<typeof Metric>;

/** The state of a training job, as stored on disk. */
export const JobRecord = z.object({
  schema: z.literal(1),
  request: CreateTrainingJobRequest,
  step: Step,
  status: z.enum(TRAINING_JOB_STATUSES),
  transitions: z.array(
    z.object({
      step: Step,
      message: z.string(),
      from: z.iso.datetime(),
      to: z.iso.datetime().optional(),
    }),
  ),
  stop: StopReason.optional(), // set when a stop is requested
  createdAt: z.iso.datetime(),
  modifiedAt: z.iso.datetime(),
  startedAt: z.iso.datetime().optional(),
  endedAt: z.iso.datetime().optional(),
  ranSeconds: z.number(), // in total, at the last time it was saved
  instanceType: z.string().optional(), // the one it got
  failureReason: z.string().optional(),
  neededBytes: z.number().optional(), // of room, before it can be tried again, after the disk was full
  artifacts: z.string().optional(), // an s3:// prefix
  metrics: z.array(Metric),
  processes: z.array(ProcessIdentity), // of the current or latest run; the first leads their group
});
export type JobRecord = z.infer<typeof JobRecord>;

export function newRecord(request: CreateTrainingJobRequest, at: Date): JobRecord {
  const time = at.toISOString();
  return enter(
    {
      schema: 1,
      request,
      step: 'Starting',
      status: 'InProgress',
      transitions: [],
      createdAt: time,
      modifiedAt: time,
      ranSeconds: 0,
      metrics: [],
      processes: [],
    },
    'Starting',
    at,
  );
}

/** Moves the job to a step. A job that is being stopped can only end, and one that has ended never moves. */
export function enter(record: JobRecord, step: Step, at: Date): JobRecord {
  const { status, message } = STEPS[step];
  if (hasEnded(record) || (record.stop && status === 'InProgress')) return record;
  const time = at.toISOString();
  const passed = record.transitions.map((transition) => ({ to: time, ...transition }));
  const ended = ENDED.has(status);
  return {
    ...record,
    step,
    status,
    transitions: [...passed, { step, message, from: time, ...(ended && { to: time }) }],
    modifiedAt: time,
    ...(step === 'Downloading' && { startedAt: record.startedAt ?? time }),
    ...(ended && { endedAt: time, processes: [] }),
  };
}

const ENDED: ReadonlySet<Status> = new Set(['Completed', 'Failed', 'Stopped']);

export const hasEnded = ({ status }: JobRecord): boolean => ENDED.has(status);

export const nameOf = ({ request }: JobRecord): string => request.TrainingJobName;

export const arnOf = (trainingJobName: string): string =>
  `arn:aws:sagemaker:${REGION}:${ACCOUNT}:training-job/${trainingJobName}`;
