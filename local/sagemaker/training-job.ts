import { setMaxListeners } from 'node:events';
import { rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import { ML_FOLDER, mlFolder } from '#core/ml-folder.ts';
import { parseFailure } from '#core/training-contract.ts';
import { isInsufficientStorage } from '#lambdas/insufficient-storage.ts';
import { type Disk, MAKE_ROOM } from '../disk-space.ts';
import { sentence } from '../events/aws-json.ts';
import { algorithmError } from './algorithm-error.ts';
import { fetchChannel } from './channels.ts';
import { checkpointsIn } from './checkpoints.ts';
import { type HasInstance, instanceFor, NoInstance } from './instances.ts';
import { jobFiles, type StoredJob } from './job-store.ts';
import { metricReader } from './metrics.ts';
import { keepOutput } from './output-lines.ts';
import { prepareFolder } from './prepare-folder.ts';
import {
  arnOf,
  enter,
  hasEnded,
  type JobRecord,
  nameOf,
  type Step,
  type StopReason,
} from './record.ts';
import { repeating } from './repeating.ts';
import { roomForRetry } from './room-for-retry.ts';
import { DataError, s3Folder } from './s3-location.ts';
import { stopwatch } from './stopwatch.ts';
import { startTrainer, type Trainer, type TrainerExit, type TrainingImage } from './trainer.ts';
import { uploadFolder } from './transfer.ts';

export interface TrainingJobSettings {
  folder: string;
  s3: S3Client;
  images: ReadonlyMap<string, TrainingImage>;
  stopGraceSeconds: number;
  checkpointSyncSeconds: number;
  now: () => Date;
  onLog: (trainingJobName: string, line: string) => void;
  onError: (error: unknown, trainingJobName: string) => void;
  disk: Disk;
  hasInstance: HasInstance;
}

/** A training job as run by this process: from Starting to its end, or to an interruption. */
export interface TrainingJob {
  stored: StoredJob;
  /** Requests the end of the job; durable when this resolves. A job that has ended is not changed. */
  stop(as: StopReason): Promise<JobRecord>;
  /** Ends this run as a spot interruption would; the next process resumes the job. */
  interrupt(): void;
  /** Resolves when this run has ended; never rejects. */
  over: Promise<void>;
}

export function runTrainingJob(stored: StoredJob, settings: TrainingJobSettings): TrainingJob {
  const { s3, now } = settings;
  const { request } = stored.record;
  const name = nameOf(stored.record);
  const files = jobFiles(settings.folder, name);
  const ml = mlFolder(files.work);
  const output = s3Folder(
    `${request.OutputDataConfig.S3OutputPath.replace(/\/+$/, '')}/${name}/output`,
  );
  const checkpoints =
    request.CheckpointConfig && checkpointsIn(s3, request.CheckpointConfig.S3Uri, ml.checkpoints);
  const metrics = metricReader(request, stored.record.metrics);
  const clock = stopwatch(stored.record.ranSeconds);
  const halted = new AbortController(); // ends the trainer and its downloads
  setMaxListeners(0, halted.signal); // each running download listens to it
  let trainer: Trainer | undefined;
  let wantedStop: StopReason | undefined; // for which the disk had no room yet
  let isInterrupted = false;

  const change = (step: (record: JobRecord) => JobRecord): Promise<JobRecord> =>
    stored.change((record) =>
      hasEnded(record)
        ? record
        : step({ ...record, ranSeconds: clock.seconds(), metrics: metrics.list() }),
    );
  const go = (step: Step) => change((record) => enter(record, step, now()));

  /** Makes a change as soon as the disk has room for it: without its record, an end would be forgotten. */
  async function changeInTheEnd(step: (record: JobRecord) => JobRecord): Promise<void> {
    for (;;) {
      try {
        await change(step);
        return;
      } catch (error) {
        // The next process resumes a job that was interrupted.
        if (isInterrupted || settings.disk.failed(error) === undefined) throw error;
        await pause(WRITE_AGAIN_MS);
      }
    }
  }

  const entering = (as: StopReason) => (record: JobRecord) =>
    record.stop ? record : enter({ ...record, stop: as }, 'Stopping', now());

  async function stop(as: StopReason): Promise<JobRecord> {
    wantedStop ??= as;
    try {
      return await change(entering(wantedStop));
    } finally {
      halt();
    }
  }

  function halt() {
    halted.abort();
    trainer?.terminate(settings.stopGraceSeconds);
  }

  async function run(): Promise<void> {
    try {
      await stopAtLimits(); // it may have reached one before
      const exit = stored.record.stop ? undefined : await train();
      if (wantedStop) await changeInTheEnd(entering(wantedStop));
      if (exit && exit.exitCode !== 0) await failAs(await algorithmError(exit, ml.failure));
      else if (exit || stored.record.stop) await succeed();
      // otherwise it was interrupted, and resumes with the next process
    } catch (error) {
      const full = isInsufficientStorage(error) ? sentence(error) : settings.disk.failed(error);
      if (full !== undefined) return failForRoom(full);
      if (error instanceof NoInstance) return fail(`CapacityError: ${error.message}`);
      if (!(error instanceof DataError)) settings.onError(error, name);
      const kind = error instanceof DataError ? 'ClientError' : 'InternalServerError';
      await fail(`${kind}: ${sentence(error)}`);
    }
  }

  /** @returns the exit of the trainer, or `undefined` if it was made to end */
  async function train(): Promise<TrainerExit | undefined> {
    const image = settings.images.get(request.AlgorithmSpecification.TrainingImage);
    if (!image) throw new DataError('The training image does not exist');
    const instanceType = await waitForInstance();
    if (instanceType === undefined) return undefined;
    await prepareFolder(ml, request, instanceType);
    await go('Downloading');
    clock.start();
    const watch = repeat(0.5, stopAtLimits);
    try {
      for (const channel of request.InputDataConfig ?? []) {
        await fetchChannel(s3, channel, ml.channel(channel.ChannelName), halted.signal);
      }
      await checkpoints?.fill(halted.signal);
      halted.signal.throwIfAborted();
      return await runTrainer(image);
    } catch (error) {
      if (halted.signal.aborted) return undefined;
      throw error;
    } finally {
      await watch.end();
      clock.stop();
    }
  }

  /** @returns the type of the instance; `undefined` if the job was made to end before there was one */
  async function waitForInstance(): Promise<string | undefined> {
    for (;;) {
      const instanceType = instanceFor(request, settings.hasInstance);
      if (instanceType !== undefined) {
        await change((record) => ({ ...record, instanceType }));
        return instanceType;
      }
      await stopAtLimits();
      if (halted.signal.aborted) return undefined;
      await pause(LOOK_AGAIN_MS);
    }
  }

  async function runTrainer(image: TrainingImage): Promise<TrainerExit | undefined> {
    await go('Training');
    const environment = {
      ...request.Environment,
      TRAINING_JOB_NAME: name,
      TRAINING_JOB_ARN: arnOf(name),
      [ML_FOLDER]: ml.root,
    };
    trainer = await startTrainer(
      image,
      environment,
      (processes) => change((record) => ({ ...record, processes })),
      (stream) => keepOutput(stream, files.log, onLine, (error) => settings.onError(error, name)),
    );
    if (halted.signal.aborted) halt(); // requested while the trainer was starting
    const syncing = syncPeriodically();
    const exit = await trainer.exited;
    const byItself = !halted.signal.aborted;
    await syncing.end();
    await copyCheckpoints();
    return byItself ? exit : undefined;
  }

  function onLine(line: string) {
    metrics.read(line, now());
    try {
      settings.onLog(name, line);
    } catch (error) {
      settings.onError(error, name); // a failing listener must not affect the trainer
    }
  }

  /** Saves the record and copies checkpoints to S3 every few seconds. */
  function syncPeriodically() {
    return repeat(settings.checkpointSyncSeconds, async () => {
      await change((record) => record);
      await checkpoints?.sync();
    });
  }

  /** Copies checkpoints a last time. If it fails, the folder still has them for the next run, and S3 has the earlier copy. */
  const copyCheckpoints = async () =>
    checkpoints?.sync().catch((error) => settings.onError(error, name));

  /** Counts running time while the trainer runs, as AWS does while there is an instance, and waiting time for spot jobs. */
  async function stopAtLimits(): Promise<void> {
    const { MaxRuntimeInSeconds, MaxWaitTimeInSeconds } = request.StoppingCondition;
    const waits = request.EnableManagedSpotTraining && MaxWaitTimeInSeconds !== undefined;
    const waited = (now().getTime() - Date.parse(stored.record.createdAt)) / 1000;
    if (clock.seconds() >= MaxRuntimeInSeconds) await stop('MaxRuntimeExceeded');
    else if (waits && waited >= MaxWaitTimeInSeconds) await stop('MaxWaitTimeExceeded');
  }

  function repeat(seconds: number, task: () => Promise<void>) {
    return repeating(seconds, () => task().catch((error) => settings.onError(error, name)));
  }

  /** Uploads the output of the trainer, also for a stopped job, so that its work is not lost. */
  async function succeed(): Promise<void> {
    const stopped = stored.record.stop !== undefined;
    if (stopped) await copyCheckpoints(); // an earlier run may not have done it
    const model = { ...output, prefix: `${output.prefix}model/` };
    await rm(ml.data, { recursive: true, force: true }); // makes room for the upload
    await go('Uploading');
    const count = await uploadFolder(s3, ml.model, model);
    await uploadFolder(s3, ml.outputData, { ...output, prefix: `${output.prefix}data/` });
    await end(!stopped || count > 0 ? `s3://${model.bucket}/${model.prefix}` : undefined);
  }

  async function end(artifacts?: string): Promise<void> {
    await changeInTheEnd((record) =>
      enter({ ...record, ...(artifacts && { artifacts }) }, record.stop ?? 'Completed', now()),
    );
    await clear();
  }

  /** @param failureReason of the trainer; a full disk is not its fault, and not that of the job */
  async function failAs(failureReason: string): Promise<void> {
    const { code, what } = parseFailure(failureReason);
    if (code === 'DISK_FULL') await failForRoom(`${what} ${MAKE_ROOM}`);
    else await fail(failureReason);
  }

  /** Fails as SageMaker does for lack of capacity, so that the job waits; the next try needs more room. */
  async function failForRoom(why: string): Promise<void> {
    await fail(`CapacityError: ${why}`, { neededBytes: await roomForRetry(files.work, why) });
  }

  /** The work folder is removed first: that makes room for the record. */
  async function fail(failureReason: string, facts: Partial<JobRecord> = {}): Promise<void> {
    await clear();
    await changeInTheEnd((record) =>
      record.stop
        ? enter(record, record.stop, now())
        : enter({ ...record, ...facts, failureReason }, 'Failed', now()),
    );
  }

  const clear = () => rm(files.work, { recursive: true, force: true });

  return {
    stored,
    stop,
    interrupt() {
      isInterrupted = true;
      halt();
    },
    over: run().catch((error) => settings.onError(error, name)),
  };
}

const WRITE_AGAIN_MS = 500; // chosen
const LOOK_AGAIN_MS = 50; // for an instance; chosen
