import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  CreateTableCommand,
  DeleteItemCommand,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ResourceNotFoundException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { DynamoDBRecord } from 'aws-lambda';
import db from 'dynalite/db/index.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LocalDynamoDbOptions, localDynamoDb } from '#local/dynamodb/dynamodb.ts';
import { serve } from '../events/serve.ts';

const closing: (() => Promise<unknown> | unknown)[] = [];
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'understudy-dynamodb-'));
  closing.push(() => rmSync(folder, { recursive: true, force: true }));
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function clientOf(endpoint: string) {
  const credentials = { accessKeyId: 'any', secretAccessKey: 'any' };
  const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
  closing.push(() => client.destroy());
  return client;
}

/** A server on the test's folder, with the table `jobs` and its sparse index of open jobs. */
async function start(options: Partial<LocalDynamoDbOptions> = {}) {
  const records: DynamoDBRecord[] = [];
  const onNewImage = (record: DynamoDBRecord) => void records.push(record);
  const dynamo = await localDynamoDb({ folder, onNewImage, ...options });
  const server = await serve({ DynamoDB: dynamo.handle });
  const client = await clientOf(server.endpoint);
  let stopped = false;
  const stop = async () => {
    if (stopped) return;
    stopped = true;
    await server.close();
    await dynamo.close();
  };
  closing.push(stop);
  return { client, records, stop, dynamo };
}

