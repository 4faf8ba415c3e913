import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DynamoDBRecord } from 'aws-lambda';
import type { Disk } from '../disk-space.ts';
import { answerJson, type JsonAnswer, operationOf } from '../events/aws-json.ts';
import { changeRecord, image, itemsWritten, WRITES } from './changes.ts';
import { openEngine } from './engine.ts';

export interface LocalDynamoDbOptions {
  /** the folder of the tables; one process at a time */
  folder: string;
  /**
   * The stream of all tables: called for every change of an item, in the order of the changes, before the writer
   * gets its response. The writer does not wait for it, and its errors do not reach the writer.
   */
  onNewImage?: (record: DynamoDBRecord) => void;
  onError?: (error: unknown) => void;
  disk?: Disk;
  now?: () => Date;
}

/**
 * DynamoDB in this process, on disk: dynalite behind the wire protocol, plus the stream it lacks.
 * The files survive SIGKILL. The stream is kept in memory: records that were not handled yet are lost with the process.
 *
 * @throws FolderInUse if another process holds the folder
 */
export async function localDynamoDb(options: LocalDynamoDbOptions) {
  const { folder, onNewImage, onError = () => undefined, now = () => new Date() } = options;
  const engine = await openEngine(folder, options.disk);
  const nextSequence = sequenceNumbers(now);
  let lastWrite: Promise<unknown> = Promise.resolve();
  let closed = false;

  /** One write at a time, so that the images read before and after it show exactly its own change. */
  function write(operation: string, parameters: object): Promise<JsonAnswer> {
    const answer = lastWrite.then(async () => {
      const written = await itemsWritten(engine, operation, parameters);
      const before = await Promise.all(written.map((item) => image(engine, item)));
      const done = await engine.perform(operation, parameters);
      if (done.status === 200) await emit(written, before);
      return done;
    });
    lastWrite = answer.catch(() => undefined);
    return answer;
  }

  async function emit(written: Awaited<ReturnType<typeof itemsWritten>>, before: unknown[]) {
    for (const [i, item] of written.entries()) {
      const after = await image(engine, item);
      const record = changeRecord(item, before[i] as typeof after, after, nextSequence());
      try {
        if (record) onNewImage?.(record);
      } catch (error) {
        onError(error);
      }
    }
  }

  return {
    handle: (request: IncomingMessage, response: ServerResponse): Promise<void> =>
      answerJson(request, response, 'application/x-amz-json-1.0', (parameters) => {
        if (closed) throw new Error('the local DynamoDB is closed');
        const operation = operationOf(request);
        const perform = WRITES.includes(operation) ? write : engine.perform;
        return perform(operation, Object(parameters));
      }),

    /** Takes no more requests, finishes running writes, and releases the folder. */
    async close(): Promise<void> {
      closed = true;
      await lastWrite;
      await engine.close();
    },
  };
}

export type LocalDynamoDb = Awaited<ReturnType<typeof localDynamoDb>>;

/** Numbers that also rise across restarts (if the clock does), as wide as DynamoDB's, so that they sort as text. */
function sequenceNumbers(now: () => Date) {
  let last = 0n;
  return () => {
    const at = now();
    const byClock = BigInt(at.getTime()) * 1_000_000n;
    last = byClock > last ? byClock : last + 1n;
    return { number: last.toString().padStart(21, '0'), at };
  };
}
