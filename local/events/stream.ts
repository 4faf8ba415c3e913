import type { DynamoDBRecord } from 'aws-lambda';
import { activity } from '../activity.ts';
import { failedIdentifiers } from './batch-response.ts';
import { type DeliveryFaults, deliver } from './delivery.ts';
import { invoke, type Lambda } from './invoke.ts';
import { compilePattern, type Pattern } from './pattern.ts';

export interface StreamMappingOptions {
  lambda: Lambda;
  /** a record passes if it matches any of them; every record passes when there is none */
  filters?: readonly Pattern[];
  /** records in one invocation, at most; 100 unless given */
  batchSize?: number;
  /** retries of one batch; -1, which means for ever, unless given (both as on AWS) */
  maximumRetryAttempts?: number;
  /** halve a batch that failed as a whole, without counting that as a retry; false unless given */
  bisectBatchOnFunctionError?: boolean;
  /** pause before retry n, counted from 1; 1, 2, 4 … 60 seconds unless given */
  retryDelaySeconds?: (attempt: number) => number;
  /** Takes the records that were given up after the last retry. */
  onFailure?: (records: readonly DynamoDBRecord[], error: unknown) => void;
  onError?: (error: unknown, mapping: string) => void;
  faults?: Pick<DeliveryFaults, 'drop' | 'copies' | 'delayMs'>; // a stream never reorders
}

/** Records that are tried together. */
interface Batch {
  records: DynamoDBRecord[];
  attempts: number;
}

const DEFAULT_RETRY_DELAY_SECONDS = (attempt: number) => Math.min(60, 2 ** (attempt - 1));

/**
 * A Lambda function behind a DynamoDB stream (an event source mapping): per table one shard, in which a batch is
 * done before the next one starts. A failing shard waits for itself only, never for another mapping.
 */
export function streamMapping(options: StreamMappingOptions) {
  const { lambda, filters = [], faults = {} } = options;
  const passes = filters.map(compilePattern);
  const shards = new Map<string, ReturnType<typeof shard>>();
  const records = activity();
  const stop = new AbortController();

  function arrive(record: DynamoDBRecord) {
    if (stop.signal.aborted) return;
    const table = record.eventSourceARN ?? '';
    const own = shards.get(table) ?? shard(options, stop.signal);
    shards.set(table, own);
    own.push(record);
    void records.track(own.finished());
  }

  return {
    name: lambda.name,
    push(record: DynamoDBRecord): void {
      if (passes.length > 0 && !passes.some((matches) => matches(record))) return;
      void records.track(deliver(faults, () => arrive(record)));
    },
    /** Resolves when every record was handled or given up. */
    idle: records.idle,
    /** Waits for the invocations that run, and drops the rest. */
    async stop(): Promise<void> {
      stop.abort();
      await records.idle();
    },
  };
}

export type StreamMapping = ReturnType<typeof streamMapping>;

function shard(options: StreamMappingOptions, stopped: AbortSignal) {
  const { lambda, batchSize = 100, maximumRetryAttempts = -1 } = options;
  const { retryDelaySeconds = DEFAULT_RETRY_DELAY_SECONDS, onError = () => undefined } = options;
  const arrived: DynamoDBRecord[] = [];
  let work: Promise<void> | undefined;

  async function drain() {
    await new Promise(setImmediate); // what is written in one turn makes one batch
    while (arrived.length > 0 && !stopped.aborted) {
      const todo: Batch[] = [{ records: arrived.splice(0, batchSize), attempts: 0 }];
      for (let batch = todo.shift(); batch && !stopped.aborted; batch = todo.shift()) {
        todo.unshift(...(await attempt(batch)));
      }
    }
    work = undefined;
  }

  /** Tries a batch once; returns what of it has to be tried again, in order. */
  async function attempt({ records, attempts }: Batch): Promise<Batch[]> {
    const numbers = records.map(sequenceNumber);
    let failed: readonly string[] = numbers;
    let reason: unknown = new Error(`${lambda.name} reported the record as failed`);
    try {
      failed = failedIdentifiers(await invoke(lambda, { Records: records }), numbers);
    } catch (error) {
      reason = error;
    }
    const lowest = failed[0]; // the batch is in sequence order, and so are its failures
    if (lowest === undefined) return [];
    onError(reason, lambda.name);

    // The checkpoint: what stands before the lowest failed record is done, everything from it on is retried.
    const from = numbers.indexOf(lowest);
    const rest = records.slice(from);
    if (from === 0 && rest.length > 1 && options.bisectBatchOnFunctionError) {
      const middle = Math.ceil(rest.length / 2);
      return [rest.slice(0, middle), rest.slice(middle)].map((half) => ({
        records: half,
        attempts,
      }));
    }
    const failures = from === 0 ? attempts + 1 : 1;
    if (maximumRetryAttempts >= 0 && failures > maximumRetryAttempts) {
      options.onFailure?.(rest, reason);
      return [];
    }
    await pause(retryDelaySeconds(failures) * 1000, stopped);
    return [{ records: rest, attempts: failures }];
  }

  return {
    push(record: DynamoDBRecord) {
      arrived.push(record);
      work ??= drain();
    },
    finished: () => work ?? Promise.resolve(),
  };
}

const sequenceNumber = (record: DynamoDBRecord): string => record.dynamodb?.SequenceNumber ?? '';

/** Waits so many milliseconds, or until the signal. */
const pause = (milliseconds: number, until: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (until.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      until.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    until.addEventListener('abort', end);
  });
