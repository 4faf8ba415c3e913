import type { DynamoDBRecord } from 'aws-lambda';
import { activity } from '../activity.ts';
import { failedIdentifiers } from './batch-response.ts';
import { type DeliveryFaults, deliver } from './delivery.ts';
import { invoke, type Lambda } from './invoke.ts';
import { compilePattern, type Pattern } from './pattern.ts';

export interface StreamMappingOptions {
  lambda: Lambda;
  /** a record passes if it matches any of them; without filters, every record passes */
  filters?: readonly Pattern[];
  /** the most records in one invocation; 100 by default */
  batchSize?: number;
  /** after so many retries a batch is given up; 5 by default */
  maximumRetryAttempts?: number;
  /** halve a batch that failed as a whole, without counting that as a retry; false by default */
  bisectBatchOnFunctionError?: boolean;
  /** Called for every failed invocation and for every batch that is given up. */
  onError?: (error: unknown, mapping: string) => void;
  faults?: Pick<DeliveryFaults, 'drop' | 'copies' | 'delayMs'>; // a stream never reorders
}

/** Records that are tried together. */
interface Batch {
  records: DynamoDBRecord[];
  attempts: number;
}

/** The pause before retry n, counted from 1: 1, 2, 4 … 60 seconds. */
const retryDelayMs = (retry: number) => 1000 * Math.min(60, 2 ** (retry - 1));

/**
 * A Lambda function behind a DynamoDB stream (an event source mapping): one shard per table, which finishes a batch
 * before it starts the next. A failing shard delays only itself, never another mapping. The sweeper makes up for
 * records that were given up.
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
    /** Resolves when every record has been handled or given up. */
    idle: records.idle,
    /** Waits for running invocations, and drops the rest. */
    async stop(): Promise<void> {
      stop.abort();
      await records.idle();
    },
  };
}

export type StreamMapping = ReturnType<typeof streamMapping>;

function shard(options: StreamMappingOptions, stopped: AbortSignal) {
  const { lambda, batchSize = 100, maximumRetryAttempts = 5, onError = () => undefined } = options;
  const arrived: DynamoDBRecord[] = [];
  let work: Promise<void> | undefined;

  async function drain() {
    await new Promise(setImmediate); // records written in the same turn become one batch
    while (arrived.length > 0 && !stopped.aborted) {
      const todo: Batch[] = [{ records: arrived.splice(0, batchSize), attempts: 0 }];
      for (let batch = todo.shift(); batch && !stopped.aborted; batch = todo.shift()) {
        todo.unshift(...(await attempt(batch)));
      }
    }
    work = undefined;
  }

  /** Tries a batch once; returns what has to be tried again, in order. */
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

    // The checkpoint: records before the lowest failed one are done, everything from it on is retried.
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
    if (failures > maximumRetryAttempts) {
      onError(givenUp(rest, failures, reason), lambda.name);
      return [];
    }
    await pause(retryDelayMs(failures), stopped);
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

function givenUp(records: readonly DynamoDBRecord[], attempts: number, reason: unknown): Error {
  const why = reason instanceof Error ? reason.message : String(reason);
  const rows = records.map(
    ({ dynamodb }) => dynamodb?.Keys?.row?.S ?? sequenceNumber({ dynamodb }),
  );
  return new Error(
    `gave up after ${attempts} attempts (${why}); the next sweep makes up for it: ${rows.join(', ')}`,
    { cause: reason },
  );
}

const sequenceNumber = (record: DynamoDBRecord): string => record.dynamodb?.SequenceNumber ?? '';

/** Waits for the given time, or until the signal. */
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
