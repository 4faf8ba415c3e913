import { isDeepStrictEqual } from 'node:util';
import type { AttributeValue, DynamoDBRecord } from 'aws-lambda';
import * as z from 'zod';
import { ACCOUNT, REGION } from '../names.ts';
import type { Engine } from './engine.ts';

export type Item = Record<string, AttributeValue>;

/** One item that a request is about to write. */
export interface Written {
  table: string;
  key: Item;
}

const Attributes = z.record(z.string(), z.custom<AttributeValue>());
const ItemWrite = z.object({
  TableName: z.string(),
  Item: Attributes.optional(),
  Key: Attributes.optional(),
});
const BatchWrite = z.object({
  RequestItems: z.record(
    z.string(),
    z.array(
      z.object({
        PutRequest: z.object({ Item: Attributes }).optional(),
        DeleteRequest: z.object({ Key: Attributes }).optional(),
      }),
    ),
  ),
});

export const WRITES = ['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem'];

/** The items that a write names, in order; none if it is malformed, which dynalite reports to the caller. */
export async function itemsWritten(
  engine: Engine,
  operation: string,
  parameters: unknown,
): Promise<Written[]> {
  const writes = operation === 'BatchWriteItem' ? batchWrites(parameters) : itemWrites(parameters);
  const written: Written[] = [];
  for (const { table, item, key } of writes) {
    if (key) written.push({ table, key });
    const names = item && (await engine.table(table))?.KeySchema.map((part) => part.AttributeName);
    if (item && names) written.push({ table, key: pick(item, names) });
  }
  return written;
}

function itemWrites(parameters: unknown) {
  const write = ItemWrite.safeParse(parameters);
  if (!write.success) return [];
  return [{ table: write.data.TableName, item: write.data.Item, key: write.data.Key }];
}

function batchWrites(parameters: unknown) {
  const batch = BatchWrite.safeParse(parameters);
  if (!batch.success) return [];
  return Object.entries(batch.data.RequestItems).flatMap(([table, requests]) =>
    requests.map(({ PutRequest, DeleteRequest }) => ({
      table,
      item: PutRequest?.Item,
      key: DeleteRequest?.Key,
    })),
  );
}

/** Reads an item; `undefined` if there is none or the key does not fit the table. */
export async function image(engine: Engine, { table, key }: Written): Promise<Item | undefined> {
  const { status, body } = await engine.perform('GetItem', { TableName: table, Key: key });
  return status === 200 ? (body as { Item?: Item }).Item : undefined;
}

/**
 * The stream record of a change, as Lambda receives it with view type NEW_IMAGE.
 * As on AWS, a write that changed nothing has none.
 */
export function changeRecord(
  { table, key }: Written,
  before: Item | undefined,
  after: Item | undefined,
  sequence: { number: string; at: Date },
): DynamoDBRecord | undefined {
  if (isDeepStrictEqual(before, after)) return undefined;
  return {
    eventID: sequence.number,
    eventName: before ? (after ? 'MODIFY' : 'REMOVE') : 'INSERT',
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: REGION,
    dynamodb: {
      ApproximateCreationDateTime: Math.floor(sequence.at.getTime() / 1000), // seconds since 1970
      Keys: key,
      ...(after && { NewImage: after }),
      SequenceNumber: sequence.number,
      SizeBytes: Buffer.byteLength(JSON.stringify([key, after])), // approximate: AWS counts names and values
      StreamViewType: 'NEW_IMAGE',
    },
    eventSourceARN: `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/${table}/stream/local`,
  };
}

const pick = (item: Item, names: readonly string[]): Item =>
  Object.fromEntries(Object.entries(item).filter(([name]) => names.includes(name)));
