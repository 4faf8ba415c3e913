import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { Announcement } from '#core/announcement.ts';
import { eventBridgeAnnouncer } from '#lambdas/aws/announcer.ts';

const events = mockClient(EventBridgeClient);
beforeEach(() => events.reset());

const announcement: Announcement = {
  id: '1',
  kind: 'published',
  at: '2026-11-24T12:00:00.000Z',
  jobId: 'a'.repeat(64),
  student: 'pets',
  sentence: 's',
};

describe('the announcer', () => {
  it('puts one event with the whole announcement on the bus', async () => {
    events.on(PutEventsCommand).resolves({ FailedEntryCount: 0 });
    await eventBridgeAnnouncer('bus').announce(announcement);

    const [entry] = events.commandCalls(PutEventsCommand)[0]?.args[0].input.Entries ?? [];
    expect(entry).toMatchObject({ EventBusName: 'bus', Source: 'understudy' });
    expect(Announcement.parse(JSON.parse(entry?.Detail ?? ''))).toEqual(announcement);
  });

  it('fails when the bus rejects the event, although PutEvents answers 200', async () => {
    const answer = { FailedEntryCount: 1, Entries: [{ ErrorMessage: 'no bus' }] };
    events.on(PutEventsCommand).resolves(answer);

    await expect(eventBridgeAnnouncer('bus').announce(announcement)).rejects.toThrow('no bus');
  });
});
