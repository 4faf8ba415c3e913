import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  CreateTrainingJobCommand,
  type CreateTrainingJobRequest,
  DescribeTrainingJobCommand,
  type DescribeTrainingJobResponse,
  SageMakerClient,
  StopTrainingJobCommand,
} from '@aws-sdk/client-sagemaker';
import { onTestFinished } from 'vitest';
import type { BusEventInput } from '#local/events/bus.ts';
import { localS3 } from '#local/s3/server.ts';
import {
  type LocalSageMaker,
  type LocalSageMakerOptions,
  localSageMaker,
} from '#local/sagemaker/sagemaker.ts';
import { serve } from '../events/serve.ts';
import { BUCKET, IMAGES } from './images.ts';

export { BUCKET };

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-sagemaker-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A local S3 with one bucket on a port of its own, for the length of a test. */
export async function runningS3() {
  const s3 = localS3({ folder: temporaryFolder() });
  await s3.createBucket(BUCKET);
  const server = await serve({ s3: s3.handle });
  const client = new S3Client(server.client);
  onTestFinished(async () => {
    client.destroy();
    await server.close();
    await s3.close();
  });
  return {
    client,
    endpoint: server.endpoint,
    put: (Key: string, Body = `contents of ${Key}`) =>
      client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body })),
    remove: (Key: string) => client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key })),
    async get(Key: string): Promise<string> {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
      return (await Body?.transformToString()) ?? '';
    },
    async keys(Prefix = ''): Promise<string[]> {
      const { Contents } = await client.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix }));
      return (Contents ?? []).map(({ Key = '' }) => Key);
    },
  };
}
export type RunningS3 = Awaited<ReturnType<typeof runningS3>>;

type Detail = { TrainingJobName: string; TrainingJobStatus: string; SecondaryStatus: string };

/** A local SageMaker with the trainers of this folder, and the real SDK pointed at it. */
export async function runningSageMaker(options: Partial<LocalSageMakerOptions> & { s3: S3Client }) {
  const { folder = temporaryFolder() } = options;
  const events: BusEventInput[] = [];
  const lines: string[] = [];
  const errors: unknown[] = [];
  const sageMaker = await localSageMaker({
    folder,
    images: IMAGES,
    maxConcurrentJobs: 5,
    publish: (event) => void events.push(event),
    onLog: (_, line) => void lines.push(line),
    onError: (error) => void errors.push(error),
    checkpointSyncSeconds: 0.05,
    stopGraceSeconds: 5,
    ...options,
  });
  const server = await serve({ SageMaker: sageMaker.handle });
  const client = new SageMakerClient(server.client);
  let stopped = false;
  async function stop() {
    if (stopped) return;
    stopped = true;
    client.destroy();
    await server.close();
    await sageMaker.close();
  }
  onTestFinished(stop);
  return {
    ...talkTo(client),
    client,
    endpoint: server.endpoint,
    folder,
    sageMaker: sageMaker as LocalSageMaker,
    events,
    lines,
    errors,
    stop,
    /** the steps of a job, as the bus heard of them */
    heard: (name: string) =>
      events
        .map(({ detail }) => detail as Detail)
        .filter(({ TrainingJobName }) => TrainingJobName === name)
        .map(({ TrainingJobStatus, SecondaryStatus }) => `${TrainingJobStatus} ${SecondaryStatus}`),
    log: (name: string) => readFileSync(join(folder, 'jobs', name, 'log.txt'), 'utf8'),
  };
}

/** What a test says to a SageMaker, wherever that runs. */
export function talkTo(client: SageMakerClient) {
  const describe = (TrainingJobName: string) =>
    client.send(new DescribeTrainingJobCommand({ TrainingJobName }));
  return {
    describe,
    create: (...request: Parameters<typeof aJob>) =>
      client.send(new CreateTrainingJobCommand(aJob(...request))),
    stopJob: (TrainingJobName: string) =>
      client.send(new StopTrainingJobCommand({ TrainingJobName })),
    ended: (name: string) =>
      until(async () => {
        const described = await describe(name);
        const { TrainingJobStatus = '' } = described;
        return /Completed|Failed|Stopped/.test(TrainingJobStatus) ? described : undefined;
      }, `${name} to end`) as Promise<DescribeTrainingJobResponse>,
  };
}

/** The smallest job of the given image. */
export const aJob = (
  TrainingJobName: string,
  image: string,
  others: Partial<CreateTrainingJobRequest> = {},
): CreateTrainingJobRequest => ({
  TrainingJobName,
  AlgorithmSpecification: { TrainingImage: image, TrainingInputMode: 'File' },
  RoleArn: 'arn:aws:iam::000000000000:role/trainer',
  OutputDataConfig: { S3OutputPath: `s3://${BUCKET}/out/`, CompressionType: 'NONE' },
  ResourceConfig: { InstanceType: 'ml.g4dn.xlarge', InstanceCount: 1, VolumeSizeInGB: 10 },
  StoppingCondition: { MaxRuntimeInSeconds: 600 },
  ...others,
});

export const channel = (
  ChannelName: string,
  S3Uri: string,
  S3DataType: 'S3Prefix' | 'ManifestFile' = 'S3Prefix',
) => ({ ChannelName, DataSource: { S3DataSource: { S3DataType, S3Uri } } });

/** Asks again and again until there is an answer, for up to 20 seconds. */
export async function until<Answer>(
  ask: () => Promise<Answer | undefined> | Answer | undefined,
  what: string,
): Promise<Answer> {
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    await sleep(20);
  }
  throw new Error(`waited 20 s for ${what}`);
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A dead process that nobody has asked after yet still takes signals.
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
