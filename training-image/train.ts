import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { StudentCard } from '#core/card.ts';
import { sha256 } from '#core/identity.ts';
import type { ManifestExample } from '#core/manifest.ts';
import type { MlFolder } from '#core/ml-folder.ts';
import type { TeacherEntry } from '#core/teacher.ts';
import { decodePicture, RESIZE } from './data/decode-picture.ts';
import { type Dataset, openDataset } from './data/read-dataset.ts';
import { type Part, splitExamples } from './data/split-examples.ts';
import { cachedFeatures } from './features/cached-features.ts';
import { fitHead, type Labelled, logitsOf } from './head/fit-head.ts';
import { readJob } from './job/read-job.ts';
import { whatMadeIt } from './job/what-made-it.ts';
import { measure } from './measure.ts';
import { buildStudent } from './student/build-student.ts';
import { checkSavedModel } from './student/save-model.ts';
import { saveStudent } from './student/save-student.ts';
import { loadTeacher } from './teacher/load-teacher.ts';
import type { Tell } from './tell.ts';

/**
 * What happens inside one training job, from the folders that SageMaker laid out to a student in `model/`.
 *
 * @throws TrainingRefused when the job itself is at fault; TrainingInterrupted when it was asked to end
 */
export async function train(
  folders: MlFolder,
  catalogue: ReadonlyMap<string, TeacherEntry>,
  tell: Tell,
): Promise<void> {
  const seconds = stopwatch();
  const { job, manifest, recipe, entry } = await readJob(folders, catalogue);
  const { classes } = manifest.header;
  const teacher = await loadTeacher(folders.channel('teacher'), entry);

  const dataset = await openDataset(folders.channel('dataset'), manifest);
  const contents = await verify(dataset, manifest.examples, tell);
  const readSha256 = sha256(contents.join('\n'));
  seconds.lap('verify');

  const labelled = manifest.examples.map(({ label }, i) => ({
    label,
    contentSha256: contents[i] ?? '',
  }));
  const { parts, notices } = splitExamples(labelled, recipe.split, recipe.seed);

  const features = await cachedFeatures({
    teacher,
    dataset,
    examples: manifest.examples,
    readSha256,
    checkpoints: folders.checkpoints,
    scratch: join(folders.root, 'scratch'),
    tell,
  }); // [n, d]
  seconds.lap('features');

  const only = (part: Part): Labelled =>
    pick(features, manifest.examples, (i) => parts[i] === part);
  const [trained, validation] = [only('train'), only('validation')];
  const weigh = (labels: Int32Array) => weightsOf(labels, classes.length, recipe.class_weights);
  const fitted = fitHead(trained, validation, weigh, tell);
  const { head } = fitted;
  seconds.lap('head');

  const measures = measure(head, only('test'), classes); // the first and only look at the test part
  tell.line(`test_accuracy=${measures.test.accuracy.toFixed(6)}`);

  const student = buildStudent(teacher, head);
  const card: Omit<StudentCard, 'files'> = {
    schema: 1,
    student: job.student,
    version: job.student_version,
    jobId: job.job_id,
    createdAt: new Date().toISOString(),
    classes,
    input: { px: entry.input.px, range: '0-255', channels: 'RGB', resize: RESIZE },
    teacher: { name: entry.name, licence: entry.licence.name, modelSha256: teacher.digest },
    freezePlan: {
      asked: recipe.regime,
      used: 'head-only',
      why: 'This version retrains the head only; every layer of the teacher stays as it was, to the last bit.',
      frozenParameters: entry.trunkParameters,
      trainedParameters: head.kernel.length + head.bias.length + 2 * entry.features.size,
    },
    data: {
      dataset: manifest.header.dataset,
      manifestSha256: job.manifest_sha256,
      readSha256,
      perClass: classes.map((name, label) => ({
        name,
        ...countsOf(manifest.examples, parts, label),
      })),
      notices,
    },
    measures: {
      ...measures,
      validation: { n: validation.labels.length, accuracy: fitted.validationAccuracy },
    },
    head: {
      examples: fitted.examples,
      iterations: fitted.iterations,
      l2: fitted.l2,
      classWeights: fitted.classWeights,
      trainLossNats: fitted.lossNats,
    },
    seconds: seconds.laps,
    made: await whatMadeIt(),
  };
  const sample = manifest.examples.slice(0, PICTURES_CHECKED);
  const pixels = await pixelsOf(dataset, sample, entry.input.px);
  const expected = logitsOf(head, features.subarray(0, sample.length * entry.features.size));
  await saveStudent(folders.model, student, card, (folder) =>
    checkSavedModel(folder, pixels, expected, entry.input.px),
  );
  dataset.close();
}

const PICTURES_CHECKED = 8;

/** Reads everything once, against the manifest. @returns the sha256 of each example's bytes */
async function verify(
  dataset: Dataset,
  examples: readonly ManifestExample[],
  tell: Tell,
): Promise<string[]> {
  const contents: string[] = [];
  for (const example of examples) {
    tell.progress('verify', contents.length, examples.length);
    contents.push(
      createHash('sha256')
        .update(await dataset.read(example))
        .digest('hex'),
    );
  }
  tell.progress('verify', examples.length, examples.length);
  return contents;
}

/** Those examples' rows of the features, [k, d], with their labels, [k]. */
function pick(
  features: Float32Array,
  examples: readonly ManifestExample[],
  isWanted: (i: number) => boolean,
): Labelled {
  const d = features.length / examples.length;
  const rows = [...examples.keys()].filter(isWanted);
  const picked = new Float32Array(rows.length * d);
  for (const [k, i] of rows.entries()) picked.set(features.subarray(i * d, (i + 1) * d), k * d);
  return { features: picked, labels: Int32Array.from(rows, (i) => examples[i]?.label ?? 0) };
}

/** Where classes are uneven, rare ones weigh more, so that each has the same say; the mean over the examples is 1. */
function weightsOf(labels: Int32Array, classes: number, wish: 'auto' | 'none'): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  const present = counts.filter((count) => count > 0);
  const isEven = Math.max(...present) === Math.min(...present);
  if (wish === 'none' || isEven) return counts.map(() => 1);
  return counts.map((count) => (count === 0 ? 0 : labels.length / (present.length * count)));
}

function countsOf(
  examples: readonly ManifestExample[],
  parts: readonly (Part | undefined)[],
  label: number,
) {
  const counts = { train: 0, validation: 0, test: 0 };
  for (const [i, example] of examples.entries()) {
    const part = parts[i];
    if (example.label === label && part) counts[part] += 1;
  }
  return counts;
}

async function pixelsOf(dataset: Dataset, examples: readonly ManifestExample[], px: number) {
  const pictures: Buffer[] = [];
  for (const example of examples)
    pictures.push(await decodePicture(await dataset.read(example), px));
  return Buffer.concat(pictures); // uint8 [n, px, px, 3]
}

/** Wall clock of each step, in seconds. */
function stopwatch() {
  const laps: Record<string, number> = {};
  let since = performance.now();
  return {
    laps,
    lap(step: string): void {
      const now = performance.now();
      laps[step] = Math.round(now - since) / 1000;
      since = now;
    },
  };
}
