import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { tryRecord } from './try-record.ts';

/** A Lambda on a queue of EventBridge events: each record for itself, and only the failed ones come back. */
export function queueHandler(stage: (event: unknown) => Promise<unknown>) {
  return async (event: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
    const record = ({ body }: SQSRecord) => tryRecord(async () => stage(JSON.parse(body)), context);
    const processor = new BatchProcessor(EventType.SQS);
    // A batch in which everything failed is answered like any other, record by record, and not thrown.
    const options = { context, throwOnFullBatchFailure: false };
    return processPartialResponse(event, record, processor, options);
  };
}
