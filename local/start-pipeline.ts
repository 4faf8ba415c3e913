import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import type { DynamoDBRecord } from 'aws-lambda';
import type { Announcement } from '#core/announcement.ts';
import { TRAINING_LOGS } from '#core/training-contract.ts';
import { dynamoJobs } from '#lambdas/aws/jobs.ts';
import { s3Objects } from '#lambdas/aws/objects.ts';
import { isInsufficientStorage } from '#lambdas/insufficient-storage.ts';
import { DEFAULT_TEACHER } from '#teachers/catalogue.ts';
import { createJobTable } from './create-job-table.ts';
import { diskWatch } from './disk-watch.ts';
import { localDynamoDb } from './dynamodb/dynamodb.ts';
import { answerJson, refusal } from './events/aws-json.ts';
import { localBus } from './events/bus.ts';
import type { StreamMapping } from './events/stream.ts';
import { serveLocalAws } from './http-server.ts';
import { localLogs } from './logs/logs.ts';
import { BUCKET, BUS, JOB_TABLE, LOCAL_CREDENTIALS, TRAINING_IMAGE } from './names.ts';
import { makePrivateFolder } from './private-folder.ts';
import { teacherProvider } from './provide-teachers.ts';
import { localS3 } from './s3/server.ts';
import { type LocalSageMaker, localSageMaker } from './sagemaker/sagemaker.ts';
import { connectStages } from './stages.ts';

export interface PipelineOptions {
  folder: string; // of everything that is kept
  port: number; // 0 = any
  /** The bucket and the table alone: nothing is validated, trained or announced. */
  storageOnly: boolean;
  /** No event reaches a stage, so that all is the sweeper's doing; a switch for tests. */
  loseEvents: boolean;
  sweepEverySeconds: number;
  /** Called once the folder is this process's; returns what to do before it is released. */
  onHeld?: () => Promise<Close>;
  report: (line: string) => void; // what a person should know; faults too
  onRow: (record: DynamoDBRecord) => void;
  onTrainingLine: (trainingJobName: string, line: string) => void;
  onAnnouncement: (announcement: Announcement) => void;
}

export interface Pipeline {
  endpoint: string;
  /** Ends training jobs as a spot interruption would; the next start resumes them. */
  stop(): Promise<void>;
}

/** A training job takes all cores of a small machine: one after the other is as fast, and needs half the memory. */
const MAX_TRAINING_JOBS = 1;

/** What runs in the container on AWS, as a program of this machine. */
export const TRAINER = {
  command: process.execPath,
  args: [
    '--import',
    import.meta.resolve('tsx'),
    fileURLToPath(new URL('../training-image/main.ts', import.meta.url)),
  ],
};

/** Starts the pipeline on this machine: the services first, then the stages between them. */
export async function startPipeline(options: PipelineOptions): Promise<Pipeline> {
  const opened: Close[] = [];
  const stop = async () => {
    for (const close of opened.splice(0).reverse()) await close();
  };
  try {
    return { endpoint: await open(options, opened), stop };
  } catch (error) {
    await stop(); // so that it can be tried again, on another port
    throw error;
  }
}

type Close = () => Promise<void>;

/**
 * @param opened receives what closes each part again, in the order in which they were opened
 * @returns the endpoint
 */
async function open(options: PipelineOptions, opened: Close[]): Promise<string> {
  const { folder, report, storageOnly } = options;
  await makePrivateFolder(folder);
  const disk = diskWatch({ folder, report });
  opened.push(async () => disk.stop());
  const onError = (error: unknown, where = 'the local AWS') => {
    // What fails while the disk is full fails for that reason.
    if (disk.failed(error) || isInsufficientStorage(error) || disk.isFull()) return;
    report(`${where}: ${error instanceof Error ? error.message : error}`);
  };

  const streams: StreamMapping[] = [];
  const dynamodb = await localDynamoDb({
    folder: join(folder, 'dynamodb'),
    onNewImage(record) {
      options.onRow(record);
      for (const stream of streams) stream.push(record);
    },
    onError,
    disk,
  });
  opened.push(dynamodb.close);
  if (options.onHeld) opened.push(await options.onHeld());
  const bus = localBus({ names: [BUS], onError });
  opened.push(bus.stop);
  const s3 = localS3({ folder: join(folder, 's3'), disk });
  opened.push(s3.close);
  const logs = localLogs(TRAINING_LOGS);
  let sageMaker: LocalSageMaker | undefined;
  const server = await serveLocalAws({
    port: options.port,
    s3: s3.handle,
    dynamodb: dynamodb.handle,
    bus: bus.handle,
    logs: logs.handle,
    sagemaker: (request, response) =>
      sageMaker
        ? sageMaker.handle(request, response)
        : answerJson(request, response, 'application/x-amz-json-1.1', () =>
            refusal('ServiceUnavailable', 'Nothing is trained here: only the storage is up.', 503),
          ),
    health: { trains: !storageOnly },
  });
  opened.push(server.close);
  const settings = { endpoint: server.endpoint, ...LOCAL_CREDENTIALS };
  const dynamoClient = new DynamoDBClient(settings);
  const s3Client = new S3Client({ ...settings, forcePathStyle: true });
  await createJobTable(dynamoClient, JOB_TABLE);
  await s3.createBucket(BUCKET);

  if (!storageOnly) {
    const teachers = teacherProvider({
      s3: s3Client,
      objects: s3Objects(BUCKET, s3Client),
      jobs: dynamoJobs(JOB_TABLE, dynamoClient),
      report: report,
    });
    await teachers.provide(DEFAULT_TEACHER);
    sageMaker = await localSageMaker({
      folder: join(folder, 'sagemaker'),
      s3: s3Client,
      images: new Map([[TRAINING_IMAGE, TRAINER]]),
      maxConcurrentJobs: MAX_TRAINING_JOBS,
      publish: bus.publish,
      onError,
      disk,
      onLog(trainingJobName, line) {
        logs.write(trainingJobName, line);
        options.onTrainingLine(trainingJobName, line);
      },
    });
    opened.push(sageMaker.close);
    const stopStages = await connectStages({
      endpoint: server.endpoint,
      bus,
      streams,
      s3,
      beforeLaunches: teachers.provideForOpenJobs,
      trainingsAtOnce: MAX_TRAINING_JOBS,
      sweepEverySeconds: options.sweepEverySeconds,
      loseEvents: options.loseEvents,
      announced: join(folder, 'announced.json'),
      onAnnouncement: options.onAnnouncement,
      onError,
    });
    opened.push(stopStages);
  }
  disk.start();
  return server.endpoint;
}
