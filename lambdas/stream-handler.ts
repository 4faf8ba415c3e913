import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type {
  Context,
  DynamoDBBatchResponse,
  DynamoDBRecord,
  DynamoDBStreamEvent,
} from 'aws-lambda';
import { jobIdOfRow } from './aws/jobs.ts';
import { tryRecord } from './try-record.ts';

/** A Lambda on the job table's stream: from the first failed record on, all come back, as a stream has it. */
export function streamHandler(stage: (jobId: string) => Promise<unknown>) {
  return async (event: DynamoDBStreamEvent, context: Context): Promise<DynamoDBBatchResponse> => {
    const record = async ({ dynamodb }: DynamoDBRecord): Promise<void> => {
      const jobId = jobIdOfRow(dynamodb?.NewImage?.row?.S ?? '');
      if (jobId) await tryRecord(() => stage(jobId), context); // rows of another kind are none of the stages' business
    };
    const processor = new BatchProcessor(EventType.DynamoDBStreams);
    const options = { context, throwOnFullBatchFailure: false };
    return processPartialResponse(event, record, processor, options);
  };
}
