import pLimit from 'p-limit';
import { budgetProblems } from '#core/cost.ts';
import {
  archiveSeal,
  folderSeal,
  jobIdOf,
  type ObjectFacts,
  recipeHash,
  sha256,
} from '#core/identity.ts';
import { advance, type Job, type Observation, receive } from '#core/job.ts';
import { datasetOf, jobKeys, SEAL_FILE, type Upload, uploadSealedBy } from '#core/keys.ts';
import { writeManifest } from '#core/manifest.ts';
import { PROBLEMS_IN_ROW, type Problem, problem } from '#core/problem.ts';
import { parseRecipe, type TeacherLimits } from '#core/recipe.ts';
import type { Clock, Jobs, Objects } from '#ports';
import type { DatasetFiles } from './dataset-files.ts';
import { readClassFolders } from './formats/class-folders.ts';
import { imageProblem } from './image-header.ts';
import { listArchive } from './list-archive.ts';
import { isData, listFolder } from './list-folder.ts';

export interface ValidationPorts {
  objects: Objects;
  jobs: Jobs;
  now: Clock;
  teachers: ReadonlyMap<string, TeacherLimits>;
  allowedInstanceTypes?: readonly string[] | undefined; // the only ones that a recipe may name; any, if left out
}

/** Stage 1. An upload is sealed: accept the dataset, or tell its owner everything that is wrong with it. */
export async function validateDataset(
  ports: ValidationPorts,
  key: string,
): Promise<Job | undefined> {
  const upload = uploadSealedBy(key);
  const listed = upload && (await listUpload(ports.objects, upload));
  if (!upload || !listed) return undefined; // no seal, or the upload is gone again

  const recipeText = await ports.objects.readText(upload.recipeKey);
  const job = await received(ports, upload, listed, recipeText);
  if (job.progress.state !== 'received') return job; // a repeated event, or the same bytes once more

  const seen = await judge(ports, job, upload, listed, recipeText);

  const judged = advance(job, seen, ports.now());
  if (judged !== job) await ports.jobs.save(judged);
  return judged;
}

interface Listed {
  seal: string;
  objects: ObjectFacts[];
  uploadedAt: string;
  files: () => Promise<DatasetFiles>;
}

async function listUpload(objects: Objects, upload: Upload): Promise<Listed | undefined> {
  if (upload.form === 'folder') {
    const { prefix, recipeKey } = upload;
    const all: ObjectFacts[] = [];
    for await (const object of objects.list(prefix)) all.push(object);
    const ready = all.find(({ key }) => key === `${prefix}${SEAL_FILE}`);
    if (!ready) return undefined;
    const data = all.filter(({ key }) => isData(key, prefix, recipeKey));
    return {
      seal: folderSeal(data),
      objects: data,
      uploadedAt: ready.lastModified,
      files: async () => listFolder(objects, prefix, recipeKey, data),
    };
  }

  const object = await objects.head(upload.key);
  if (!object) return undefined;
  return {
    seal: archiveSeal(object),
    objects: [object],
    uploadedAt: object.lastModified,
    files: async () =>
      upload.form === 'archive' ? listArchive(objects, object) : stray(upload.key),
  };
}

function stray(key: string): DatasetFiles {
  const remedy =
    'Upload a .zip of class folders, or a folder of class folders and then an empty _READY in it.';
  return {
    files: [],
    problems: [problem('NOT_A_DATASET', key, 'This file is no dataset.', remedy)],
  };
}

async function received(
  ports: ValidationPorts,
  upload: Upload,
  listed: Listed,
  recipeText: string | undefined,
) {
  const { bucket } = ports.objects;
  const dataset = datasetOf(upload);
  const identity = { bucket, dataset, seal: listed.seal, recipeHash: recipeHash(recipeText) };
  const id = jobIdOf(identity);
  const known = await ports.jobs.load(id);
  if (known) return known;

  const { name, form, recipeKey } = upload;
  const { uploadedAt } = listed;
  const versionId = form === 'folder' ? undefined : listed.objects[0]?.versionId;
  const job = receive(
    { id, ...identity, name, form, recipeKey, uploadedAt, ...(versionId && { versionId }) },
    ports.now(),
  );
  await ports.jobs.save(job);
  return job;
}

/** Reads listings, headers and the recipe; what the trainer needs is written before the row says so. */
async function judge(
  { objects, teachers, allowedInstanceTypes: allowed }: ValidationPorts,
  job: Job,
  upload: Upload,
  listed: Listed,
  recipeText: string | undefined,
): Promise<Observation> {
  const { files, archive, problems: listing } = await listed.files();
  const { recipe, problems: recipeProblems } = parseRecipe(recipeText, job.recipeKey, teachers);
  const { classes, examples, problems: arrangement } = readClassFolders(files);
  const images = await imageProblems(examples.map(({ file }) => file));
  // An archive that cannot be listed has no classes either; only the cause is worth telling.
  const unlisted = files.length === 0 && listing.length > 0;
  const budget = allowed ? budgetProblems(recipe, job.recipeKey, allowed) : [];
  const problems = [
    ...recipeProblems,
    ...budget,
    ...listing,
    ...(unlisted ? [] : arrangement),
    ...images,
  ];

  const keys = jobKeys(job.id);
  const count = (label: number) => examples.filter((example) => example.label === label).length;
  const summary = classes.map((name, label) => ({ name, examples: count(label) }));
  const report = {
    dataset: datasetOf(upload),
    accepted: problems.length === 0,
    classes: summary,
    problems,
  };
  await objects.write(keys.report, JSON.stringify(report, null, 2), 'application/json');
  if (problems.length > 0) {
    const first = problems.slice(0, PROBLEMS_IN_ROW);
    return { type: 'dataset-rejected', problems: first, problemCount: problems.length };
  }

  const manifest = writeManifest({
    header: {
      schema: 1,
      dataset: job.dataset,
      format: 'class-folders',
      classes,
      examples: examples.length,
      ...(archive && { archive }),
    },
    examples: examples.map(({ file, label }) => ({ path: file.path, label, ...file.record })),
  });
  const recipeJson = JSON.stringify(recipe, null, 2);
  // A JSON array of exact keys: a prefix would also take `pets.zip.bak`.
  const channel = [{ prefix: `s3://${job.bucket}/` }, ...listed.objects.map(({ key }) => key)];
  await objects.write(keys.manifest, manifest, 'application/jsonl');
  await objects.write(keys.recipe, recipeJson, 'application/json');
  await objects.write(keys.channel, JSON.stringify(channel), 'application/json');

  return {
    type: 'dataset-validated',
    summary: {
      classes: summary,
      examples: examples.length,
      manifestSha256: sha256(manifest),
      recipeSha256: sha256(recipeJson),
    },
  };
}

/** Requests under way at once; S3 serves thousands, a small Lambda tens. */
const HEADS_AT_ONCE = 32;

async function imageProblems(files: DatasetFiles['files']): Promise<Problem[]> {
  const limit = pLimit(HEADS_AT_ONCE);
  const found = await limit.map(files, async (file) => imageProblem(file.path, await file.head()));
  return found.filter((each) => each !== undefined);
}
