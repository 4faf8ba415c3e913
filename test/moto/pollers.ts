import {
  type EventSourceMappingConfiguration,
  LambdaClient,
  ListEventSourceMappingsCommand,
} from '@aws-sdk/client-lambda';
import {
  DeleteMessageCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { DynamoDBRecord } from 'aws-lambda';
import { failedIdentifiers } from '#local/events/batch-response.ts';
import { compilePattern } from '#local/events/pattern.ts';
import type { Invoke } from './functions.ts';
import { motoClient, REGION } from './moto-client.ts';
import { followStream } from './stream.ts';

/** Takes what waits in one source and gives it to its function; says how many records that were. */
export interface Poller {
  functionArn: string;
  poll(): Promise<number>;
}

/** What Lambda's pollers do on AWS, one for each event source mapping of the stack, in its batches and with its filters. */
export async function pollers(endpoint: string, invoke: Invoke): Promise<Poller[]> {
  const lambda = new LambdaClient(motoClient(endpoint));
  const sqs = new SQSClient(motoClient(endpoint));
  const { EventSourceMappings = [] } = await lambda.send(new ListEventSourceMappingsCommand({}));
  return EventSourceMappings.map((mapping) => ({
    functionArn: mapping.FunctionArn ?? '',
    poll: mapping.EventSourceArn?.startsWith('arn:aws:sqs:')
      ? queuePoller(sqs, mapping, invoke)
      : streamPoller(endpoint, mapping, invoke),
  }));
}

function queuePoller(
  sqs: SQSClient,
  { EventSourceArn = '', FunctionArn = '', BatchSize = 1 }: EventSourceMappingConfiguration,
  invoke: Invoke,
): Poller['poll'] {
  const QueueName = EventSourceArn.split(':').at(-1);

  async function batch(): Promise<number> {
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
    const received = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: BatchSize }),
    );
    const Records = (received.Messages ?? []).map(
      ({ MessageId, ReceiptHandle, Body, Attributes }) => ({
        messageId: MessageId ?? '',
        receiptHandle: ReceiptHandle ?? '',
        body: Body ?? '',
        attributes: Attributes ?? {},
        messageAttributes: {},
        eventSource: 'aws:sqs',
        eventSourceARN: EventSourceArn,
        awsRegion: REGION,
      }),
    );
    if (Records.length === 0) return 0;

    const answer = await invoke(FunctionArn, { Records });
    requireNoFailure(
      answer,
      Records.map(({ messageId }) => messageId),
      FunctionArn,
    );
    for (const { receiptHandle } of Records) {
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: receiptHandle }));
    }
    return Records.length;
  }

  return async () => {
    let records = 0;
    for (let more = await batch(); more > 0; more = await batch()) records += more;
    return records;
  };
}

function streamPoller(
  endpoint: string,
  {
    EventSourceArn = '',
    FunctionArn = '',
    BatchSize = 1,
    FilterCriteria,
  }: EventSourceMappingConfiguration,
  invoke: Invoke,
): Poller['poll'] {
  const filters = (FilterCriteria?.Filters ?? []).map(({ Pattern = '' }) =>
    compilePattern(JSON.parse(Pattern)),
  );
  const newRecords = followStream(endpoint, EventSourceArn);

  return async () => {
    const passed = (await newRecords()).filter((record) => filters.some((fits) => fits(record)));
    for (let from = 0; from < passed.length; from += BatchSize) {
      const Records = passed.slice(from, from + BatchSize);
      const answer = await invoke(FunctionArn, { Records });
      requireNoFailure(answer, Records.map(sequenceNumber), FunctionArn);
    }
    return passed.length;
  };
}

const sequenceNumber = ({ dynamodb }: DynamoDBRecord): string => dynamodb?.SequenceNumber ?? '';

/** AWS would try again; here nothing goes wrong by chance. */
function requireNoFailure(answer: unknown, batch: string[], functionArn: string): void {
  const failed = failedIdentifiers(answer, batch);
  if (failed.length > 0) throw new Error(`${functionArn} failed for ${failed.join(', ')}`);
}
