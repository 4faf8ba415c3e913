import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { ANNOUNCEMENT_SOURCE, ANNOUNCEMENT_TYPE } from '#core/announcement.ts';
import type { Announcer } from '#ports';

/** Puts one event per final state of a job on the project's bus. */
export function eventBridgeAnnouncer(bus: string, client = new EventBridgeClient()): Announcer {
  return {
    async announce(announcement) {
      const entry = {
        EventBusName: bus,
        Source: ANNOUNCEMENT_SOURCE,
        DetailType: ANNOUNCEMENT_TYPE,
        Detail: JSON.stringify(announcement),
        Time: new Date(announcement.at),
      };
      const { Entries, FailedEntryCount } = await client.send(
        new PutEventsCommand({ Entries: [entry] }),
      );
      // PutEvents answers 200 even when it has accepted nothing.
      if (FailedEntryCount)
        throw new Error(`the bus rejected the announcement: ${Entries?.[0]?.ErrorMessage}`);
    },
  };
}
