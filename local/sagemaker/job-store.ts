import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile, syncFolder } from '../durable-files.ts';
import type { BusEventInput } from '../events/bus.ts';
import { keyLock } from '../key-lock.ts';
import { stateChange } from './describe.ts';
import { JobRecord, nameOf } from './record.ts';

/** A training job's record. Changes go to the disk first, then to memory, then to the bus. */
export interface StoredJob {
  readonly record: JobRecord;
  /** Changes are made one at a time; each is durable when this resolves. */
  change(step: (record: JobRecord) => JobRecord): Promise<JobRecord>;
}

export type Publish = (event: BusEventInput) => void;

/** The files of a job: its record and log are kept, its work folder is deleted when it has ended. */
export const jobFiles = (folder: string, trainingJobName: string) => ({
  folder: join(folder, trainingJobName),
  record: join(folder, trainingJobName, 'record.json'),
  log: join(folder, trainingJobName, 'log.txt'),
  work: join(folder, trainingJobName, 'ml'),
});

/** Stores a new job. */
export async function createStoredJob(
  folder: string,
  record: JobRecord,
  publish: Publish,
): Promise<StoredJob> {
  const files = jobFiles(folder, nameOf(record));
  await mkdir(files.folder, { recursive: true });
  await replaceFile(files.record, JSON.stringify(record));
  await syncFolder(folder);
  publish(stateChange(record));
  return storedJob(folder, record, publish);
}

/** Reads the jobs that earlier processes stored. */
export async function readStoredJobs(folder: string, publish: Publish): Promise<StoredJob[]> {
  await mkdir(folder, { recursive: true });
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const storedJobs = await Promise.all(
    names.map(async (name) => {
      const files = jobFiles(folder, name);
      const isJob = (await readdir(files.folder)).includes('record.json');
      if (isJob) return storedJob(folder, await readRecord(files.record), publish);
      await rm(files.folder, { recursive: true }); // killed before CreateTrainingJob was answered
      return undefined;
    }),
  );
  return storedJobs.filter((stored) => stored !== undefined);
}

/** Deletes all files of a job. The record goes first: without it, the next start deletes what is left. */
export async function removeStoredJob(folder: string, trainingJobName: string): Promise<void> {
  const files = jobFiles(folder, trainingJobName);
  await rm(files.record, { force: true });
  await rm(files.folder, { recursive: true, force: true });
}

/** @throws Error if the file is damaged: it is always replaced completely or not at all */
async function readRecord(path: string): Promise<JobRecord> {
  try {
    return JobRecord.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    throw new Error(
      `${path} cannot be read. Move its folder away to start the local SageMaker without this job.`,
      { cause },
    );
  }
}

function storedJob(folder: string, first: JobRecord, publish: Publish): StoredJob {
  const { record: path } = jobFiles(folder, nameOf(first));
  let record = first;
  const locked = keyLock();

  async function take(step: (record: JobRecord) => JobRecord): Promise<JobRecord> {
    const next = step(record);
    if (next === record) return record;
    await replaceFile(path, JSON.stringify(next));
    const moved = next.transitions.length > record.transitions.length;
    record = next;
    if (moved) publish(stateChange(record));
    return record;
  }

  return {
    get record() {
      return record;
    },
    change: (step) => locked(path, () => take(step)),
  };
}
