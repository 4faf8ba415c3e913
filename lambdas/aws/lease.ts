import { randomUUID } from 'node:crypto';
import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';

/**
 * Does some work only while nobody else does the same: a row of the job table says who does it, and until when at the
 * longest, should that process die. Unlike a reserved concurrency of 1, this needs nothing of the account's quota.
 *
 * @param name of the work
 * @param seconds longer than the work can take
 * @returns whether it was done here
 */
export async function whileLeased(
  { table, name, seconds }: { table: string; name: string; seconds: number },
  work: () => Promise<void>,
  dynamo = new DynamoDBClient(),
  now = () => new Date(),
): Promise<boolean> {
  const client = DynamoDBDocumentClient.from(dynamo);
  const row = `lease#${name}`;
  const owner = randomUUID();

  /** @param until ms since 1970. @returns whether the row is as written here now */
  async function write(until: number, condition: Condition): Promise<boolean> {
    const put = { TableName: table, Item: { row, owner, until }, ...condition };
    try {
      await client.send(new PutCommand(put));
      return true;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      // The SDK repeats a put whose answer was lost, and its own first try then fails the condition: that is a success.
      const get = { TableName: table, Key: { row }, ConsistentRead: true };
      const { Item } = await client.send(new GetCommand(get));
      return Item?.owner === owner && Item?.until === until;
    }
  }

  const at = now().getTime();
  if (!(await write(at + seconds * 1000, isFree(at)))) return false;
  try {
    await work();
  } finally {
    await write(0, isOurs(owner));
  }
  return true;
}

type Condition = ReturnType<typeof isFree> | ReturnType<typeof isOurs>;

const isFree = (at: number) => ({
  ConditionExpression: 'attribute_not_exists(#row) OR #until <= :now',
  ExpressionAttributeNames: { '#row': 'row', '#until': 'until' },
  ExpressionAttributeValues: { ':now': at },
});

const isOurs = (owner: string) => ({
  ConditionExpression: '#owner = :owner',
  ExpressionAttributeNames: { '#owner': 'owner' },
  ExpressionAttributeValues: { ':owner': owner },
});
