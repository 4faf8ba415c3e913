import * as z from 'zod';
import { BROKEN_FILES, BrokenFile } from '#core/broken-files.ts';
import type { Job } from '#core/job.ts';
import { jobKeys } from '#core/keys.ts';
import { problem } from '#core/problem.ts';
import { FAILURES } from '#core/training-contract.ts';
import type { Objects } from '#ports';

/** Failures of a training that the trainer lists files for. */
const LISTED = ['VALIDATION_FAILED', 'DATA_CHANGED'];

/**
 * Puts all files that a training could not use into the job's report, where the validation lists its problems too.
 * Repeated calls change nothing.
 */
export async function reportBrokenFiles(objects: Objects, job: Job): Promise<void> {
  const { progress } = job;
  if (progress.state !== 'failed' || !LISTED.includes(progress.code)) return;
  const keys = jobKeys(job.id);
  const list = parsed(
    z.array(BrokenFile),
    await objects.readText(`${keys.checkpoints}${BROKEN_FILES}`),
  );
  if (!list) return;
  const text = await objects.readText(keys.report);
  const report = parsed(z.record(z.string(), z.unknown()), text);
  const remedy = FAILURES[progress.code as keyof typeof FAILURES];
  const problems = list.map(({ file, what }) =>
    problem(progress.code, file, `The file ${what}.`, remedy),
  );
  const next = JSON.stringify({ ...report, accepted: false, problems }, null, 2);
  if (next !== text) await objects.write(keys.report, next, 'application/json');
}

/** `undefined` if the text is absent or something else. */
function parsed<Schema extends z.ZodType>(
  schema: Schema,
  text: string | undefined,
): z.output<Schema> | undefined {
  try {
    return schema.parse(JSON.parse(text ?? ''));
  } catch {
    return undefined;
  }
}
