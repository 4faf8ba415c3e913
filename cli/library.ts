import type { Job } from '#core/job.ts';
import type { Objects } from '#ports';

/** The files of a pipeline, for the commands that only read them. */
export interface Library {
  bucket: string;
  objects: Pick<Objects, 'list' | 'readText'>;
  /** Streams an object, which must exist. */
  read(key: string): Promise<AsyncIterable<Uint8Array>>;
}

/** The jobs of a pipeline, for the commands that only read them. */
export interface JobList {
  allJobs(): Promise<Job[]>; // newest first
  trains: boolean; // false while no pipeline runs, or only its storage: then no job moves
}

export const newestFirst = (jobs: readonly Job[]): Job[] =>
  [...jobs].sort((a, b) => b.createdAt.localeCompare(a.createdAt));
