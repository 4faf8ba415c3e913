import { setImmediate as nextTurn } from 'node:timers/promises';
import { nameProblem } from '#core/dataset-name.ts';
import { sha256 } from '#core/identity.ts';
import { type Job, type Observation, receive } from '#core/job.ts';
import { datasetOf, inputKeys, jobKeys, type Upload, uploadSealedBy } from '#core/keys.ts';
import { writeManifest } from '#core/manifest.ts';
import {
  countCodes,
  PROBLEMS_IN_ROW,
  problem,
  someOfEach,
  WARNINGS_IN_ROW,
} from '#core/problem.ts';
import { type RecordPorts, recordObservation } from '#lambdas/record-observation.ts';
import type { Objects, Subject } from '#ports';
import { identifyUpload } from './identify-upload.ts';
import { judgeDataset, type RecipeLimits, reportOf } from './judge-dataset.ts';
import type { ListedUpload } from './list-upload.ts';

export type ValidationPorts = RecordPorts &
  RecipeLimits & {
    objects: Objects;
    /**
     * The quiet period that seals a folder without a seal. Only the sweeper has one: an event that comes late must not
     * seal what is left of a folder while it is being removed.
     */
    quietSeconds?: number;
  };

/**
 * Stage 1. Accepts the dataset of a sealed upload, or reports everything that is wrong with it.
 *
 * @param key the object that seals the upload
 * @param about filled in with the job, for the log
 */
export async function validateDataset(
  ports: ValidationPorts,
  key: string,
  about: Subject = {},
): Promise<Job | undefined> {
  const received = await receiveUpload(ports, key);
  if (!received) return undefined;
  about.jobId = received.job.id;
  return received.job.progress.state === 'received' ? judge(ports, received) : received.job;
}

/** Like `validateDataset`, but leaves an upload that has a job already to that job's deadline, validated or not. */
export async function validateNewUpload(
  ports: ValidationPorts,
  key: string,
  about: Subject = {},
): Promise<Job | undefined> {
  const received = await receiveUpload(ports, key);
  if (!received) return undefined;
  about.jobId = received.job.id;
  return received.isNew ? judge(ports, received) : received.job;
}

interface Received {
  job: Job;
  isNew: boolean;
  upload: Upload;
  listed: ListedUpload;
  recipeText: string | undefined;
}

/** The job of an upload, created if there is none; `undefined` if the key seals nothing or the upload is gone. */
async function receiveUpload(ports: ValidationPorts, key: string): Promise<Received | undefined> {
  const { objects, jobs, log, now, quietSeconds } = ports;
  const upload = uploadSealedBy(key);
  const identified = upload && (await identifyUpload(objects, upload, now, quietSeconds));
  if (!identified) return undefined;
  const { listed, seenAt, recipeText, identity, jobId: id } = identified;
  const { name, form, recipeKey } = upload;

  const known = await jobs.load(id);
  if (known) {
    const job = isUploadedAgain(known, listed)
      ? await recordObservation(ports, known, { type: 'retry-requested' })
      : known;
    return { job, isNew: false, upload, listed, recipeText };
  }

  const { uploadedAt, versionId } = listed;
  const job = receive(
    { id, ...identity, name, form, recipeKey, uploadedAt, ...(versionId && { versionId }) },
    seenAt,
  );
  await jobs.save(job);
  log.recorded({ jobId: id, observation: 'upload-received', to: 'received' });
  return { job, isNew: true, upload, listed, recipeText };
}

/** Failures whose remedy is to upload the dataset again: the same bytes are the same job, which is then retried. */
const MENDED_BY_UPLOAD = ['UPLOAD_GONE', 'DATA_CHANGED'];

const isUploadedAgain = ({ progress, updatedAt }: Job, { uploadedAt }: ListedUpload): boolean =>
  progress.state === 'failed' && MENDED_BY_UPLOAD.includes(progress.code) && uploadedAt > updatedAt;

async function judge(ports: ValidationPorts, received: Received): Promise<Job> {
  const outcome = nameRefused(received.upload) ?? (await validate(ports, received));
  return recordObservation(ports, received.job, outcome);
}

/** Nothing is read of a dataset whose student could not have its name. */
function nameRefused(upload: Upload): Observation | undefined {
  const why = nameProblem(upload.name);
  if (why === undefined) return undefined;
  const what = `"${upload.name}" cannot be the name of a dataset: ${why}.`;
  const remedy = 'Upload it under another name.';
  const refusal = problem('DATASET_NAME', datasetOf(upload), what, remedy);
  return { type: 'dataset-rejected', problems: [refusal], problemCount: 1 };
}

/** Reads listings, image headers and the recipe, and writes the report and the trainer's inputs to the bucket. */
async function validate(
  { objects, ...limits }: ValidationPorts,
  { job, upload, listed, recipeText }: Received,
): Promise<Observation> {
  const files = await listed.files();
  await nextTurn(); // each step takes long for many files, and others wait for this process
  const judged = await judgeDataset(files, { text: recipeText, path: job.recipeKey }, limits);
  const { recipe, read, leftOut, problems, warnings } = judged;

  await nextTurn();
  const report = JSON.stringify(reportOf(datasetOf(upload), judged), null, 2);
  await objects.write(jobKeys(job.id).report, report, 'application/json');
  if (problems.length > 0) {
    return {
      type: 'dataset-rejected',
      problems: someOfEach(problems, PROBLEMS_IN_ROW),
      problemCount: problems.length,
      counts: countCodes(problems),
    };
  }

  const { classes, examples } = read;
  const manifest = writeManifest({
    header: {
      schema: 1,
      dataset: job.dataset,
      format: read.format,
      takenFor: read.sentence,
      classes: classes.map(({ name }) => name),
      examples: examples.length,
      ...(files.archive && { archive: files.archive }),
      ...(files.packing && { packing: files.packing }),
      ...(read.used.length > 0 && { lists: read.used }),
      ...(leftOut.length > 0 && { leftOut }),
    },
    examples: examples.map(({ file, label, split }) => ({
      path: file.path,
      label,
      ...(split && { split }),
      ...file.record,
    })),
  });
  const recipeJson = JSON.stringify(recipe, null, 2);
  // A JSON array of exact keys: a prefix would also match `pets.zip.bak`.
  const channel = [{ prefix: `s3://${job.bucket}/` }, ...listed.objects.map(({ key }) => key)];
  const digests = { manifestSha256: sha256(manifest), recipeSha256: sha256(recipeJson) };
  const keys = inputKeys(job.id, digests);
  await objects.write(keys.manifest, manifest, 'application/jsonl');
  await objects.write(keys.recipe, recipeJson, 'application/json');
  await objects.write(keys.channel, JSON.stringify(channel), 'application/json');

  return {
    type: 'dataset-validated',
    summary: {
      classes: classes.length,
      examples: examples.length,
      ...digests,
      takenFor: read.sentence,
      lists: read.used.length,
      leftOut: leftOut
        .slice(0, RULES_IN_ROW)
        .map(({ rule, files: count }) => ({ rule, files: count })),
      warningCount: warnings.length,
      warnings: someOfEach(warnings, WARNINGS_IN_ROW),
    },
  };
}

const RULES_IN_ROW = 10;
