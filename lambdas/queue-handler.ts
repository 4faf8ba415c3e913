import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { StageLog, Subject } from '#ports';
import { retryOnStale } from './retry-on-stale.ts';

/**
 * A Lambda function on a queue of EventBridge events. It handles each record by itself and reports the failed ones only.
 *
 * @param stage handles one event, and fills in what it is about, for the log
 */
export function queueHandler(
  log: StageLog,
  stage: (event: unknown, about: Subject) => Promise<unknown>,
) {
  return async (event: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
    const record = ({ body }: SQSRecord) => {
      const about: Subject = {};
      return retryOnStale(async () => stage(JSON.parse(body), about), log, about);
    };
    const processor = new BatchProcessor(EventType.SQS);
    // A batch that fails entirely is reported record by record too.
    const options = { context, throwOnFullBatchFailure: false };
    return processPartialResponse(event, record, processor, options);
  };
}
