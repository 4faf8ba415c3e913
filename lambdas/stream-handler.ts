import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type {
  Context,
  DynamoDBBatchResponse,
  DynamoDBRecord,
  DynamoDBStreamEvent,
} from 'aws-lambda';
import type { StageLog } from '#ports';
import { jobIdOfRow } from './aws/jobs.ts';
import { retryOnStale } from './retry-on-stale.ts';

/** A Lambda function on the job table's stream. It reports the first failed record; Lambda retries from there. */
export function streamHandler(log: StageLog, stage: (jobId: string) => Promise<unknown>) {
  return async (event: DynamoDBStreamEvent, context: Context): Promise<DynamoDBBatchResponse> => {
    const record = async ({ dynamodb }: DynamoDBRecord): Promise<void> => {
      const jobId = jobIdOfRow(dynamodb?.NewImage?.row?.S ?? '');
      if (jobId) await retryOnStale(() => stage(jobId), log, { jobId }); // rows of other kinds are not jobs
    };
    const processor = new BatchProcessor(EventType.DynamoDBStreams);
    const options = { context, throwOnFullBatchFailure: false };
    return processPartialResponse(event, record, processor, options);
  };
}
