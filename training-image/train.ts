import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { at } from '#core/at.ts';
import { sha256 } from '#core/identity.ts';
import type { MlFolder } from '#core/ml-folder.ts';
import type { TeacherEntry } from '#core/teacher.ts';
import { classWeights, countClasses, judgeCounts } from './data/class-counts.ts';
import { decodeExamples } from './data/decode-examples.ts';
import { RESIZE } from './data/decode-image.ts';
import { openDataset } from './data/read-dataset.ts';
import { indicesOf, splitExamples } from './data/split-examples.ts';
import { verifyExamples } from './data/verify-examples.ts';
import { fitTemperature } from './evaluate/calibration.ts';
import { computeMetrics } from './evaluate/metrics.ts';
import { computeFeatures } from './features/compute-features.ts';
import { openFeatureCache } from './features/feature-cache.ts';
import { loadTeacher } from './features/load-teacher.ts';
import { fineTune } from './fine-tune/fine-tune.ts';
import { fitHead } from './head/fit-head.ts';
import { labelledFeatures } from './head/labelled-features.ts';
import { cacheKeyOf, describeEnvironment } from './job/environment.ts';
import { readJob } from './job/read-job.ts';
import type { Reporter, StopSignal } from './job/reporter.ts';
import { startTimings } from './job/timings.ts';
import { chooseStudent } from './plan/choose-student.ts';
import { retrainedBlocksFor } from './plan/freeze-plan.ts';
import { shardsOf } from './storage/shards.ts';
import { buildStudent } from './student/build-student.ts';
import { checkSavedModel } from './student/check-saved-model.ts';
import { requireTopology } from './student/network.ts';
import { saveModel } from './student/save-model.ts';
import { saveStudent } from './student/save-student.ts';
import { studentCard } from './student/student-card.ts';
import { fineTunedStudent, headStudent } from './student/trained-student.ts';

/**
 * One training job, from the folders that SageMaker laid out to a student in `model/`.
 *
 * @throws TrainingRefused if the job's input is at fault; TrainingInterrupted if the training was asked to end
 */
export async function train(
  folders: MlFolder,
  catalogue: ReadonlyMap<string, TeacherEntry>,
  report: Reporter,
  stop: StopSignal,
): Promise<void> {
  const timings = startTimings();
  const environment = await describeEnvironment();
  const job = await readJob(folders, catalogue);
  const { hyperparameters, manifest, recipe, candidates } = job;
  const { examples } = manifest;
  const { classes } = manifest.header;
  const entry = at(candidates, 0);
  const teacher = await loadTeacher(folders.channel('teacher'), entry, recipe.input_px);
  const { px } = teacher;
  const retrained = retrainedBlocksFor(recipe, teacher); // blocks, besides the head

  // The dataset: verified against the manifest, then split by content.
  const dataset = await openDataset(folders.channel('dataset'), manifest);
  const contents = await verifyExamples(dataset, examples, report, stop); // a sha256 per example
  const contentSha256 = sha256(contents.join('\n'));
  timings.finish('verify');

  const labels = Int32Array.from(examples, ({ label }) => label);
  const hashed = examples.map(({ label }, i) => ({ contentSha256: at(contents, i), label }));
  const { parts, warnings } = splitExamples(hashed, recipe.split, recipe.seed);
  const trainIndices = indicesOf(parts, 'train');
  const validationIndices = indicesOf(parts, 'validation');
  const testIndices = indicesOf(parts, 'test');
  const counts = countClasses(classes, labels, parts);
  warnings.push(...judgeCounts(counts));

  // Features: what the frozen backbone gives for every image; finished shards survive an interruption.
  const { checkpoints } = folders;
  const scratch = join(folders.root, 'scratch');
  await rm(scratch, { recursive: true, force: true }); // left by an interrupted run
  await mkdir(scratch, { recursive: true });
  const cacheKey = [teacher.digest, contentSha256, RESIZE, ...cacheKeyOf(environment)];
  const n = examples.length;
  const cache = await openFeatureCache({ checkpoints, scratch }, cacheKey, n, entry.features.size);
  const { features } = cache; // [n, d]
  const shards = retrained > 0 ? shardsOf(n) : cache.missing; // fine-tuning needs all images
  const decoding = { dataset, examples, shards, px, scratch };
  const decoded = await decodeExamples(decoding, report, stop); // uint8 [n, px, px, 3]
  timings.finish('decode');

  await computeFeatures(teacher, decoded, cache, report, stop);
  timings.finish('features');

  // The head, on frozen features; it is also the baseline that fine-tuning must beat.
  const trainFeatures = labelledFeatures(features, trainIndices, labels);
  const validationFeatures = labelledFeatures(features, validationIndices, labels);
  const weigh = (of: Int32Array) => classWeights(of, classes.length, recipe.class_weights);
  const head = await fitHead(
    { train: trainFeatures, validation: validationFeatures, weigh, scratch },
    report,
    stop,
  );
  timings.finish('head');

  // Fine-tuning, starting from that head.
  const start = retrained > 0 ? await buildStudent(teacher, head.beforeRefit) : undefined;
  const validation = { indices: validationIndices, labels: validationFeatures.labels };
  const weights = weigh(trainFeatures.labels);
  const outcome =
    start &&
    (await fineTune(
      {
        start: requireTopology(start),
        entry: { ...entry, input: { ...entry.input, px } },
        retrained,
        recipe,
        decoded,
        train: { indices: trainIndices, labels: trainFeatures.labels },
        validation,
        classWeights: weights,
        scratch,
        checkpoints,
        cacheKey: [...cacheKey, recipe.split, recipe.class_weights], // the head depends on both
        budgetSeconds: Number(hyperparameters.budget_seconds),
        elapsed: timings.elapsed,
      },
      report,
      stop,
    ));
  if (outcome) timings.finish('fine-tune');

  const choice = chooseStudent(recipe.regime, head.validation, outcome);
  const student =
    start && outcome && choice.used !== 'head-only'
      ? await fineTunedStudent(start, outcome.bestWeights, decoded, validation, report, stop)
      : await headStudent(teacher, head, features, validationFeatures);

  // The test part is used here, and only here.
  const temperature = fitTemperature(student.validation);
  const test = {
    logits: await student.predict(testIndices),
    labels: testIndices.map((i) => at(labels, i)),
  };
  const metrics = computeMetrics(test, classes, temperature, recipe.seed, () =>
    stop.throwIfRequested(),
  );
  report.line(`test_accuracy=${metrics.test.accuracy.toFixed(6)}`);
  timings.finish('evaluate');

  await saveModel(student.network, student.topology, temperature.temperature, folders.model);
  const originals = { dataset, examples, px };
  await checkSavedModel(folders.model, student.predict, temperature.temperature, originals);
  student.dispose();
  teacher.model.dispose();
  dataset.close();
  await decoded.close();
  await cache.close();
  await rm(scratch, { recursive: true });
  timings.finish('save');

  const card = studentCard({
    job,
    teacher,
    contentSha256,
    counts,
    warnings,
    head,
    fineTuning: outcome && {
      outcome,
      examples: trainIndices.length,
      classWeights: weights,
    },
    choice,
    student,
    metrics,
    timings: timings.steps,
    environment,
  });
  await saveStudent(folders.model, card);
}
