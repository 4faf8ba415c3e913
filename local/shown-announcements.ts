import { existsSync } from 'node:fs';
import * as z from 'zod';
import { readRecord, replaceFile } from './durable-files.ts';

const MAX_IDS = 1_000; // an announcement is repeated soon or never

const Ids = z.array(z.string());

/**
 * Announcements arrive at least once: one whose process was killed before it left its outbox comes again. Returns a
 * function that says whether one is new on this machine, and remembers it before it is shown.
 *
 * @param path the file of the ids that were shown
 */
export function shownAnnouncements(path: string): (id: string) => Promise<boolean> {
  const shown = new Set(idsIn(path));
  let writing = Promise.resolve();
  return async (id) => {
    if (shown.has(id)) return false;
    shown.add(id);
    writing = writing
      .catch(() => undefined)
      .then(() => replaceFile(path, JSON.stringify([...shown].slice(-MAX_IDS))));
    await writing.catch(() => undefined); // as on a full disk: rather shown twice than never
    return true;
  };
}

/** None if the file is absent or damaged. */
function idsIn(path: string): string[] {
  try {
    return existsSync(path) ? readRecord(path, Ids) : [];
  } catch {
    return [];
  }
}
