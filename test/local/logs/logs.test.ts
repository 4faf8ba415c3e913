import {
  CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  DescribeLogStreamsCommand,
  FilterLogEventsCommand,
  GetLogEventsCommand,
  paginateGetLogEvents,
} from '@aws-sdk/client-cloudwatch-logs';
import { afterEach, describe, expect, it } from 'vitest';
import { localLogs } from '#local/logs/logs.ts';
import { serve } from '../events/serve.ts';

const GROUP = '/aws/sagemaker/TrainingJobs';
const group = { logGroupName: GROUP };
const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A log of two training jobs that take turns, a line per millisecond. */
async function twoJobs() {
  let now = 1000;
  const logs = localLogs(GROUP, () => now++);
  for (let i = 0; i < 5; i++) for (const job of ['pets', 'birds']) logs.write(job, `${job} ${i}`);
  const server = await serve({ Logs: logs.handle });
  closing.push(server.close);
  return { logs, client: new CloudWatchLogsClient(server.client) };
}
const messages = ({ events = [] }: { events?: { message?: string | undefined }[] | undefined }) =>
  events.map(({ message }) => message);

describe('GetLogEvents', () => {
  it('gives the latest lines of a stream, or the first ones', async () => {
    const { client } = await twoJobs();
    const of = { ...group, logStreamName: 'pets', limit: 2 };

    const latest = await client.send(new GetLogEventsCommand(of));
    expect(messages(latest)).toEqual(['pets 3', 'pets 4']);
    expect(latest.events?.[0]).toMatchObject({ timestamp: 1006, ingestionTime: 1006 });
    const first = await client.send(new GetLogEventsCommand({ ...of, startFromHead: true }));
    expect(messages(first)).toEqual(['pets 0', 'pets 1']);
    const before = { ...of, nextToken: latest.nextBackwardToken };
    expect(messages(await client.send(new GetLogEventsCommand(before)))).toEqual([
      'pets 1',
      'pets 2',
    ]);
  });

  it('is read to its end by pages, and goes on when there are more lines', async () => {
    const { client, logs } = await twoJobs();
    const seen: unknown[] = [];
    let token: string | undefined;
    const pages = paginateGetLogEvents(
      { client, stopOnSameToken: true },
      { ...group, logStreamName: 'pets', limit: 2, startFromHead: true },
    );
    for await (const page of pages) {
      seen.push(...messages(page));
      token = page.nextForwardToken;
    }
    expect(seen).toEqual([0, 1, 2, 3, 4].map((i) => `pets ${i}`));

    logs.write('pets', 'one more');
    const next = new GetLogEventsCommand({ ...group, logStreamName: 'pets', nextToken: token });
    expect(messages(await client.send(next))).toEqual(['one more']);
  });
});

describe('FilterLogEvents', () => {
  it('filters by stream, prefix, time and words', async () => {
    const { client } = await twoJobs();
    const filter = async (by: object) =>
      messages(await client.send(new FilterLogEventsCommand({ ...group, ...by })));

    expect(await filter({ logStreamNames: ['birds'], startTime: 1007 })).toEqual([
      'birds 3',
      'birds 4',
    ]);
    expect(await filter({ logStreamNamePrefix: 'pe', endTime: 1003 })).toEqual([
      'pets 0',
      'pets 1',
    ]);
    expect(await filter({ filterPattern: '"birds 2"' })).toEqual(['birds 2']);
    expect(await filter({ filterPattern: 'birds 2' })).toEqual(['birds 2']);
    await expect(filter({ filterPattern: '{ $.x = 1 }' })).rejects.toThrow('only words');
  });

  it('has pages', async () => {
    const { client } = await twoJobs();
    const first = await client.send(new FilterLogEventsCommand({ ...group, limit: 7 }));
    const rest = { ...group, limit: 7, nextToken: first.nextToken };
    const second = await client.send(new FilterLogEventsCommand(rest));

    expect([...messages(first), ...messages(second)]).toHaveLength(10);
    expect(second.nextToken).toBeUndefined();
  });
});

describe('DescribeLogStreams', () => {
  it('lists the streams by name or by their last line', async () => {
    const { client } = await twoJobs();
    const names = async (by: object) =>
      (await client.send(new DescribeLogStreamsCommand({ ...group, ...by }))).logStreams?.map(
        ({ logStreamName }) => logStreamName,
      );

    expect(await names({})).toEqual(['birds', 'pets']);
    expect(await names({ orderBy: 'LastEventTime' })).toEqual(['pets', 'birds']);
    expect(await names({ descending: true, limit: 1 })).toEqual(['pets']);
    expect(await names({ logStreamNamePrefix: 'b' })).toEqual(['birds']);
  });

  it('knows its log group, and no other', async () => {
    const { client } = await twoJobs();
    const { logGroups } = await client.send(new DescribeLogGroupsCommand({}));

    expect(logGroups?.map(({ logGroupName }) => logGroupName)).toEqual([GROUP]);
    const other = new DescribeLogStreamsCommand({ logGroupName: 'other' });
    await expect(client.send(other)).rejects.toThrow('does not exist');
  });
});
