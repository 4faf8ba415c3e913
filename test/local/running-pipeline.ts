import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { connectTo } from '#cli/connect.ts';
import type { Announcement } from '#core/announcement.ts';
import { formatCard } from '#core/card.ts';
import { createJobTable } from '#local/create-job-table.ts';
import { diskWatch } from '#local/disk-watch.ts';
import { localDynamoDb } from '#local/dynamodb/dynamodb.ts';
import { localBus } from '#local/events/bus.ts';
import type { StreamMapping } from '#local/events/stream.ts';
import { serveLocalAws } from '#local/http-server.ts';
import { BUCKET, BUS, JOB_TABLE, LOCAL_CREDENTIALS, TRAINING_IMAGE } from '#local/names.ts';
import { localS3 } from '#local/s3/server.ts';
import { localSageMaker } from '#local/sagemaker/sagemaker.ts';
import { connectStages } from '#local/stages.ts';
import { TEACHERS } from '#teachers/catalogue.ts';
import { aCard } from '../cards.ts';

/**
 * The whole pipeline of this machine in this process, with a trainer that leaves a student at once. One per process: the
 * stages read their environment when they are imported.
 *
 * @param folder of its state
 * @param outside a folder on another disk
 */
export async function runningPipeline(folder: string, outside: string) {
  Object.assign(process.env, {
    TEACHERS_IN_IMAGE: [...TEACHERS.keys()].join(','),
    RETRY_REFUSED_SECONDS: '0.5',
  });
  const said: string[] = [];
  const announced: Announcement[] = [];
  const disk = diskWatch({
    folder,
    report: (line) => void said.push(line),
    quietMs: 1_000,
    everyMs: 100,
  });
  const streams: StreamMapping[] = [];
  const dynamodb = await localDynamoDb({
    folder: join(folder, 'dynamodb'),
    onNewImage: (record) => {
      for (const stream of streams) stream.push(record);
    },
    disk,
  });
  const bus = localBus({ names: [BUS] });
  const s3 = localS3({ folder: join(folder, 's3'), disk });
  let sageMaker: Awaited<ReturnType<typeof localSageMaker>> | undefined;
  const server = await serveLocalAws({
    port: 0,
    s3: s3.handle,
    dynamodb: dynamodb.handle,
    bus: bus.handle,
    logs: () => Promise.reject(new Error('there are no logs')),
    sagemaker: async (...request) => sageMaker?.handle(...request),
    health: {},
  });
  const settings = { endpoint: server.endpoint, ...LOCAL_CREDENTIALS };
  await createJobTable(new DynamoDBClient(settings), JOB_TABLE);
  await s3.createBucket(BUCKET);
  const card = join(outside, 'card.json');
  writeFileSync(card, formatCard(aCard()));
  const trainer = {
    command: process.execPath,
    args: [join(import.meta.dirname, 'trains-at-once.mjs')],
    env: { CARD: card },
  };
  sageMaker = await localSageMaker({
    folder: join(folder, 'sagemaker'),
    s3: new S3Client({ ...settings, forcePathStyle: true }),
    images: new Map([[TRAINING_IMAGE, trainer]]),
    maxConcurrentJobs: 1,
    publish: bus.publish,
    disk,
    checkpointSyncSeconds: 0.2,
  });
  const stopStages = await connectStages({
    endpoint: server.endpoint,
    bus,
    streams,
    s3,
    beforeLaunches: async () => undefined,
    trainingsAtOnce: 1,
    sweepEverySeconds: 0.5,
    loseEvents: false,
    announced: join(folder, 'announced.json'),
    onAnnouncement: (announcement) => void announced.push(announcement),
    onError: (error) => void disk.failed(error),
  });
  disk.start();
  return {
    ...connectTo(server.endpoint),
    said,
    announced,
    running: sageMaker.running,
    async stop() {
      await stopStages();
      await sageMaker?.close();
      await server.close();
      await s3.close();
      await bus.stop();
      await dynamodb.close();
      disk.stop();
    },
  };
}
