import { setMaxListeners } from 'node:events';
import { open, rm } from 'node:fs/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import { FAILURE_CHARACTERS, ML_FOLDER, mlFolder } from '#core/ml-folder.ts';
import { sentence } from '../events/aws-json.ts';
import { fetchChannel } from './channels.ts';
import { checkpointsIn } from './checkpoints.ts';
import { jobFiles, type Ledger } from './ledger.ts';
import { metricReader } from './metrics.ts';
import { keepOutput } from './output-lines.ts';
import { DataProblem, s3Folder } from './place.ts';
import { prepareFolder } from './prepare-folder.ts';
import { arnOf, enter, hasEnded, type JobRecord, nameOf, type Step, type Stop } from './record.ts';
import { repeating } from './repeating.ts';
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
}

/** A training job in this life of the local SageMaker: from Starting to its end, or to an interruption. */
export interface TrainingJob {
  ledger: Ledger;
  /** Durable when this resolves, and the end follows; a job that had ended is left as it is. */
  stop(as: Stop): Promise<JobRecord>;
  /** Ends this life as the end of a spot instance would; the record stays open for the next one. */
  interrupt(): void;
  /** Resolves when nothing of the job is under way here any more; never rejects. */
  over: Promise<void>;
}

export function runTrainingJob(ledger: Ledger, settings: TrainingJobSettings): TrainingJob {
  const { s3, now } = settings;
  const { request } = ledger.record;
  const name = nameOf(ledger.record);
  const files = jobFiles(settings.folder, name);
  const ml = mlFolder(files.work);
  const output = s3Folder(
    `${request.OutputDataConfig.S3OutputPath.replace(/\/+$/, '')}/${name}/output`,
  );
  const checkpoints =
    request.CheckpointConfig && checkpointsIn(s3, request.CheckpointConfig.S3Uri, ml.checkpoints);
  const metrics = metricReader(request, ledger.record.metrics);
  const clock = stopwatch(ledger.record.ranSeconds);
  const halted = new AbortController(); // the trainer is to end, and what is fetched for it
  setMaxListeners(0, halted.signal); // each file that is under way listens to it
  let trainer: Trainer | undefined;

  const change = (step: (record: JobRecord) => JobRecord): Promise<JobRecord> =>
    ledger.change((record) =>
      hasEnded(record)
        ? record
        : step({ ...record, ranSeconds: clock.seconds(), metrics: metrics.list() }),
    );
  const go = (step: Step) => change((record) => enter(record, step, now()));

  async function stop(as: Stop): Promise<JobRecord> {
    const stopping = await change((record) =>
      record.stop ? record : enter({ ...record, stop: as }, 'Stopping', now()),
    );
    halt();
    return stopping;
  }

  function halt() {
    halted.abort();
    trainer?.terminate(settings.stopGraceSeconds);
  }

  async function live(): Promise<void> {
    try {
      await stopAtLimits(); // it may have reached one in an earlier life
      const exit = ledger.record.stop ? undefined : await train();
      if (exit && exit.exitCode !== 0) await fail(algorithmError(exit, await failureFile()));
      else if (exit || ledger.record.stop) await succeed();
      // else it was interrupted, and goes on with the next start
    } catch (error) {
      if (!(error instanceof DataProblem)) settings.onError(error, name);
      const kind = error instanceof DataProblem ? 'ClientError' : 'InternalServerError';
      await fail(`${kind}: ${sentence(error)}`);
    }
  }

  /** @returns how the trainer ended by itself; nothing where it was made to end */
  async function train(): Promise<TrainerExit | undefined> {
    const image = settings.images.get(request.AlgorithmSpecification.TrainingImage);
    if (!image) throw new DataProblem('The training image is not known here (any more)');
    await prepareFolder(ml, request);
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
    if (halted.signal.aborted) halt(); // it came while the trainer started
    const keeping = keepInStep();
    const exit = await trainer.exited;
    const byItself = !halted.signal.aborted;
    await keeping.end();
    await copyCheckpoints();
    return byItself ? exit : undefined;
  }

  function onLine(line: string) {
    metrics.read(line, now());
    try {
      settings.onLog(name, line);
    } catch (error) {
      settings.onError(error, name); // a listener's fault is not the trainer's
    }
  }

  /** Copies checkpoints to S3, and writes down how far the job is, every few seconds. */
  function keepInStep() {
    return repeat(settings.checkpointSyncSeconds, async () => {
      await change((record) => record);
      await checkpoints?.sync();
    });
  }

  /** For a last time; if it fails, the folder still holds what the next life needs, and S3 what was copied before. */
  const copyCheckpoints = async () =>
    checkpoints?.sync().catch((error) => settings.onError(error, name));

  /** Time counts while there is a life, as on AWS while there is an instance; waiting counts only for spot jobs. */
  async function stopAtLimits(): Promise<void> {
    const { MaxRuntimeInSeconds, MaxWaitTimeInSeconds } = request.StoppingCondition;
    const waits = request.EnableManagedSpotTraining && MaxWaitTimeInSeconds !== undefined;
    const waited = (now().getTime() - Date.parse(ledger.record.createdAt)) / 1000;
    if (clock.seconds() >= MaxRuntimeInSeconds) await stop('MaxRuntimeExceeded');
    else if (waits && waited >= MaxWaitTimeInSeconds) await stop('MaxWaitTimeExceeded');
  }

  function repeat(seconds: number, task: () => Promise<void>) {
    return repeating(seconds, () => task().catch((error) => settings.onError(error, name)));
  }

  /** Uploads what the trainer left; a job that was stopped keeps it too, so that its work is not lost. */
  async function succeed(): Promise<void> {
    const stopped = ledger.record.stop !== undefined;
    if (stopped) await copyCheckpoints(); // an earlier life may not have come to it
    const model = { ...output, prefix: `${output.prefix}model/` };
    await go('Uploading');
    const count = await uploadFolder(s3, ml.model, model);
    await uploadFolder(s3, ml.outputData, { ...output, prefix: `${output.prefix}data/` });
    await end(!stopped || count > 0 ? `s3://${model.bucket}/${model.prefix}` : undefined);
  }

  async function end(artifacts?: string): Promise<void> {
    await change((record) =>
      enter({ ...record, ...(artifacts && { artifacts }) }, record.stop ?? 'Completed', now()),
    );
    await clear();
  }

  async function fail(failureReason: string): Promise<void> {
    await change((record) =>
      record.stop
        ? enter(record, record.stop, now())
        : enter({ ...record, failureReason }, 'Failed', now()),
    );
    await clear();
  }

  const clear = () => rm(files.work, { recursive: true, force: true });

  const failureFile = () =>
    readStart(ml.failure).then(
      (text) => text.slice(0, FAILURE_CHARACTERS).trim(),
      () => '', // it left none
    );

  return {
    ledger,
    stop,
    interrupt: halt,
    over: live().catch((error) => settings.onError(error, name)),
  };
}

/** In SageMaker's words; the exit code comes last, whatever the trainer has written. */
const algorithmError = ({ exitCode, problem }: TrainerExit, failure: string): string =>
  `AlgorithmError: ${problem ?? failure}, exit code: ${exitCode}`;

/** The first characters of a file, however large it is. */
async function readStart(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4 * FAILURE_CHARACTERS)); // UTF-8 takes up to 4 each
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Counts the seconds in which it runs, on top of those before. */
function stopwatch(before: number) {
  let began: number | undefined;
  let counted = before;
  const seconds = () => counted + (began === undefined ? 0 : (performance.now() - began) / 1000);
  return {
    seconds,
    start() {
      began = performance.now();
    },
    stop() {
      counted = seconds();
      began = undefined;
    },
  };
}
