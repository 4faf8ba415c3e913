import { rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { activity } from '../activity.ts';
import { type Disk, requireRoom, unwatchedDisk } from '../disk-space.ts';
import { answerJson, type JsonAnswer, operationOf } from '../events/aws-json.ts';
import { channelBytes, emptyChannel } from './channels.ts';
import { describe } from './describe.ts';
import { holdFolder } from './hold-folder.ts';
import { type HasInstance, instanceTypesOf } from './instances.ts';
import {
  createStoredJob,
  jobFiles,
  type Publish,
  readStoredJobs,
  removeStoredJob,
  type StoredJob,
} from './job-store.ts';
import { list } from './list.ts';
import { killLeftovers } from './process-identity.ts';
import { arnOf, enter, hasEnded, nameOf, newRecord } from './record.ts';
import {
  invalid,
  limitExceeded,
  nameInUse,
  noCapacity,
  stillRuns,
  unknownOperation,
} from './refusals.ts';
import { CreateTrainingJobRequest, ListTrainingJobsRequest, NamedRequest } from './requests.ts';
import type { TrainingImage } from './trainer.ts';
import { runTrainingJob, type TrainingJob } from './training-job.ts';

export interface LocalSageMakerOptions {
  /** records, logs and work folders of all jobs; one process at a time */
  folder: string;
  /** the source of data and target of results; must be reachable when this is called */
  s3: S3Client;
  /** the program for each TrainingImage */
  images: ReadonlyMap<string, TrainingImage>;
  /** more are refused with ResourceLimitExceeded, as AWS does beyond a quota */
  maxConcurrentJobs: number;
  /** called for every state change, after it is durable; if the process is killed in between, the event is lost */
  publish: Publish;
  /** called with every line that a trainer writes to stdout or stderr */
  onLog?: (trainingJobName: string, line: string) => void;
  onError?: (error: unknown, trainingJobName: string) => void;
  disk?: Disk;
  now?: () => Date;
  /** the time between SIGTERM and SIGKILL; 120 by default, as on AWS */
  stopGraceSeconds?: number;
  /** switches for tests: whether there is an instance of a type; and a refusal, as by a policy of the account */
  hasInstance?: HasInstance;
  refuse?: (request: CreateTrainingJobRequest) => JsonAnswer | undefined;
  /** the interval at which checkpoints are copied to S3; 5 by default */
  checkpointSyncSeconds?: number;
}

/**
 * SageMaker's training jobs in this process: it sets up /opt/ml in a folder, runs a program where SageMaker runs a
 * container, and reports on it as SageMaker does. Jobs that an earlier process left open count as interrupted and
 * resume at once. No trainer outlives this process, even if it is killed with SIGKILL.
 *
 * @throws Error if another process holds the folder
 */
export async function localSageMaker(options: LocalSageMakerOptions) {
  const {
    s3,
    images,
    maxConcurrentJobs,
    onLog = () => undefined,
    onError = () => undefined,
    disk = unwatchedDisk(options.folder),
    hasInstance = () => true,
    refuse = () => undefined,
  } = options;
  const { now = () => new Date(), stopGraceSeconds = 120, checkpointSyncSeconds = 5 } = options;
  const release = await holdFolder(options.folder);
  const folder = join(options.folder, 'jobs');
  const settings = {
    folder,
    s3,
    images,
    stopGraceSeconds,
    checkpointSyncSeconds,
    now,
    onLog,
    onError,
    disk,
    hasInstance,
  };

  const storedJobs = new Map<string, StoredJob>(); // by name in lower case
  const running = new Map<string, TrainingJob>(); // by name
  const creating = new Set<string>();
  const work = activity();
  let closed = false;

  try {
    for (const stored of await readStoredJobs(folder, publish)) {
      storedJobs.set(keyOf(nameOf(stored.record)), stored);
    }
    for (const stored of storedJobs.values()) await resume(stored);
  } catch (error) {
    await close();
    throw error;
  }

  /** Events are hints: a failing listener must not affect the job. */
  function publish(event: Parameters<Publish>[0]) {
    try {
      options.publish(event);
    } catch (error) {
      onError(error, 'publish');
    }
  }

  async function resume(stored: StoredJob): Promise<void> {
    if (hasEnded(stored.record)) {
      const { work } = jobFiles(folder, nameOf(stored.record));
      return rm(work, { recursive: true, force: true }); // killed between the end of the job and its clean-up
    }
    await killLeftovers(stored.record.processes);
    await stored.change((record) => ({ ...record, processes: [] }));
    if (!stored.record.stop) {
      await stored.change((record) => enter(record, 'Interrupted', now()));
      await stored.change((record) => enter(record, 'Starting', now()));
    }
    run(stored);
  }

  function run(stored: StoredJob) {
    const name = nameOf(stored.record);
    const job = runTrainingJob(stored, settings);
    running.set(name, job);
    work.track(job.over.then(() => running.delete(name)));
  }

  async function create(parameters: unknown): Promise<JsonAnswer> {
    const parsed = CreateTrainingJobRequest.safeParse(parameters);
    if (!parsed.success) return invalid(z.prettifyError(parsed.error));
    const request = parsed.data;
    const { TrainingJobName: name, AlgorithmSpecification } = request;
    const refused = refuse(request);
    if (refused) return refused;
    if (!images.has(AlgorithmSpecification.TrainingImage)) {
      return invalid(
        `the local SageMaker does not know the image ${AlgorithmSpecification.TrainingImage}; it has ${[...images.keys()].join(', ')}`,
      );
    }
    // Name and slot are reserved before the first await: of two simultaneous requests, one gets them.
    if (storedJobs.has(keyOf(name)) || creating.has(keyOf(name))) return nameInUse(name);
    const open = [...storedJobs.values()].filter(({ record }) => !hasEnded(record));
    const busy = open.length + creating.size;
    if (busy >= maxConcurrentJobs) {
      return limitExceeded(instanceTypesOf(request).join(', '), maxConcurrentJobs, busy);
    }
    creating.add(keyOf(name));
    try {
      const channels = request.InputDataConfig ?? [];
      const empty = await emptyChannel(s3, channels);
      if (empty) return invalid(empty);
      requireRoom(folder, Math.max(await channelBytes(s3, channels), bytesOfTries(request)));
      const stored = await createStoredJob(folder, newRecord(request, now()), publish);
      storedJobs.set(keyOf(name), stored);
      if (!closed) run(stored); // otherwise the next process does
      return { status: 200, body: { TrainingJobArn: arnOf(name) } };
    } catch (error) {
      const full = disk.failed(error);
      if (full === undefined) throw error;
      return noCapacity(full);
    } finally {
      creating.delete(keyOf(name));
    }
  }

  /**
   * The room that earlier tries of the same job, which share its checkpoints, have shown that it needs: all of it together,
   * since each of them had what those before it needed. So even a need that nobody knows is met after a few tries.
   */
  function bytesOfTries({ CheckpointConfig }: CreateTrainingJobRequest): number {
    const tries = [...storedJobs.values()].filter(
      ({ record: { request } }) =>
        CheckpointConfig && request.CheckpointConfig?.S3Uri === CheckpointConfig.S3Uri,
    );
    return tries.reduce((sum, { record }) => sum + (record.neededBytes ?? 0), 0);
  }

  function named(parameters: unknown): StoredJob | JsonAnswer {
    const parsed = NamedRequest.safeParse(parameters);
    if (!parsed.success) return invalid(z.prettifyError(parsed.error));
    const stored = storedJobs.get(keyOf(parsed.data.TrainingJobName));
    const isMatch = stored && nameOf(stored.record) === parsed.data.TrainingJobName;
    return isMatch ? stored : invalid('Requested resource not found.');
  }

  function describeOne(parameters: unknown): JsonAnswer {
    const found = named(parameters);
    return 'record' in found ? { status: 200, body: describe(found.record) } : found;
  }

  async function stop(parameters: unknown): Promise<JsonAnswer> {
    const found = named(parameters);
    if (!('record' in found)) return found;
    const name = nameOf(found.record);
    const record = (await running.get(name)?.stop('Stopped')) ?? found.record;
    if (!hasEnded(record) && !record.stop) {
      throw new Error(`${name} could not be saved when it ended; restart to resume it`);
    }
    if (hasEnded(record)) {
      return invalid(
        `The request was rejected because the training job is in status ${record.status}.`,
      );
    }
    return { status: 200, body: {} };
  }

  /** As on AWS: only of a job that has ended; its name is free again. */
  async function remove(parameters: unknown): Promise<JsonAnswer> {
    const found = named(parameters);
    if (!('record' in found)) return found;
    const name = nameOf(found.record);
    if (!hasEnded(found.record) || running.has(name)) {
      return stillRuns(name);
    }
    storedJobs.delete(keyOf(name));
    await removeStoredJob(folder, name);
    return { status: 200, body: {} };
  }

  function listAll(parameters: unknown): JsonAnswer {
    const parsed = ListTrainingJobsRequest.safeParse(parameters);
    if (!parsed.success) return invalid(z.prettifyError(parsed.error));
    const records = [...storedJobs.values()].map(({ record }) => record);
    const page = list(records, parsed.data);
    return page ? { status: 200, body: page } : invalid('Invalid NextToken.');
  }

  async function close(): Promise<void> {
    closed = true;
    for (const job of running.values()) job.interrupt();
    await work.idle();
    await release();
  }

  const OPERATIONS: Record<string, (parameters: unknown) => JsonAnswer | Promise<JsonAnswer>> = {
    CreateTrainingJob: create,
    DescribeTrainingJob: describeOne,
    StopTrainingJob: stop,
    DeleteTrainingJob: remove,
    ListTrainingJobs: listAll,
  };

  return {
    /** `SageMaker.<Operation>` of the AWS JSON protocol. */
    handle: (request: IncomingMessage, response: ServerResponse): Promise<void> =>
      answerJson(request, response, 'application/x-amz-json-1.1', (parameters) => {
        if (closed) throw new Error('the local SageMaker is closed');
        const operation = operationOf(request);
        const answer = Object.hasOwn(OPERATIONS, operation) && OPERATIONS[operation];
        return answer
          ? work.track(Promise.resolve(answer(parameters)))
          : unknownOperation(operation);
      }),

    /** The names of the running jobs. */
    running: (): string[] => [...running.keys()],

    /** Resolves when no job and no request is running. */
    idle: work.idle,

    /** Interrupts every job as a spot interruption would, and releases the folder when all have ended. */
    close,
  };
}

export type LocalSageMaker = Awaited<ReturnType<typeof localSageMaker>>;

/** On some file systems, names that differ only in case are the same. */
const keyOf = (trainingJobName: string): string => trainingJobName.toLowerCase();
