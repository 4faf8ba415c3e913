import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile, syncFolder } from '../durable-files.ts';
import type { BusEventInput } from '../events/bus.ts';
import { keyLock } from '../key-lock.ts';
import { stateChange } from './describe.ts';
import { JobRecord, nameOf } from './record.ts';

/** The one place where a job's record is changed: on the disk first, then here, then on the bus. */
export interface Ledger {
  readonly record: JobRecord;
  /** Changes come one after the other; each is durable when this resolves. */
  change(step: (record: JobRecord) => JobRecord): Promise<JobRecord>;
}

export type Publish = (event: BusEventInput) => void;

/** The files of one job: its record and log stay, its work goes when it has ended. */
export const jobFiles = (folder: string, trainingJobName: string) => ({
  folder: join(folder, trainingJobName),
  record: join(folder, trainingJobName, 'record.json'),
  log: join(folder, trainingJobName, 'log.txt'),
  work: join(folder, trainingJobName, 'ml'),
});

/** Makes the files of a new job. */
export async function openLedger(
  folder: string,
  record: JobRecord,
  publish: Publish,
): Promise<Ledger> {
  const files = jobFiles(folder, nameOf(record));
  await mkdir(files.folder, { recursive: true });
  await replaceFile(files.record, JSON.stringify(record));
  await syncFolder(folder);
  publish(stateChange(record));
  return ledgerOf(folder, record, publish);
}

/** Reads every job of earlier lives. */
export async function readLedgers(folder: string, publish: Publish): Promise<Ledger[]> {
  await mkdir(folder, { recursive: true });
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const ledgers = await Promise.all(
    names.map(async (name) => {
      const files = jobFiles(folder, name);
      const isJob = (await readdir(files.folder)).includes('record.json');
      if (isJob) return ledgerOf(folder, await readRecord(files.record), publish);
      await rm(files.folder, { recursive: true }); // a kill came before its creation was answered
      return undefined;
    }),
  );
  return ledgers.filter((ledger) => ledger !== undefined);
}

/** It is replaced whole or not at all, so anything else in it is damage to be told. */
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

function ledgerOf(folder: string, first: JobRecord, publish: Publish): Ledger {
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
