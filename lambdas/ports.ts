import type { Announcement } from '#core/announcement.ts';
import type { Budget } from '#core/cost.ts';
import type { ObjectFacts } from '#core/identity.ts';
import type { Job, Observation, TrainingObservation } from '#core/job.ts';
import type { State } from '#core/job-progress.ts';

/** The one bucket of the pipeline. */
export interface Objects {
  bucket: string;
  /** `undefined` if there is no such object. */
  head(key: string): Promise<(ObjectFacts & { etagIsMd5: boolean }) | undefined>;
  /** Every object whose key begins with the prefix, in the order of UTF-8 bytes. */
  list(prefix: string): AsyncIterable<ObjectFacts>;
  /** The objects directly below the prefix, and the prefixes of its folders; never the folders' contents. */
  listTopLevel(prefix: string): Promise<{ objects: ObjectFacts[]; folders: string[] }>;
  /** A whole object, for small ones; `undefined` if there is none. */
  readText(key: string): Promise<string | undefined>;
  /** A whole object with its ETag, from one request; `undefined` if there is none. */
  readTextAndEtag(key: string): Promise<{ text: string; etag: string } | undefined>;
  /**
   * Bytes `start` to `end` (exclusive); fewer at the end of the object.
   * @throws ObjectChanged when the object no longer has this ETag
   */
  readRange(key: string, start: number, end: number, etag: string): Promise<Uint8Array>;
  write(key: string, body: string, contentType: string): Promise<void>;
  /** Writes only if the object is still absent (`etag` undefined) or still has this ETag; returns whether it did. */
  writeIf(key: string, body: string, etag: string | undefined): Promise<boolean>;
  /** Streams the whole object; size in bytes, sha256 in hex. */
  digest(key: string): Promise<{ bytes: number; sha256: string; etag: string } | undefined>;
  /**
   * Streams the whole object; its CRC-64/NVME in base64, as in S3's API.
   * @throws ObjectChanged when the object is gone or no longer has this ETag
   */
  crc64(key: string, etag: string): Promise<string>;
  /** @throws ObjectChanged when the source is gone or no longer has this ETag */
  copy(from: string, to: string, etag: string): Promise<void>;
  /** Deletes objects; one that is absent counts as deleted. @throws Error when one cannot be deleted */
  remove(keys: readonly string[]): Promise<void>;
  /** Deletes the object only if it still has this ETag; returns whether it did. */
  removeIf(key: string, etag: string): Promise<boolean>;
}

/** The object under a key is not the one that was listed: it was overwritten or removed. */
export class ObjectChanged extends Error {
  override name = 'ObjectChanged';
}

/** The job table. */
export interface Jobs {
  table: string;
  load(id: string): Promise<Job | undefined>;
  /** @throws StaleJob unless the stored version is the one just before `job.version` */
  save(job: Job): Promise<void>;
  /**
   * Deletes the row of a job, if there is one. No stage does that; a stage that has read the row before cannot save it again.
   * @throws StaleJob unless the stored version is `job.version`
   */
  remove(job: Job): Promise<void>;
  /** Every job with a deadline, the most overdue first; may lag behind the latest writes. */
  open(): Promise<Job[]>;
  /**
   * Takes one of `max` training slots for a job, at this version of its row, or finds all of them taken. To be called
   * before the row says `launching`; `holdsSlot` (core/training-slots.ts) says how long the job keeps it.
   */
  claimSlot(job: Job, max: number): Promise<boolean>;
}

export interface TrainingRequest {
  job: Job;
  trainingJobName: string;
  /** The prefix of one teacher or of all in the bucket; `undefined` if the image contains every teacher needed. */
  teacherChannel: string | undefined;
  budget: Budget;
  instanceTypes: readonly string[]; // in the order in which they are tried
  spot: boolean; // cheaper instances that AWS may interrupt; training resumes from its checkpoints
  maxSpotWaitSeconds: number; // for instances, on top of the training time
}

export interface Training {
  /** Creates the training job. If one of this name exists, an earlier try has succeeded.
   *  @returns the instance type; `undefined` if SageMaker is still choosing one
   *  @throws NoCapacity when there is no capacity or quota at present
   *  @throws LaunchRefused when it would be refused at any other time, too */
  start(request: TrainingRequest): Promise<string | undefined>;
  /** The state of a training job, and the job it belongs to. */
  describe(trainingJobName: string): Promise<
    { jobId: string; observation: TrainingObservation; endedAt?: string } | undefined // ISO 8601
  >;
  /** Asks a running training job to end; does nothing to one that has ended. */
  stop(trainingJobName: string): Promise<void>;
}

/** The training job cannot start now; the job waits. */
export class NoCapacity extends Error {
  override name = 'NoCapacity';
  readonly waitingFor: 'capacity' | 'quota';
  constructor(waitingFor: 'capacity' | 'quota', reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.waitingFor = waitingFor;
  }
}

/** AWS does not accept the training job as it is; its sentence says why. */
export class LaunchRefused extends Error {
  override name = 'LaunchRefused';
}

/** Another writer has changed the row first: load the job again and decide again. */
export class StaleJob extends Error {
  override name = 'StaleJob';
}

export interface Announcer {
  announce(announcement: Announcement): Promise<void>;
}

/** The log of a stage, one line of JSON per entry; never with the contents of a dataset. */
export interface StageLog {
  recorded(entry: {
    jobId: string;
    observation: Observation['type'] | 'upload-received';
    from?: State;
    to: State;
  }): void;
  failed(error: unknown, about: Subject): void;
}

/** What a record is about, as far as it is known; for the log. */
export interface Subject {
  jobId?: string;
  key?: string;
  trainingJobName?: string;
}

export type Clock = () => Date;
