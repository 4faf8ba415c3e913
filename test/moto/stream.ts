import type { DynamoDBRecord } from 'aws-lambda';
import * as z from 'zod';
import { REGION } from './moto-client.ts';

const Description = z.object({
  StreamDescription: z.object({ Shards: z.tuple([z.object({ ShardId: z.string() })]) }),
});
const Iterator = z.object({ ShardIterator: z.string() });
const Page = z.object({
  NextShardIterator: z.string(),
  Records: z.array(z.looseObject({ dynamodb: z.looseObject({ SequenceNumber: z.string() }) })),
});

/** A table's stream from its beginning; each call gives what has come since the last one. */
export function followStream(endpoint: string, StreamArn: string) {
  let iterator: string | undefined;

  async function begin(): Promise<string> {
    const { StreamDescription } = Description.parse(await call('DescribeStream', { StreamArn }));
    const [{ ShardId }] = StreamDescription.Shards;
    const shard = { StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' };
    return Iterator.parse(await call('GetShardIterator', shard)).ShardIterator;
  }

  /** By hand: the SDK has a package of its own for it, which nothing else here needs. */
  async function call(operation: string, parameters: object): Promise<unknown> {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `DynamoDBStreams_20120810.${operation}`,
        // moto looks at it for service and region only.
        authorization: `AWS4-HMAC-SHA256 Credential=any/20260101/${REGION}/dynamodb/aws4_request`,
      },
      body: JSON.stringify(parameters),
    });
    if (!response.ok) throw new Error(`${operation}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  return async (): Promise<DynamoDBRecord[]> => {
    const found: DynamoDBRecord[] = [];
    for (;;) {
      iterator ??= await begin();
      const page = Page.parse(await call('GetRecords', { ShardIterator: iterator }));
      iterator = page.NextShardIterator;
      if (page.Records.length === 0) return found;
      const records = page.Records.map((record) => ({ ...record, eventSourceARN: StreamArn }));
      found.push(...(records as DynamoDBRecord[]));
    }
  };
}