const jobs = new CreateTableCommand({
  TableName: 'jobs',
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [
    { AttributeName: 'id', AttributeType: 'S' },
    { AttributeName: 'open', AttributeType: 'S' },
    { AttributeName: 'deadline', AttributeType: 'S' },
  ],
  KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  GlobalSecondaryIndexes: [
    {
      IndexName: 'open',
      KeySchema: [
        { AttributeName: 'open', KeyType: 'HASH' },
        { AttributeName: 'deadline', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'KEYS_ONLY' },
    },
  ],
});
const put = (id: string, others: Record<string, { S: string } | { N: string }> = {}) =>
  new PutItemCommand({ TableName: 'jobs', Item: { id: { S: id }, ...others } });
const openJobs = (before = '9') =>
  new QueryCommand({
    TableName: 'jobs',
    IndexName: 'open',
    KeyConditionExpression: '#open = :yes AND deadline <= :before',
    ExpressionAttributeNames: { '#open': 'open' },
    ExpressionAttributeValues: { ':yes': { S: 'y' }, ':before': { S: before } },
  });
const get = (id: string) =>
  new GetItemCommand({ TableName: 'jobs', Key: { id: { S: id } }, ConsistentRead: true });

describe('localDynamoDb', () => {
  it('emits every change once, in order, in the shape of a DynamoDB stream', async () => {
    const { client, records } = await start({ now: () => new Date('2026-11-24T06:00:00Z') });
    await client.send(jobs);

    await client.send(put('a', { state: { S: 'received' } }));
    await client.send(
      new UpdateItemCommand({
        TableName: 'jobs',
        Key: { id: { S: 'a' } },
        UpdateExpression: 'SET #state = :next ADD version :one',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: { ':next': { S: 'validated' }, ':one': { N: '1' } },
      }),
    );
    await client.send(new DeleteItemCommand({ TableName: 'jobs', Key: { id: { S: 'a' } } }));

    expect(records.map(({ eventName, dynamodb }) => [eventName, dynamodb?.NewImage])).toEqual([
      ['INSERT', { id: { S: 'a' }, state: { S: 'received' } }],
      ['MODIFY', { id: { S: 'a' }, state: { S: 'validated' }, version: { N: '1' } }],
      ['REMOVE', undefined],
    ]);
    expect(records[0]).toEqual({
      eventID: expect.any(String),
      eventName: 'INSERT',
      eventVersion: '1.1',
      eventSource: 'aws:dynamodb',
      awsRegion: 'us-east-1',
      dynamodb: {
        ApproximateCreationDateTime: Date.parse('2026-11-24T06:00:00Z') / 1000,
        Keys: { id: { S: 'a' } },
        NewImage: { id: { S: 'a' }, state: { S: 'received' } },
        SequenceNumber: expect.stringMatching(/^\d{21}$/),
        SizeBytes: expect.any(Number),
        StreamViewType: 'NEW_IMAGE',
      },
      eventSourceARN: 'arn:aws:dynamodb:us-east-1:000000000000:table/jobs/stream/local',
    });
    const numbers = records.map(({ dynamodb }) => dynamodb?.SequenceNumber);
    expect(numbers).toEqual([...new Set(numbers)].sort());
  });

  it('emits nothing for a write that failed or changed nothing', async () => {
    const { client, records } = await start();
    await client.send(jobs);
    await client.send(put('a'));
    records.length = 0;

    const again = new PutItemCommand({
      TableName: 'jobs',
      Item: { id: { S: 'a' }, late: { S: 'x' } },
      ConditionExpression: 'attribute_not_exists(id)',
    });
    await expect(client.send(again)).rejects.toThrow(ConditionalCheckFailedException);
    await client.send(put('a'));
    await client.send(new DeleteItemCommand({ TableName: 'jobs', Key: { id: { S: 'none' } } }));
    const elsewhere = new PutItemCommand({ TableName: 'none', Item: { id: { S: 'a' } } });
    await expect(client.send(elsewhere)).rejects.toThrow(ResourceNotFoundException);

    expect(records).toEqual([]);
  });

  it('emits a record for each item of a batch', async () => {
    const { client, records } = await start();
    await client.send(jobs);
    await client.send(put('old'));

    await client.send(
      new BatchWriteItemCommand({
        RequestItems: {
          jobs: [
            { PutRequest: { Item: { id: { S: 'new' } } } },
            { DeleteRequest: { Key: { id: { S: 'old' } } } },
          ],
        },
      }),
    );

    expect(records.map(({ eventName, dynamodb }) => [eventName, dynamodb?.Keys])).toEqual([
      ['INSERT', { id: { S: 'old' } }],
      ['INSERT', { id: { S: 'new' } }],
      ['REMOVE', { id: { S: 'old' } }],
    ]);
  });

  it('emits the image that each of many racing updates wrote', async () => {
    const { client, records } = await start();
    await client.send(jobs);
    const increment = new UpdateItemCommand({
      TableName: 'jobs',
      Key: { id: { S: 'a' } },
      UpdateExpression: 'ADD n :one',
      ExpressionAttributeValues: { ':one': { N: '1' } },
    });

    await Promise.all(Array.from({ length: 50 }, () => client.send(increment)));

    const images = records.map(({ dynamodb }) => Number(dynamodb?.NewImage?.n?.N));
    expect(images).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
  });

  it('lets one of 200 racing conditional puts win', async () => {
    const { client, records } = await start();
    await client.send(jobs);

    const outcomes = await Promise.allSettled(
      Array.from({ length: 200 }, (_, i) =>
        client.send(
          new PutItemCommand({
            TableName: 'jobs',
            Item: { id: { S: 'a' }, owner: { N: String(i) } },
            ConditionExpression: 'attribute_not_exists(id)',
          }),
        ),
      ),
    );

    const winner = outcomes.findIndex(({ status }) => status === 'fulfilled');
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await client.send(get('a'))).Item).toEqual({
      id: { S: 'a' },
      owner: { N: String(winner) },
    });
    expect(records).toHaveLength(1);
  });

  it('keeps only the items that have its key in an index, sorted by its range', async () => {
    const { client } = await start();
    await client.send(jobs);
    await client.send(put('late', { open: { S: 'y' }, deadline: { S: '3' } }));
    await client.send(put('soon', { open: { S: 'y' }, deadline: { S: '1' } }));
    await client.send(put('done', { deadline: { S: '2' } }));

    const ids = async (before?: string) =>
      (await client.send(openJobs(before))).Items?.map(({ id }) => id?.S);
    expect(await ids()).toEqual(['soon', 'late']);
    expect(await ids('2')).toEqual(['soon']);

    await client.send(put('soon'));
    expect(await ids()).toEqual(['late']);
  });

  it('puts right what a kill left half done: a table not yet active, an item missing from its index', async () => {
    const first = await start();
    await first.client.send(jobs);
    await first.client.send(put('a', { open: { S: 'y' }, deadline: { S: '1' } }));
    await first.stop();
    await spoil(folder);

    const { client } = await start();

    expect((await client.send(openJobs())).Items).toHaveLength(1);
    const { Table } = await client.send(new DescribeTableCommand({ TableName: 'jobs' }));
    expect([Table?.TableStatus, Table?.GlobalSecondaryIndexes?.[0]?.IndexStatus]).toEqual([
      'ACTIVE',
      'ACTIVE',
    ]);
  });

  it('refuses an operation it does not have, by name', async () => {
    const { client } = await start();

    const transaction = client.send(new TransactWriteItemsCommand({ TransactItems: [] }));

    await expect(transaction).rejects.toMatchObject({
      name: 'UnknownOperationException',
      message: 'the local DynamoDB has no TransactWriteItems',
    });
  });

  it('keeps its data over a restart, and over a kill -9 right after the answer', async () => {
    const { client, stop } = await start();
    await client.send(jobs);
    await client.send(put('before', { open: { S: 'y' }, deadline: { S: '1' } }));
    await stop();

    const child = spawnServer();
    const other = await clientOf(await endpointOf(child));
    await other.send(put('after', { open: { S: 'y' }, deadline: { S: '2' } }));
    child.kill('SIGKILL');
    await once(child, 'exit');

    const { client: third } = await start();
    expect((await third.send(get('before'))).Item).toBeDefined();
    expect((await third.send(get('after'))).Item).toBeDefined();
    expect((await third.send(openJobs())).Items).toHaveLength(2);
  });

  it('says in a sentence that another process has the folder', async () => {
    const child = spawnServer();
    await endpointOf(child);

    await expect(localDynamoDb({ folder })).rejects.toThrow(
      `the local DynamoDB in ${folder} is in use by another process`,
    );
  });

  it('does not fail the write when the listener of its stream throws', async () => {
    const errors: unknown[] = [];
    const { client } = await start({
      onNewImage: () => {
        throw new Error('listener');
      },
      onError: (error) => errors.push(error),
    });
    await client.send(jobs);

    await client.send(put('a'));

    expect(errors).toEqual([new Error('listener')]);
  });
});

/** Leaves the folder as a kill in the middle of CreateTable and PutItem would. */
async function spoil(path: string) {
  const store = db.create({ path, createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  await store.db.open();
  const operations: Parameters<typeof store.db.batch>[0] = [];
  for await (const key of store.db.keys({ gte: 'index-global~jobs~open~', lt: 'index-h' })) {
    operations.push({ type: 'del', key });
  }
  for await (const table of store.db.values({ gte: 'table~', lt: 'table~\xff' })) {
    const value = { ...Object(table), TableStatus: 'CREATING' };
    operations.push({ type: 'put', key: 'table~jobs', value });
  }
  expect(operations).toHaveLength(2);
  await store.db.batch(operations);
  await store.db.close();
}

function spawnServer(): ChildProcess {
  const script = join(import.meta.dirname, 'server-process.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', script, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  closing.push(() => child.kill('SIGKILL'));
  return child;
}

async function endpointOf(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('the server has no stdout');
  const [line] = await once(createInterface(child.stdout), 'line');
  return line;
}
