import { createHash, randomUUID } from 'node:crypto';
import type { SQSRecord } from 'aws-lambda';
import { activity } from '../activity.ts';
import { ACCOUNT, REGION } from '../names.ts';
import { failedIdentifiers } from './batch-response.ts';
import { invoke, type Lambda } from './invoke.ts';

export interface QueueOptions {
  name: string;
  /** the function that takes the queue's batches; it reports failed items by `batchItemFailures` */
  lambda: Lambda;
  /** messages in one invocation, at most; 10 unless given */
  batchSize?: number;
  /** after so many receives a message that still fails becomes a dead letter; 5 unless given */
  maxReceiveCount?: number;
  /** invocations at the same time, at most; 2 unless given, the least that Lambda allows to configure */
  maxConcurrency?: number;
  /**
   * How long a failed message stays hidden, by how often it was received; 1, 2, 4 … 60 seconds unless given.
   * On AWS it is the rest of the visibility time-out, which on one machine would only be waiting.
   */
  retryDelaySeconds?: (receiveCount: number) => number;
  /** Told of every failed invocation and of every message that becomes a dead letter. */
  onError?: (error: unknown, queue: string) => void;
}

/** A message in the queue. */
interface Message {
  messageId: string;
  body: string;
  sentAt: number; // ms since 1970
  firstReceivedAt?: number;
  receiveCount: number;
  visibleAt: number;
}

export interface DeadLetter {
  messageId: string;
  body: string;
  receiveCount: number;
  error: string;
}

const DEFAULT_RETRY_DELAY_SECONDS = (receiveCount: number) => Math.min(60, 2 ** (receiveCount - 1));

/**
 * SQS in front of a Lambda function, in memory: at least once, in no promised order, a batch answered in part is
 * retried in part. What a killed process still held is lost; the sweeper is there for that.
 */
export function localQueue(options: QueueOptions) {
  const { name, lambda, batchSize = 10, maxReceiveCount = 5, maxConcurrency = 2 } = options;
  const { onError = () => undefined, retryDelaySeconds = DEFAULT_RETRY_DELAY_SECONDS } = options;
  const arn = `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`;
  let waiting: Message[] = [];
  let dead: DeadLetter[] = [];
  let running = 0;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const messages = activity();
  const done = new Map<string, () => void>(); // by message id: it has left the queue

  function add(body: string): string {
    const messageId = randomUUID();
    waiting.push({ messageId, body, sentAt: Date.now(), receiveCount: 0, visibleAt: 0 });
    void messages.track(new Promise<void>((resolve) => done.set(messageId, resolve)));
    wake(0);
    return messageId;
  }

  function leave({ messageId }: { messageId: string }) {
    done.get(messageId)?.();
    done.delete(messageId);
  }

  function wake(milliseconds: number) {
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(poll, milliseconds);
  }

  /** Takes as many batches of visible messages as may run, and sets the alarm for the next one that gets visible. */
  function poll() {
    const visible = waiting.filter((message) => message.visibleAt <= Date.now());
    while (running < maxConcurrency && visible.length > 0) {
      const batch = visible.splice(0, batchSize);
      waiting = waiting.filter((message) => !batch.includes(message));
      running += 1;
      void receive(batch).finally(() => {
        running -= 1;
        if (stopped) batch.forEach(leave);
        wake(0);
      });
    }
    const next = Math.min(...waiting.map((message) => message.visibleAt));
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
      if (!failed.includes(message.messageId)) leave(message);
      else if (message.receiveCount >= maxReceiveCount) bury(message, reason);
      else retryLater(message);
    }
  }

  function retryLater(message: Message) {
    message.visibleAt = Date.now() + retryDelaySeconds(message.receiveCount) * 1000;
    waiting.push(message);
  }

  function bury({ messageId, body, receiveCount }: Message, reason: unknown) {
    const error = reason instanceof Error ? reason.message : String(reason);
    dead.push({ messageId, body, receiveCount, error });
    onError(
      new Error(`${name}: a message failed ${receiveCount} times, dead-lettered: ${error}`),
      name,
    );
    leave({ messageId });
  }

  return {
    arn,
    /** Puts the event's JSON into the queue, as a rule's SQS target does. */
    send(event: unknown): void {
      if (!stopped) add(JSON.stringify(event));
    },
    deadLetters: (): readonly DeadLetter[] => dead,
    /** Sends every dead letter again; returns how many. */
    redrive(): number {
      const letters = dead;
      dead = [];
      for (const letter of letters) add(letter.body);
      return letters.length;
    },
    /** Resolves when no message waits, is hidden or is being handled. */
    idle: messages.idle,
    /** Takes no more messages, waits for the invocations that run, and drops the rest. */
    async stop(): Promise<void> {
      stopped = true;
      clearTimeout(timer);
      waiting.forEach(leave);
      await messages.idle();
    },
  };
}

export type LocalQueue = ReturnType<typeof localQueue>;

/** @see https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html for the shape */
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
