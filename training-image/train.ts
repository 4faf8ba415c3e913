import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '#core/identity.ts';
import type { MlFolder } from '#core/ml-folder.ts';
import type { TeacherEntry } from '#core/teacher.ts';
import { countClasses, judgeCounts } from './data/class-counts.ts';
import { decodeExamples } from './data/decode-examples.ts';
import { RESIZE } from './data/decode-picture.ts';
import { openDataset } from './data/read-dataset.ts';
import { type Part, splitExamples } from './data/split-examples.ts';
import { verifyExamples } from './data/verify-examples.ts';
import { computeFeatures } from './features/compute-features.ts';
import { openFeatureCache } from './features/feature-cache.ts';
import { classWeights } from './head/class-weights.ts';
import { fitHead } from './head/fit-head.ts';
import { pick } from './head/labelled.ts';
import { readJob } from './job/read-job.ts';
import { whatMadeIt } from './job/what-made-it.ts';
import { measure } from './measure.ts';
import { stopwatch } from './stopwatch.ts';
import { buildStudent, disposeBoth } from './student/build-student.ts';
import { checkSavedModel } from './student/check-saved-model.ts';
import { saveModel } from './student/save-model.ts';
import { saveStudent } from './student/save-student.ts';
import { studentCard } from './student/student-card.ts';
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
  const clock = stopwatch();
  const job = await readJob(folders, catalogue);
  const { recipe, entry } = job;
  const { header, examples } = job.manifest;
  const { px } = entry.input;
  const made = await whatMadeIt();

  const teacher = await loadTeacher(folders.channel('teacher'), entry);
  const dataset = await openDataset(folders.channel('dataset'), job.manifest);
  const contents = await verifyExamples(dataset, examples, tell); // sha256 of each example
  const readSha256 = sha256(contents.join('\n'));
  clock.lap('verify');

  const labels = examples.map(({ label }) => label);
  const { parts, notices } = splitExamples(
    contents.map((contentSha256, i) => ({ contentSha256, label: labels[i] ?? 0 })),
    recipe.split,
    recipe.seed,
  );
  const counts = countClasses(header.classes, examples, parts);
  notices.push(...judgeCounts(counts));

  const cache = await openFeatureCache(
    folders.checkpoints,
    [teacher.digest, readSha256, RESIZE, ...Object.values(made)],
    examples.length,
    entry.features.size,
  );
  const scratch = join(folders.root, 'scratch');
  const decoded = await decodeExamples(dataset, examples, cache.missing, px, scratch, tell);
  clock.lap('decode');

  const features = await computeFeatures(teacher, decoded, cache, tell); // [n, d]
  const only = (part: Part) => pick(features, labels, (i) => parts[i] === part);
  await rm(scratch, { recursive: true });
  clock.lap('features');

  const weigh = (of: Int32Array) => classWeights(of, header.classes.length, recipe.class_weights);
  const fitted = fitHead(only('train'), only('validation'), weigh, tell);
  const { head } = fitted;
  clock.lap('head');

  const measures = measure(head, only('test'), header.classes); // the first and only look at the test part
  tell.line(`test_accuracy=${measures.test.accuracy.toFixed(6)}`);
  clock.lap('evaluate');

  const student = buildStudent(teacher, head);
  await saveModel(student, folders.model);
  await checkSavedModel(folders.model, head, { dataset, examples, features, px });
  disposeBoth(teacher, student);
  dataset.close();
  clock.lap('save');

  const { laps: seconds } = clock;
  const found = { readSha256, counts, notices, fitted, measures };
  await saveStudent(folders.model, studentCard({ ...job, ...found, seconds, made }));
}
