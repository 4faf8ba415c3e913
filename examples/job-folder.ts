import { cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import yazl from 'yazl';
import { studentVersion } from '#core/identity.ts';
import { inputKeys } from '#core/keys.ts';
import { type MlFolder, mlFolder } from '#core/ml-folder.ts';
import type { TeacherEntry } from '#core/teacher.ts';
import { CHANNELS } from '#core/training-contract.ts';
import { validateDataset } from '#lambdas/validate-dataset/validate-dataset.ts';
import { memoryJobs, memoryLog, memoryObjects } from './in-memory-ports.ts';

/** Files of a dataset, by their paths inside it. */
export type Files = Record<string, Uint8Array>;

export interface JobRequest {
  /** a folder of the bucket, or a zip in it */
  form: 'folder' | 'zip';
  files: Files;
  /** the zip's bytes, where they should be others than those that the files give */
  zip?: Uint8Array;
  recipe?: object;
  teacher: { entry: TeacherEntry; folder: string };
  budgetSeconds?: number; // for the training job; by default an hour
}

/**
 * The folder of a training job, as it is when the trainer starts: validated by the pipeline's own validator, with the
 * hyperparameters that its launcher asks for, and laid out as SageMaker does.
 */
export async function layOutJob(root: string, request: JobRequest): Promise<MlFolder> {
  const { entry } = request.teacher;
  const { objects, put } = memoryObjects();
  const recipe = JSON.stringify({ teacher: entry.name, ...request.recipe });
  const sealKey = await upload(put, request, recipe);
  const ports = {
    objects,
    jobs: memoryJobs(),
    log: memoryLog().log,
    now: () => new Date('2026-11-24T12:00:00Z'),
    teachers: new Map([[entry.name, entry]]),
  };
  const job = await validateDataset(ports, sealKey);
  if (!job?.summary) throw new Error(`not accepted: ${JSON.stringify(job?.progress)}`);

  const folders = mlFolder(root);
  const keys = inputKeys(job.id, job.summary);
  const channels = JSON.parse((await objects.readText(keys.channel)) ?? '') as [
    object,
    ...string[],
  ];
  const [, ...dataKeys] = channels;
  const copy = async (key: string, path: string) => {
    const { size = 0, etag = '' } = (await objects.head(key)) ?? {};
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, await objects.readRange(key, 0, size, etag));
  };
  const { dataset, manifest, recipe: recipeChannel, teacher } = CHANNELS;
  for (const key of dataKeys) await copy(key, join(folders.channel(dataset.folder), key));
  await copy(keys.manifest, join(folders.channel(manifest.folder), manifest.file));
  await copy(keys.recipe, join(folders.channel(recipeChannel.folder), recipeChannel.file));
  await cp(request.teacher.folder, folders.channel(teacher.folder), { recursive: true });

  const hyperparameters = {
    job_id: job.id,
    student: job.name,
    student_version: studentVersion(job.id),
    manifest_sha256: job.summary.manifestSha256,
    recipe_sha256: job.summary.recipeSha256,
    budget_seconds: String(request.budgetSeconds ?? 3600),
  };
  await mkdir(folders.config, { recursive: true });
  await writeFile(folders.hyperparameters, JSON.stringify(hyperparameters));
  for (const folder of [folders.model, folders.checkpoints, folders.output]) {
    await mkdir(folder, { recursive: true });
  }
  return folders;
}

async function upload(
  put: (key: string, body: string | Uint8Array) => void,
  { form, files, zip }: JobRequest,
  recipe: string,
): Promise<string> {
  if (form === 'folder') {
    for (const [path, bytes] of Object.entries(files)) put(`datasets/things/${path}`, bytes);
    put('datasets/things/dataset.json', recipe);
    put('datasets/things/_READY', '');
    return 'datasets/things/_READY';
  }
  put('datasets/things.json', recipe);
  put('datasets/things.zip', zip ?? (await zipOf(files)));
  return 'datasets/things.zip';
}

export async function zipOf(files: Files): Promise<Buffer> {
  const zip = new yazl.ZipFile();
  for (const [path, bytes] of Object.entries(files)) {
    zip.addBuffer(Buffer.from(bytes), path, { mtime: new Date(0) });
  }
  zip.end();
  return buffer(Readable.from(zip.outputStream));
}
