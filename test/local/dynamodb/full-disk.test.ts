import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { ClassicLevel } from 'classic-level';
import { expect, it, onTestFinished, vi } from 'vitest';
import { type Disk, unwatchedDisk } from '#local/disk-space.ts';
import { localDynamoDb } from '#local/dynamodb/dynamodb.ts';
import { serve } from '../events/serve.ts';
import { canMount, smallDisk } from '../small-disk.ts';

const jobs = new CreateTableCommand({
  TableName: 'jobs',
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
  KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
});

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-dynamodb-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function start(folder: string) {
  const unwritable: unknown[] = [];
  const disk: Disk = {
    failed(error) {
      unwritable.push(error);
      return unwatchedDisk(folder).failed(error);
    },
  };
  const dynamo = await localDynamoDb({ folder, disk });
  const server = await serve({ DynamoDB: dynamo.handle });
  const client = new DynamoDBClient(server.client);
  const stop = async () => {
    client.destroy();
    await server.close();
    await dynamo.close();
  };
  return {
    client,
    unwritable,
    stop,
    put: (id: string, bytes = 10) =>
      client.send(
        new PutItemCommand({
          TableName: 'jobs',
          Item: { id: { S: id }, text: { S: id.repeat(bytes).slice(0, bytes) } },
        }),
      ),
    async has(id: string): Promise<boolean> {
      const get = new GetItemCommand({ TableName: 'jobs', Key: { id: { S: id } } });
      return (await client.send(get)).Item !== undefined;
    },
  };
}

const noRoom = expect.objectContaining({
  message: expect.stringMatching(/^The disk is full: .* MB free.*\. Free some space there; then/),
  $metadata: expect.objectContaining({ httpStatusCode: 507 }),
});

it('goes on after LevelDB could not write, without a restart', async () => {
  const folder = temporaryFolder();
  const { client, put, has, stop, unwritable } = await start(folder);
  onTestFinished(stop);
  await client.send(jobs);
  await put('before');

  const io = new Error('IO error: /state/000003.log: No space left on device');
  const failing = vi
    .spyOn(ClassicLevel.prototype as unknown as { _put(): Promise<void> }, '_put')
    .mockRejectedValue(Object.assign(io, { code: 'LEVEL_IO_ERROR' }));
  await expect(put('refused')).rejects.toEqual(noRoom);
  failing.mockRestore();

  await put('after');
  expect([await has('before'), await has('refused'), await has('after')]).toEqual([
    ...[true, false, true],
  ]);
  expect(unwritable).toHaveLength(1);
});

it.skipIf(!canMount)(
  'loses no row that it has answered, on a disk that is full now and then',
  async () => {
    const { folder, fill, free } = smallDisk(16);
    const answered: string[] = [];
    let refused = 0;
    for (let begin = 0; begin < 2; begin++) {
      const { client, put, has, stop } = await start(folder);
      if (begin === 0) await client.send(jobs);
      for (let round = 0; round < 3; round++) {
        for (let i = 0; i < 30; i++) {
          const id = `${begin}-${round}-${i}-`;
          if (i === 10) fill(round * 1_300_000); // with room left, LevelDB itself meets the full disk
          if (i === 20) free();
          const row = `row-${i % 7}`; // replaced again and again: LevelDB has to compact
          try {
            await put(row, 300_000);
            await put(id);
            answered.push(id);
          } catch (error) {
            expect(error).toEqual(noRoom);
            refused += 1;
          }
        }
      }
      for (const id of answered) expect([id, await has(id)]).toEqual([id, true]);
      await stop();
    }
    expect(refused).toBeGreaterThan(30);
    expect(answered.length).toBeGreaterThan(60);
  },
);
