import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb';
import { Job } from '#core/job.ts';
import { dynamoJobs } from '#lambdas/aws/jobs.ts';
import { s3Objects } from '#lambdas/aws/objects.ts';
import { BUCKET, JOB_TABLE, LOCAL_CREDENTIALS } from '#local/names.ts';
import type { Jobs, Objects } from '#ports';

/** All that a verb knows of a pipeline: its AWS endpoints. */
export interface Pipeline {
  bucket: string;
  s3: S3Client;
  objects: Objects;
  jobs: Jobs;
  logs: CloudWatchLogsClient;
  allJobs(): Promise<Job[]>;
}

/** The pipeline behind an endpoint of the local form. */
export function connectTo(endpoint: string): Pipeline {
  const settings = { endpoint, ...LOCAL_CREDENTIALS };
  const s3 = new S3Client({ ...settings, forcePathStyle: true });
  const dynamo = new DynamoDBClient(settings);
  return {
    bucket: BUCKET,
    s3,
    objects: s3Objects(BUCKET, s3),
    jobs: dynamoJobs(JOB_TABLE, dynamo),
    logs: new CloudWatchLogsClient(settings),
    allJobs: () => allJobs(JOB_TABLE, DynamoDBDocumentClient.from(dynamo)),
  };
}

/** Every job there ever was, the newest first. */
async function allJobs(TableName: string, client: DynamoDBDocumentClient): Promise<Job[]> {
  const jobs: Job[] = [];
  for await (const { Items = [] } of paginateScan({ client }, { TableName })) {
    for (const item of Items) {
      const row = Job.safeParse(item.job);
      if (row.success) jobs.push(row.data);
    }
  }
  return jobs.sort((a, b) => b.createdAt.localeCompare(a.createdAt));
}
