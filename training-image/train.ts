import { rm } from 'node:fs/promises';
import { at } from '#core/at.ts';
import { expectedTimeLine } from '#core/expected-time.ts';
import { sha256 } from '#core/identity.ts';
import type { MlFolder } from '#core/ml-folder.ts';
import type { TeacherEntry } from '#core/teacher.ts';
import { CHANNELS } from '#core/training-contract.ts';
import { classWeights } from './data/class-counts.ts';
import { decodeExamples } from './data/decode-examples.ts';
import { DECODER, RESIZE } from './data/decode-image.ts';
import { prepareScratch } from './data/decoded-images.ts';
import { collectNotes } from './data/image-notes.ts';
import { knownCopies } from './data/known-copies.ts';
import { openDataset } from './data/read-dataset.ts';
import { verifyExamples } from './data/verify-examples.ts';
import { fitTemperature } from './evaluate/calibration.ts';
import { computeMetrics } from './evaluate/metrics.ts';
import { computeFeatures } from './features/compute-features.ts';
import { openFeatureCache } from './features/feature-cache.ts';
import { widthOf } from './features/feature-sets.ts';
import { loadTeacher } from './features/load-teacher.ts';
import { canRace } from './fine-tune/race.ts';
import { tuneAsPlanned } from './fine-tune/tune-as-planned.ts';
import { refitTuned } from './fine-tune/tune-student.ts';
import { chooseHeads, fitHead } from './head/fit-head.ts';
import { cacheKeyOf, describeEnvironment } from './job/environment.ts';
import { readJob } from './job/read-job.ts';
import type { Reporter, StopSignal } from './job/reporter.ts';
import { rentedInstance } from './job/require-device.ts';
import { startTimings } from './job/timings.ts';
import { chooseStudent } from './plan/choose-student.ts';
import { divideExamples } from './plan/divide-examples.ts';
import { expectedTime } from './plan/expected-time.ts';
import { fineTuningEnds, freezePlanFor } from './plan/freeze-plan.ts';
import { makePlan } from './plan/make-plan.ts';
import { requireTime } from './plan/require-time.ts';
import { examineAnswers } from './report/examine-answers.ts';
import { gatherFindings } from './report/gather-findings.ts';
import { examplePixels } from './report/pixels.ts';
import { reportPage } from './report/report-page.ts';
import { unlessFaulty } from './report/unless-faulty.ts';
import { requireRoom, scratchFolder } from './storage/room.ts';
import { shardsOf } from './storage/shards.ts';
import { checkSavedModel } from './student/check-saved-model.ts';
import { saveModel } from './student/save-model.ts';
import { saveStudent } from './student/save-student.ts';
import { studentCard } from './student/student-card.ts';
import { headStudent } from './student/trained-student.ts';

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
  const environment = { ...(await describeEnvironment()), ...(await rentedInstance(folders)) };
  const job = await readJob(folders, catalogue);
  const { hyperparameters, manifest, recipe, candidates } = job;
  const { examples } = manifest;
  const { classes } = manifest.header;
  const budgetSeconds = Number(hyperparameters.budget_seconds);
  const { checkpoints } = folders;
  const scratch = scratchFolder(folders);
  await prepareScratch(scratch);

  // The dataset: verified against the manifest, then split by content.
  const dataset = await openDataset(folders.channel(CHANNELS.dataset.folder), manifest, scratch);
  const notes = collectNotes();
  const contents = await verifyExamples(dataset, examples, report, stop, notes.see); // a sha256 per example
  const contentSha256 = sha256(contents.join('\n'));
  timings.finish('verify');

  const labels = Int32Array.from(examples, ({ label }) => label);
  const sameBytes = { identities: contents, groups: contents };
  const atFirst = divideExamples(manifest, labels, sameBytes, recipe);

  // The plan: teacher, image size and what the head is given, by measuring on a sample.
  const channel = folders.channel(CHANNELS.teacher.folder);
  const dataKey = [contentSha256, RESIZE, recipe.seed, recipe.split, ...cacheKeyOf(environment)];
  const { plan, known } = await makePlan(
    {
      channel,
      candidates,
      recipe,
      dataset,
      examples,
      labels,
      classes,
      learnable: atFirst.judgement.learnable,
      checkpoints,
      cacheKey: [
        ...dataKey,
        recipe.input_px,
        recipe.prefer,
        recipe.regime,
        candidates.map(({ name }) => name),
      ],
      budgetSeconds,
      elapsed: timings.elapsed,
    },
    report,
    stop,
  );
  requireTime(plan, examples.length, budgetSeconds);
  timings.finish('plan');
  const entry = at(
    candidates.filter(({ name }) => name === plan.teacher),
    0,
  );
  const teacher = await loadTeacher(channel, entry, plan.px);
  const { px } = teacher;
  const common = { recipe, teacher, plan, labels, classes: classes.length, budgetSeconds };
  const imagesKey = [contentSha256, RESIZE, DECODER, environment.understudy];
  const copies = await knownCopies(checkpoints, [px, ...imagesKey]);
  const before = copies.kept ? divideExamples(manifest, labels, copies.kept, recipe) : atFirst;
  const planned = freezePlanFor({ ...common, judgement: before.judgement });
  const say = ({ regime, why }: typeof planned) =>
    report.line(`plan: ${plan.teacher} at ${px} px, ${regime}. ${why}`);
  say(planned);
  const hasRace = canRace(planned, before.judgement);
  report.line(expectedTimeLine(expectedTime(plan, planned, examples.length, hasRace)));

  // Features: what the frozen backbone gives for every image; finished shards survive an interruption.
  const n = examples.length;
  const cacheKey = [teacher.digest, plan.set.id, ...dataKey];
  const cache = await openFeatureCache({ checkpoints, scratch }, cacheKey, n, widthOf(plan.set));
  const { features } = cache; // [n, d]
  // Fine-tuning needs all images, and so does the search for copies.
  const shards = planned.retrained > 0 || !copies.kept ? shardsOf(n) : cache.missing;
  await requireRoom(folders, {
    images: shards.reduce((sum, { count }) => sum + count, 0),
    px,
    examples: n,
    features: widthOf(plan.set),
    weightBytes: teacher.weights.byteLength,
  });
  const decoding = { dataset, examples, shards, px, scratch, cacheKey: imagesKey };
  const decoded = await decodeExamples(decoding, report, stop); // uint8 [n, px, px, 3]
  timings.finish('decode');

  // Copies that only their pixels show must not be on two sides either.
  const found = copies.kept ?? (await copies.find(contents, decoded, px));
  const division = copies.kept ? before : divideExamples(manifest, labels, found, recipe);
  const { judgement, counts } = division;
  const warnings = [...division.warnings, ...notes.told()];
  const freeze = copies.kept ? planned : freezePlanFor({ ...common, judgement });
  if (freeze.regime !== planned.regime) say(freeze);

  await computeFeatures(teacher, plan.set, decoded, cache, known, report, stop);
  timings.finish('features');

  // The head, on frozen features; it is also the baseline that fine-tuning must beat.
  const weigh = (of: Int32Array) => classWeights(of, classes.length, recipe.class_weights);
  const headData = { features, labels, weigh, scratch };
  const heads = await chooseHeads(headData, judgement, report, stop);
  const headOn = (indices: Int32Array) => fitHead(headData, indices, heads, report, stop);
  timings.finish('head');

  // Fine-tuning, judged on the same held-out images.
  const until = fineTuningEnds(budgetSeconds);
  const shared = {
    teacher,
    set: plan.set,
    features,
    recipe,
    decoded,
    labels,
    weigh,
    scratch,
    checkpoints,
    cacheKey: [...cacheKey, recipe.class_weights], // the head depends on it
    elapsed: timings.elapsed,
  };
  const tuned =
    freeze.retrained > 0
      ? await tuneAsPlanned(shared, freeze, judgement, heads, until, report, stop)
      : undefined;
  const choice = chooseStudent(freeze, tuned);
  const isTuned = choice.used !== 'head-only';
  const judged = (isTuned && tuned?.predictions) || heads.predictions;
  if (tuned) timings.finish('fine-tune');

  // The test part is used here, and only here; with cross-validation, the folds have tested the student.
  const temperature = fitTemperature(judged);
  const fitted = await headOn(judgement.fit);
  const tested =
    (isTuned && tuned?.student) || (await headStudent(teacher, plan.set, fitted.head, features));
  const isHeldOut = judgement.method === 'hold-out';
  const predictions = isHeldOut
    ? {
        logits: await tested.predict(judgement.test),
        labels: judgement.test.map((i) => at(labels, i)),
      }
    : judged;
  const metrics = computeMetrics(
    predictions,
    judgement.method,
    classes,
    temperature,
    recipe.seed,
    () => stop.throwIfRequested(),
  );
  report.line(`test_accuracy=${metrics.test.accuracy.toFixed(6)}`);
  timings.finish('evaluate');

  // What a person should see of single images.
  const scale = temperature.temperature;
  const examined = examineAnswers(judgement, predictions, judged, scale, classes.length);
  const named = { examples, contents, labels, classes };
  const pixelsOf = examplePixels(decoding, decoded);
  const findings = await unlessFaulty(report, () =>
    gatherFindings(named, examined, found, pixelsOf, px),
  );
  timings.finish('report');

  // After that one look, the student may learn from all images with the same settings; not from a test part that was given.
  // Of cross-validation, a head has learned from all of them, and a fine-tuned student is that of the first fold.
  const wantsRefit = isHeldOut ? (recipe.refit ?? (!isTuned && !division.isGiven)) : isTuned;
  const onAll = wantsRefit && isHeldOut ? await headOn(judgement.all) : fitted;
  const refitted = !wantsRefit
    ? undefined
    : isTuned && tuned
      ? await refitTuned(tuned, judgement.all, until, report, stop)
      : await headStudent(teacher, plan.set, onAll.head, features);
  const student = refitted ?? tested;
  timings.finish('refit');

  await saveModel(student.network, student.topology, temperature.temperature, folders.model);
  const originals = { dataset, examples, px };
  await checkSavedModel(folders.model, student.predict, temperature.temperature, originals);
  for (const each of new Set([tested, tuned?.student, refitted])) each?.dispose();
  teacher.model.dispose();
  dataset.close();
  await decoded.close();
  await cache.close();
  await rm(scratch, { recursive: true });
  timings.finish('save');

  const card = studentCard({
    job,
    teacher,
    plan: plan.facts,
    contentSha256,
    counts,
    warnings,
    folds: judgement.folds,
    heads,
    head: onAll,
    fineTuning: tuned,
    choice,
    judged,
    refit: refitted !== undefined || (!isTuned && !isHeldOut), // such a head has learned from all images anyway
    student,
    metrics,
    timings: timings.steps,
    environment,
  });
  const page =
    findings && (await unlessFaulty(report, () => reportPage({ card, recipe, findings })));
  await saveStudent(folders.model, card, named, examined, page);
}
