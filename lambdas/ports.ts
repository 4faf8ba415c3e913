import type { Announcement } from '#core/announcement.ts';
import type { ObjectFacts } from '#core/identity.ts';
import type { Job, Usage } from '#core/job.ts';
import type { Recipe } from '#core/recipe.ts';

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
  /** Writes only if the object is still absent (`etag` undefined) or still the one with this ETag; says whether it did. */
  writeIf(key: string, body: string, etag: string | undefined): Promise<boolean>;
  /** @returns size in bytes and sha256 in hex of the whole object, read as a stream */
  digest(key: string): Promise<{ bytes: number; sha256: string; etag: string } | undefined>;
  /** @throws ObjectChanged when the source is no longer the one with this ETag */
  copy(from: string, to: string, etag: string): Promise<void>;
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
  /** Every job that is not done with, the one longest overdue first; may lag behind the latest writes. */
  open(): Promise<Job[]>;
}

export interface TrainingRequest {
  job: Job;
  trainingJobName: string;
  teacher: string | undefined; // its name in the bucket; `undefined` where the image has it
  budget: Recipe['budget'];
  instanceTypes: readonly string[]; // in the order of preference
}

/** What Describe says of a training job, in the words of an observation. */
export type TrainingSeen = { jobId: string; usage: Usage } & (
  | { is: 'running' | 'interrupted' }
  | { is: 'starved'; reason: string } // ended, for there was no capacity
  | { is: 'completed'; artifacts: string }
  | { is: 'ended'; code: string; what: string; remedy: string }
);

export interface Training {
  /** Creates the training job; one of this name that exists already is the success of an earlier try.
   *  @returns the type of instance that it took
   *  @throws NoCapacity when there is no capacity or quota now */
  start(request: TrainingRequest): Promise<string>;
  describe(trainingJobName: string): Promise<TrainingSeen | undefined>;
  /** Asks a running training job to end; one that has ended is left as it is. */
  stop(trainingJobName: string): Promise<void>;
}

/** Not now: the job waits. */
export class NoCapacity extends Error {
  override name = 'NoCapacity';
  readonly waitingFor: 'capacity' | 'quota';
  constructor(waitingFor: 'capacity' | 'quota', reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.waitingFor = waitingFor;
  }
}

/** Somebody else moved the job first. Whoever meets this loads the job again and looks anew. */
export class StaleJob extends Error {
  override name = 'StaleJob';
}

export interface Announcer {
  announce(announcement: Announcement): Promise<void>;
}

export type Clock = () => Date;
