import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { afterEach, describe, expect, it } from 'vitest';
import { type BusEvent, type BusOptions, localBus } from '#local/events/bus.ts';
import { serve } from './serve.ts';

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const uploaded = { source: 'aws.s3', 'detail-type': 'Object Created', detail: { key: 'a' } };

function busWithInbox(options: BusOptions = {}) {
  const bus = localBus(options);
  const inbox: BusEvent[] = [];
  const target = { send: (event: BusEvent) => void inbox.push(event) };
  bus.putRule({ name: 'uploads', pattern: { source: ['aws.s3'] } }, [target]);
  return { bus, inbox };
}

describe('localBus', () => {
  it('sends an event to every target of every rule it matches, complete with id, time and account', async () => {
    const { bus, inbox } = busWithInbox({ now: () => new Date('2026-11-24T06:00:00.123Z') });

    bus.publish(uploaded);
    bus.publish({ ...uploaded, source: 'aws.ec2' });
    await bus.idle();

    expect(inbox).toEqual([
      {
        version: '0',
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        account: '000000000000',
        region: 'us-east-1',
        time: '2026-11-24T06:00:00Z',
        resources: [],
        ...uploaded,
      },
    ]);
  });

  it('goes on with the other targets when one throws', async () => {
    const errors: unknown[] = [];
    const { bus, inbox } = busWithInbox({ onError: (error, rule) => errors.push([rule, error]) });
    const broken = { send: () => Promise.reject(new Error('no')) };
    bus.putRule({ name: 'broken', pattern: { source: ['aws.s3'] } }, [broken]);

    bus.publish(uploaded);
    await bus.idle();

    expect(inbox).toHaveLength(1);
    expect(errors).toEqual([['broken', new Error('no')]]);
  });

  it.each([
    ['drops everything', { drop: true }, 0],
    ['sends three of each', { copies: 3, shuffle: true, delayMs: 10 }, 3],
  ])('%s when a test asks for it', async (_, faults, arrivals) => {
    const { bus, inbox } = busWithInbox({ faults });

    bus.publish(uploaded);
    await bus.idle();

    expect(inbox).toHaveLength(arrivals);
  });

  it('calls no target after it was stopped', async () => {
    const { bus, inbox } = busWithInbox({ faults: { delayMs: 20 } });

    bus.publish(uploaded);
    await bus.stop();

    expect(inbox).toEqual([]);
  });

  it('takes PutEvents from the SDK, and tells what is wrong with each entry', async () => {
    const bus = localBus({ names: ['understudy'] });
    const inbox: BusEvent[] = [];
    const inboxTarget = { send: (event: BusEvent) => void inbox.push(event) };
    bus.putRule({ name: 'all', bus: 'understudy', pattern: { source: ['understudy'] } }, [
      inboxTarget,
    ]);
    const server = await serve({ AWSEvents: bus.handle });
    closing.push(server.close);
    const client = new EventBridgeClient(server.client);
    closing.push(() => client.destroy());
    const good = {
      EventBusName: 'understudy',
      Source: 'understudy',
      DetailType: 'Student published',
      Detail: '{"job":"a"}',
      Time: new Date('2026-01-02T03:04:05Z'),
      Resources: ['arn:aws:s3:::understudy'],
    };

    const answer = await client.send(
      new PutEventsCommand({
        Entries: [
          good,
          { ...good, EventBusName: 'arn:aws:events:us-east-1:000000000000:event-bus/understudy' },
          { ...good, EventBusName: 'nowhere' },
          { ...good, Detail: '[1]' },
          { ...good, Source: 'aws.s3' },
          { ...good, DetailType: undefined },
        ],
      }),
    );
    await bus.idle();

    expect(answer.FailedEntryCount).toBe(4);
    expect(answer.Entries?.map((entry) => entry.ErrorCode)).toEqual([
      undefined,
      undefined,
      'InvalidArgument',
      'MalformedDetail',
      'NotAuthorizedForSourceException',
      'InvalidArgument',
    ]);
    expect(inbox).toHaveLength(2);
    expect(inbox[0]).toMatchObject({
      id: answer.Entries?.[0]?.EventId,
      'detail-type': 'Student published',
      detail: { job: 'a' },
      resources: ['arn:aws:s3:::understudy'],
    });
    expect(new Date(inbox[0]?.time ?? '')).toEqual(good.Time);
  });
});
