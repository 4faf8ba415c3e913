import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stateFolder } from '#local/find-state-folder.ts';
import { holdFolder } from '#local/sagemaker/hold-folder.ts';
import { removeStoredJob } from '#local/sagemaker/job-store.ts';
import { hasEnded, JobRecord } from '#local/sagemaker/record.ts';
import { sizeOf } from './folder-size.ts';
import { runningPipeline } from './local-pipeline.ts';

/** A training on this machine; its record and log are still there. */
export interface LocalTraining {
  name: string;
  jobId: string;
  hasEnded: boolean;
  files: number;
  bytes: number;
}

const folderOf = (): string => join(stateFolder(), 'sagemaker');

/** Reads the records of this machine's trainings, whether a pipeline is running or not. */
export async function localTrainings(): Promise<LocalTraining[]> {
  const jobs = join(folderOf(), 'jobs');
  const found: LocalTraining[] = [];
  for (const name of await readdir(jobs).catch(() => [])) {
    const text = await readFile(join(jobs, name, 'record.json'), 'utf8').catch(() => '');
    const record = parse(text);
    if (!record) continue;
    const jobId = record.request.HyperParameters?.job_id ?? '';
    const { files, bytes } = await sizeOf(join(jobs, name));
    found.push({ name, jobId, hasEnded: hasEnded(record), files, bytes });
  }
  return found;
}

function parse(text: string): JobRecord | undefined {
  try {
    return JobRecord.parse(JSON.parse(text));
  } catch {
    return undefined; // it is being created or deleted, or is damaged, which the next start of the pipeline says
  }
}

/** Deletes trainings that do not run: through the pipeline that runs them, which knows them too, or in their folder. */
export async function removeTrainings(names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const running = await runningPipeline();
  if (running?.trains) {
    for (const name of names) await removeThrough(running.endpoint, name);
    return;
  }
  const release = await holdFolder(folderOf());
  try {
    for (const name of names) await removeStoredJob(join(folderOf(), 'jobs'), name);
  } finally {
    await release();
  }
}

/** The local SageMaker checks no signatures, so this needs no SDK. One that is gone already counts as deleted. */
async function removeThrough(endpoint: string, TrainingJobName: string): Promise<void> {
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'SageMaker.DeleteTrainingJob',
    },
    body: JSON.stringify({ TrainingJobName }),
  });
  const text = await answer.text();
  if (answer.ok || text.includes('not found')) return;
  throw new Error(`The training ${TrainingJobName} cannot be deleted: ${text}`);
}
