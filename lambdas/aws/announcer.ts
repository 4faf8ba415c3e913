import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { ANNOUNCEMENT_SOURCE, ANNOUNCEMENT_TYPE } from '#core/announcement.ts';
import type { Announcer } from '#ports';

/** One event a final state on the project's bus. */
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
      // PutEvents answers 200 even when it took nothing.
      if (FailedEntryCount)
        throw new Error(`the bus refused the announcement: ${Entries?.[0]?.ErrorMessage}`);
    },
  };
}
