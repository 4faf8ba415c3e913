import { rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { activity } from '../activity.ts';
import { answerJson, type JsonAnswer, operationOf, refusal } from '../events/aws-json.ts';
import { emptyChannel } from './channels.ts';
import { describe } from './describe.ts';
import { holdFolder } from './hold-folder.ts';
import { jobFiles, type Ledger, openLedger, type Publish, readLedgers } from './ledger.ts';
import { list } from './list.ts';
import { killLeftovers } from './process-identity.ts';
import { arnOf, enter, hasEnded, nameOf, newRecord } from './record.ts';
import { CreateTrainingJobRequest, ListTrainingJobsRequest, NamedRequest } from './requests.ts';
import type { TrainingImage } from './trainer.ts';
import { runTrainingJob, type TrainingJob } from './training-job.ts';

export interface LocalSageMakerOptions {
  /** records, logs and work folders of all jobs; one process at a time */
  folder: string;
  /** where data come from and results go; it answers by the time this is called */
  s3: S3Client;
  /** what runs here for each TrainingImage */
  images: ReadonlyMap<string, TrainingImage>;
  /** more are refused with ResourceLimitExceeded, as AWS refuses what is over the quota */
  maxConcurrentJobs: number;
  /** told of every state change, after it is durable; the kill of this process in between loses it */
  publish: Publish;
  /** every line a trainer writes, to either stream */
  onLog?: (trainingJobName: string, line: string) => void;
  onError?: (error: unknown, trainingJobName: string) => void;
  now?: () => Date;
  /** between SIGTERM and SIGKILL; 120 as on AWS unless given */
  stopGraceSeconds?: number;
  /** how often checkpoints are copied to S3; 5 unless given */
  checkpointSyncSeconds?: number;
}

/**
 * SageMaker's training jobs in this process: it lays out /opt/ml in a folder, runs a program where SageMaker runs a
 * container, and tells of it in SageMaker's words. Jobs that an earlier process left open are interrupted ones, and
 * go on at once. No trainer outlives this process, not even its kill -9.
 *
 * @throws a sentence when another process holds the folder
 */
export async function localSageMaker(options: LocalSageMakerOptions) {
  const {
    s3,
    images,
    maxConcurrentJobs,
    onLog = () => undefined,
    onError = () => undefined,
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
  };

  const ledgers = new Map<string, Ledger>(); // by the name in small letters
  const running = new Map<string, TrainingJob>(); // by the name
  const creating = new Set<string>();
  const lives = activity();
  let closed = false;

  try {
    for (const ledger of await readLedgers(folder, publish)) {
      ledgers.set(keyOf(nameOf(ledger.record)), ledger);
    }
    for (const ledger of ledgers.values()) await goOn(ledger);
  } catch (error) {
    await close();
    throw error;
  }

  /** An event is a hint: nobody's failure to hear it may change what happens here. */
  function publish(event: Parameters<Publish>[0]) {
    try {
      options.publish(event);
    } catch (error) {
      onError(error, 'publish');
    }
  }

  async function goOn(ledger: Ledger): Promise<void> {
    if (hasEnded(ledger.record)) {
      const { work } = jobFiles(folder, nameOf(ledger.record));
      return rm(work, { recursive: true, force: true }); // a kill came between the two
    }
    await killLeftovers(ledger.record.processes);
    await ledger.change((record) => ({ ...record, processes: [] }));
    if (!ledger.record.stop) {
      await ledger.change((record) => enter(record, 'Interrupted', now()));
      await ledger.change((record) => enter(record, 'Starting', now()));
    }
    run(ledger);
  }

  function run(ledger: Ledger) {
    const name = nameOf(ledger.record);
    const job = runTrainingJob(ledger, settings);
    running.set(name, job);
    lives.track(job.over.then(() => running.delete(name)));
  }

  async function create(parameters: unknown): Promise<JsonAnswer> {
    const parsed = CreateTrainingJobRequest.safeParse(parameters);
    if (!parsed.success) return invalid(z.prettifyError(parsed.error));
    const request = parsed.data;
    const { TrainingJobName: name, AlgorithmSpecification, ResourceConfig } = request;
    if (!images.has(AlgorithmSpecification.TrainingImage)) {
      return invalid(
        `the local SageMaker does not know the image ${AlgorithmSpecification.TrainingImage}; it has ${[...images.keys()].join(', ')}`,
      );
    }
    // The name and the place are taken before anything is waited for: of two at once, one gets them.
    if (ledgers.has(keyOf(name)) || creating.has(keyOf(name))) return nameInUse(name);
    const open = [...ledgers.values()].filter(({ record }) => !hasEnded(record));
    const busy = open.length + creating.size;
    if (busy >= maxConcurrentJobs) {
      return limitExceeded(ResourceConfig.InstanceType, maxConcurrentJobs, busy);
    }
    creating.add(keyOf(name));
    try {
      const empty = await emptyChannel(s3, request.InputDataConfig ?? []);
      if (empty) return invalid(empty);
      const ledger = await openLedger(folder, newRecord(request, now()), publish);
      ledgers.set(keyOf(name), ledger);
      if (!closed) run(ledger); // else the next life does
      return { status: 200, body: { TrainingJobArn: arnOf(name) } };
    } finally {
      creating.delete(keyOf(name));
    }
  }

  function named(parameters: unknown): Ledger | JsonAnswer {
    const parsed = NamedRequest.safeParse(parameters);
    if (!parsed.success) return invalid(z.prettifyError(parsed.error));
    const ledger = ledgers.get(keyOf(parsed.data.TrainingJobName));
    const isIt = ledger && nameOf(ledger.record) === parsed.data.TrainingJobName;
    return isIt ? ledger : invalid('Requested resource not found.');
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
      throw new Error(
        `${name} could not be written to the disk when it ended; start again to go on`,
      );
    }
    if (hasEnded(record)) {
      return invalid(
        `The request was rejected because the training job is in status ${record.status}.`,
      );
    }
    return { status: 200, body: {} };
  }

  function listAll(parameters: unknown): JsonAnswer {
    const parsed = ListTrainingJobsRequest.safeParse(parameters);
    if (!parsed.success) return invalid(z.prettifyError(parsed.error));
    const records = [...ledgers.values()].map(({ record }) => record);
    const page = list(records, parsed.data);
    return page ? { status: 200, body: page } : invalid('Invalid NextToken.');
  }

  async function close(): Promise<void> {
    closed = true;
    for (const job of running.values()) job.interrupt();
    await lives.idle();
    await release();
  }

  const OPERATIONS: Record<string, (parameters: unknown) => JsonAnswer | Promise<JsonAnswer>> = {
    CreateTrainingJob: create,
    DescribeTrainingJob: describeOne,
    StopTrainingJob: stop,
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
          ? lives.track(Promise.resolve(answer(parameters)))
          : unknownOperation(operation);
      }),

    /** Names of the jobs that are under way. */
    running: (): string[] => [...running.keys()],

    /** Resolves when no job and no request is under way. */
    idle: lives.idle,

    /** Interrupts every job as the end of a spot instance would, and gives the folder free when all have ended. */
    close,
  };
}

export type LocalSageMaker = Awaited<ReturnType<typeof localSageMaker>>;

/** Some file systems take names that differ in case only for the same. */
const keyOf = (trainingJobName: string): string => trainingJobName.toLowerCase();

const invalid = (message: string): JsonAnswer => refusal('ValidationException', message);

const nameInUse = (trainingJobName: string): JsonAnswer =>
  refusal(
    'ResourceInUse',
    `Training job names must be unique within an AWS account and region, and a training job with this name already exists (${arnOf(trainingJobName)})`,
  );

const limitExceeded = (instanceType: string, limit: number, used: number): JsonAnswer =>
  refusal(
    'ResourceLimitExceeded',
    `The account-level service limit '${instanceType} for training job usage' is ${limit} Instances, with current utilization of ${used} Instances and a request delta of 1 Instances.`,
  );

const unknownOperation = (operation: string): JsonAnswer =>
  refusal(
    'UnknownOperationException',
    `the local SageMaker has no ${operation || 'operation in X-Amz-Target'}`,
  );
