import { createHash, randomUUID } from 'node:crypto';
import type { SQSRecord } from 'aws-lambda';
import { activity } from '../activity.ts';
import { ACCOUNT, REGION } from '../names.ts';
import { failedIdentifiers } from './batch-response.ts';
import { invoke, type Lambda } from './invoke.ts';

export interface QueueOptions {
  name: string;
  /** handles the queue's batches and reports failed items by `batchItemFailures` */
  lambda: Lambda;
  /** the most messages in one invocation; 10 by default */
  batchSize?: number;
  /** a message that has failed so often is given up; 5 by default */
  maxReceiveCount?: number;
  /** the most invocations at the same time; 2 by default, the least that Lambda allows */
  maxConcurrency?: number;
  /** Called for every failed invocation and for every message that is given up. */
  onError?: (error: unknown, queue: string) => void;
}

interface Message {
  messageId: string;
  body: string;
  sentAt: number; // ms since 1970
  firstReceivedAt?: number;
  receiveCount: number;
  visibleAt: number; // ms since 1970
}

/**
 * How long a failed message stays hidden: 1, 2, 4 … 60 seconds. On AWS it is the rest of the visibility timeout, which
 * on one machine would only be waiting.
 */
const retryDelayMs = (receiveCount: number) => 1000 * Math.min(60, 2 ** (receiveCount - 1));

/**
 * SQS in front of a Lambda function, in memory: it delivers at least once, in no particular order, and retries the
 * failed items of a batch. Messages are lost when the process is killed, and given up after `maxReceiveCount`; in both
 * cases the sweeper makes up for them, so there is no dead-letter queue.
 */
export function localQueue(options: QueueOptions) {
  const { name, lambda, batchSize = 10, maxReceiveCount = 5, maxConcurrency = 2 } = options;
  const { onError = () => undefined } = options;
  const arn = `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`;
  const ready: Message[] = []; // in the order in which they are received
  let delayed: Message[] = []; // failed once, hidden until `visibleAt`
  let running = 0;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const messages = activity();
  const done = new Map<string, () => void>(); // by message id; called when the message leaves the queue

  function add(body: string): void {
    const messageId = randomUUID();
    ready.push({ messageId, body, sentAt: Date.now(), receiveCount: 0, visibleAt: 0 });
    void messages.track(new Promise<void>((resolve) => done.set(messageId, resolve)));
    wake(0);
  }

  function remove({ messageId }: Message) {
    done.get(messageId)?.();
    done.delete(messageId);
  }

  function wake(milliseconds: number) {
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(poll, milliseconds);
  }

  /** Starts as many batches of visible messages as may run, and sets a timer for the next message to become visible. */
  function poll() {
    const now = Date.now();
    for (const message of delayed) if (message.visibleAt <= now) ready.push(message);
    delayed = delayed.filter((message) => message.visibleAt > now);
    while (running < maxConcurrency && ready.length > 0) {
      const batch = ready.splice(0, batchSize);
      running += 1;
      void receive(batch).finally(() => {
        running -= 1;
        if (stopped) batch.forEach(remove);
        wake(0);
      });
    }
    const next = delayed.reduce((soonest, each) => Math.min(soonest, each.visibleAt), Infinity);
    if (running < maxConcurrency && Number.isFinite(next)) wake(Math.max(0, next - Date.now()));
  }

  async function receive(batch: Message[]) {
    for (const message of batch) {
      message.receiveCount += 1;
      message.firstReceivedAt ??= Date.now();
    }
    const identifiers = batch.map((message) => message.messageId);
    let failed: readonly string[] = identifiers;
    let reason: unknown = new Error(`${lambda.name} reported the item as failed`);
    try {
      const response = await invoke(lambda, { Records: batch.map((one) => record(one, arn)) });
      failed = failedIdentifiers(response, identifiers);
    } catch (error) {
      reason = error;
    }
    if (failed.length > 0) onError(reason, name);
    for (const message of batch) {
      if (!failed.includes(message.messageId)) remove(message);
      else if (message.receiveCount >= maxReceiveCount) giveUp(message, reason);
      else retryLater(message);
    }
  }

  function retryLater(message: Message) {
    message.visibleAt = Date.now() + retryDelayMs(message.receiveCount);
    delayed.push(message);
  }

  function giveUp(message: Message, reason: unknown) {
    const why = reason instanceof Error ? reason.message : String(reason);
    const what = `gave up a message after ${message.receiveCount} attempts (${why}); the next sweep makes up for it`;
    onError(new Error(`${what}: ${message.body.slice(0, 500)}`, { cause: reason }), name);
    remove(message);
  }

  return {
    arn,
    /** Puts the event's JSON into the queue, as the SQS target of a rule does. */
    send(event: unknown): void {
      if (!stopped) add(JSON.stringify(event));
    },
    /** Resolves when no message is waiting, hidden or being handled. */
    idle: messages.idle,
    /** Takes no more messages, waits for running invocations, and drops the rest. */
    async stop(): Promise<void> {
      stopped = true;
      clearTimeout(timer);
      [...ready, ...delayed].forEach(remove);
      await messages.idle();
    },
  };
}

export type LocalQueue = ReturnType<typeof localQueue>;

/** @see https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html for the format */
function record(message: Message, arn: string): SQSRecord {
  return {
    messageId: message.messageId,
    receiptHandle: randomUUID(),
    body: message.body,
    attributes: {
      ApproximateReceiveCount: String(message.receiveCount),
      SentTimestamp: String(message.sentAt),
      SenderId: ACCOUNT,
      ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt ?? message.sentAt),
    },
    messageAttributes: {},
    md5OfBody: createHash('md5').update(message.body).digest('hex'),
    eventSource: 'aws:sqs',
    eventSourceARN: arn,
    awsRegion: REGION,
  };
}
