import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '#core/identity.ts';
import type { MlFolder } from '#core/ml-folder.ts';
import type { TeacherEntry } from '#core/teacher.ts';
import { countClasses, judgeCounts } from './data/class-counts.ts';
import { decodeExamples } from './data/decode-examples.ts';
import { RESIZE } from './data/decode-image.ts';
import { openDataset } from './data/read-dataset.ts';
import { splitExamples } from './data/split-examples.ts';
import { verifyExamples } from './data/verify-examples.ts';
import { fitTemperature } from './evaluate/calibration.ts';
import { computeMetrics } from './evaluate/metrics.ts';
import { computeFeatures } from './features/compute-features.ts';
import { openFeatureCache } from './features/feature-cache.ts';
import { loadTeacher } from './features/load-teacher.ts';
import { whatMadeIt } from './job/provenance.ts';
import { readJob } from './job/read-job.ts';
import type { Tell } from './job/reporter.ts';
import { stopwatch } from './job/timings.ts';
import { planFreeze } from './plan/freeze-plan.ts';
import { shardsOf } from './storage/shards.ts';
import { checkSavedModel } from './student/check-saved-model.ts';
import { saveModel } from './student/save-model.ts';
import { saveStudent } from './student/save-student.ts';
import { studentCard } from './student/student-card.ts';
import { rowsOf, trainStudent } from './train-student.ts';

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
  const retrained = planFreeze(recipe, teacher);
  const dataset = await openDataset(folders.channel('dataset'), job.manifest);
  const contents = await verifyExamples(dataset, examples, tell); // sha256 of each example
  const contentSha256 = sha256(contents.join('\n'));
  clock.lap('verify');

  const labels = examples.map(({ label }) => label);
  const { parts, warnings } = splitExamples(
    contents.map((contentSha256, i) => ({ contentSha256, label: labels[i] ?? 0 })),
    recipe.split,
    recipe.seed,
  );
  const counts = countClasses(header.classes, examples, parts);
  warnings.push(...judgeCounts(counts));

  const madeFrom = [teacher.digest, contentSha256, RESIZE, ...Object.values(made)];
  const n = examples.length;
  const { checkpoints } = folders;
  const scratch = join(folders.root, 'scratch');
  await rm(scratch, { recursive: true, force: true }); // an interrupted training's
  await mkdir(scratch, { recursive: true });
  const cache = await openFeatureCache({ checkpoints, scratch }, madeFrom, n, entry.features.size);
  const wanted = retrained > 0 ? shardsOf(n) : cache.missing;
  const decoded = await decodeExamples(dataset, examples, wanted, px, scratch, tell);
  clock.lap('decode');

  await computeFeatures(teacher, decoded, cache, tell);
  clock.lap('features');

  const { classes } = header;
  const data = { labels, parts, features: cache.features, decoded, classes: classes.length };
  const lesson = { teacher, retrained, recipe, ...data, scratch, checkpoints, madeFrom };
  const trained = await trainStudent(lesson, clock, tell);
  const { student } = trained;

  const temperature = fitTemperature(student.validation);
  const test = rowsOf(parts, 'test');
  const answers = { logits: await student.ask(test), labels: test.map((i) => labels[i] ?? -1) };
  const metrics = computeMetrics(answers, classes, temperature, recipe.seed); // the first and only look at the test part
  tell.line(`test_accuracy=${metrics.test.accuracy.toFixed(6)}`);
  clock.lap('evaluate');

  await saveModel(student.network, student.topology, temperature.temperature, folders.model);
  const checked = { dataset, examples, px };
  await checkSavedModel(folders.model, student.ask, temperature.temperature, checked);
  student.dispose();
  teacher.model.dispose();
  dataset.close();
  await decoded.close();
  await cache.close();
  await rm(scratch, { recursive: true });
  clock.lap('save');

  const found = { contentSha256, counts, warnings, trained, metrics };
  const card = studentCard({ ...job, ...found, seconds: clock.laps, made });
  await saveStudent(folders.model, card);
}
