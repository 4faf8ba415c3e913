import type { Announcement } from '#core/announcement.ts';
import type { ObjectFacts } from '#core/identity.ts';
import type { Job } from '#core/job.ts';

/** The one bucket of the pipeline. */
export interface Objects {
  bucket: string;
  /** `undefined` where there is no such object. */
  head(key: string): Promise<(ObjectFacts & { etagIsMd5: boolean }) | undefined>;
  /** Every object whose key begins with the prefix, in the order of UTF-8 bytes. */
  list(prefix: string): AsyncIterable<ObjectFacts>;
  /** The whole object; for small ones. */
  readText(key: string): Promise<string | undefined>;
  /**
   * Bytes `start` to `end` (exclusive); fewer at the end of the object.
   * @throws ObjectChanged when the object is no longer the one with this ETag
   */
  readRange(key: string, start: number, end: number, etag: string): Promise<Uint8Array>;
  write(key: string, body: string, contentType: string): Promise<void>;
}

/** The bytes under a key are not those that were listed: somebody uploads again, or removed them. */
export class ObjectChanged extends Error {
  override name = 'ObjectChanged';
}

/** The job table. */
export interface Jobs {
  load(id: string): Promise<Job | undefined>;
  /** @throws StaleJob unless the stored version is the one just before `job.version` */
  save(job: Job): Promise<void>;
}

/** Somebody else moved the job first. Whoever meets this loads the job again and looks anew. */
export class StaleJob extends Error {
  override name = 'StaleJob';
}

export interface Announcer {
  announce(announcement: Announcement): Promise<void>;
}

export type Clock = () => Date;
