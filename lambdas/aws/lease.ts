import { randomUUID } from 'node:crypto';
import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';

/**
 * Does some work only while nobody else does the same: a row of the job table says who does it, and until when at the
 * longest, should that process die. Other than a reserved concurrency of 1, this needs nothing of the account's quota.
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

  /** @returns false if the condition does not hold, and it was not the first try of this very write that made it so */
  async function write(until: number, condition: string, values: Record<string, unknown>) {
    const Item = { row, owner, until }; // ms since 1970
    try {
      await client.send(
        new PutCommand({
          ...{ TableName: table, Item, ConditionExpression: condition },
          ExpressionAttributeNames: Object.fromEntries(
            ['#row', '#owner', '#until']
              .filter((key) => condition.includes(key))
              .map((key) => [key, key.slice(1)]),
          ),
          ExpressionAttributeValues: values,
        }),
      );
      return true;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      const stored = await client.send(
        new GetCommand({ TableName: table, Key: { row }, ConsistentRead: true }),
      );
      return stored.Item?.owner === owner && stored.Item?.until === until;
    }
  }

  const at = now().getTime();
  const isFree = 'attribute_not_exists(#row) OR #until <= :now';
  if (!(await write(at + seconds * 1000, isFree, { ':now': at }))) return false;
  try {
    await work();
  } finally {
    await write(0, '#owner = :owner', { ':owner': owner });
  }
  return true;
}
