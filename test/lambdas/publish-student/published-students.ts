import type { StudentCard } from '#core/card.ts';
import { sha256, studentVersion } from '#core/identity.ts';
import { type Job, receive } from '#core/job.ts';
import { PREDICTIONS_FILE, studentKeys } from '#core/keys.ts';
import { predictionsCsv } from '#core/predictions-csv.ts';
import { type memoryJobs, memoryObjects } from '#examples/in-memory-ports.ts';
import { anUpload, noon } from '#test/uploads.ts';
import { aCard } from '../../cards.ts';

/** A job for "pets", the n-th upload of its hour. */
export function aJob(n: number, given: Partial<Job> = {}): Job {
  const at = new Date(noon.getTime() + n * 1000);
  const upload = { id: sha256(String(n)), seal: String(n), uploadedAt: at.toISOString() };
  return { ...receive(anUpload(upload), at), ...given };
}

/** Where a job of this kind ends; its student has this version. */
export const published = (job: Job): Job => ({
  ...job,
  progress: {
    state: 'published',
    version: studentVersion(job.id),
    accuracy: 0.9,
    interval95: [0.8, 0.95],
  },
});

/** A bucket in which students of "pets" can be put, with what they answered in their tests. */
export function bucketOfStudents() {
  const bucket = memoryObjects();
  /** @param answers by image: the label and what it was taken for */
  function put(
    job: Job,
    answers?: Record<string, [string, string]>,
    given: Partial<StudentCard> = {},
  ) {
    const version = studentVersion(job.id);
    const csv = predictionsCsv(
      Object.entries(answers ?? {}).map(([file, [label, predicted]]) => ({
        file,
        label,
        predicted,
        confidence: 0.9,
        sha256: sha256(file),
      })),
    );
    const files =
      answers === undefined
        ? []
        : [{ path: PREDICTIONS_FILE, bytes: Buffer.byteLength(csv), sha256: sha256(csv) }];
    const card = aCard({
      student: 'pets',
      version,
      jobId: job.id,
      classes: ['cat', 'dog'],
      files,
      createdAt: job.createdAt,
      ...given,
    });
    const keys = studentKeys('pets', version);
    if (answers !== undefined) bucket.put(keys.predictions, csv);
    bucket.put(keys.card, JSON.stringify(card));
    return card;
  }
  return { ...bucket, put, putObject: bucket.put };
}

/** Stores a row in any state, as if it had come there step by step. */
export const putRow = (jobs: ReturnType<typeof memoryJobs>, job: Job): Promise<void> =>
  jobs.save({ ...job, version: 1 });
