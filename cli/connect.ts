import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb';
import { Job } from '#core/job.ts';
import { dynamoJobs } from '#lambdas/aws/jobs.ts';
import { s3Objects } from '#lambdas/aws/objects.ts';
import { BUCKET, JOB_TABLE, LOCAL_CREDENTIALS } from '#local/names.ts';
import type { Jobs, Objects } from '#ports';
import { findStack } from './find-stack.ts';
import { type JobList, type Library, newestFirst } from './library.ts';

/** A pipeline as the commands see it: its AWS services. */
export interface Pipeline extends Library, JobList {
  s3: S3Client;
  objects: Objects;
  jobs: Jobs;
  logs: CloudWatchLogsClient;
  pollMs: number; // the interval between two looks at a job that is waited for
}

/** The local pipeline at an endpoint. */
export function connectTo(endpoint: string): Pipeline {
  const settings = { endpoint, ...LOCAL_CREDENTIALS };
  const s3 = new S3Client({ ...settings, forcePathStyle: true });
  const dynamo = new DynamoDBClient(settings);
  const logs = new CloudWatchLogsClient(settings);
  return pipelineOf({ bucket: BUCKET, table: JOB_TABLE, s3, dynamo, logs, pollMs: 400 });
}

/**
 * A deployed pipeline, with the credentials and region that the AWS CLI would use.
 *
 * @throws CliError not found
 */
export async function connectToStack(name: string): Promise<Pipeline> {
  const { bucket, table } = await findStack(new CloudFormationClient(), name);
  const [s3, dynamo, logs] = [new S3Client(), new DynamoDBClient(), new CloudWatchLogsClient()];
  return pipelineOf({ bucket, table, s3, dynamo, logs, pollMs: 2_000 });
}

interface Services {
  bucket: string;
  table: string;
  s3: S3Client;
  dynamo: DynamoDBClient;
  logs: CloudWatchLogsClient;
  pollMs: number;
}

const pipelineOf = ({ bucket, table, s3, dynamo, logs, pollMs }: Services): Pipeline => ({
  bucket,
  s3,
  objects: s3Objects(bucket, s3),
  async read(Key) {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
    return Body as AsyncIterable<Uint8Array>; // a Readable in Node
  },
  jobs: dynamoJobs(table, dynamo),
  logs,
  allJobs: () => allJobs(table, DynamoDBDocumentClient.from(dynamo)),
  trains: true,
  pollMs,
});

/** Lists every job in the table, newest first. */
async function allJobs(TableName: string, client: DynamoDBDocumentClient): Promise<Job[]> {
  const jobs: Job[] = [];
  for await (const { Items = [] } of paginateScan({ client }, { TableName })) {
    for (const item of Items) {
      const row = Job.safeParse(item.job);
      if (row.success) jobs.push(row.data);
    }
  }
  return newestFirst(jobs);
}
