import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { at } from '#core/at.ts';
import { sha256 } from '#core/identity.ts';
import type { MlFolder } from '#core/ml-folder.ts';
import { retrainedBlocks } from '#core/recipe.ts';
import { CHANNELS } from '#core/training-contract.ts';
import { TEACHERS } from '#teachers/catalogue.ts';
import { classWeights, countClasses } from '#training-image/data/class-counts.ts';
import { decodeExamples } from '#training-image/data/decode-examples.ts';
import { openDataset } from '#training-image/data/read-dataset.ts';
import { splitExamples } from '#training-image/data/split-examples.ts';
import { verifyExamples } from '#training-image/data/verify-examples.ts';
import { computeFeatures } from '#training-image/features/compute-features.ts';
import { openFeatureCache } from '#training-image/features/feature-cache.ts';
import { type FeatureSet, lastFeatures, widthOf } from '#training-image/features/feature-sets.ts';
import { loadTeacher } from '#training-image/features/load-teacher.ts';
import { refitTuned } from '#training-image/fine-tune/tune-student.ts';
import { choosePenalty, fitHead } from '#training-image/head/fit-head.ts';
import { readJob } from '#training-image/job/read-job.ts';
import { stopSignal } from '#training-image/job/reporter.ts';
import { judgementFor } from '#training-image/plan/judgement.ts';
import { makePlan, type Plan } from '#training-image/plan/make-plan.ts';
import { measureMirroring } from '#training-image/plan/mirroring.ts';
import { shardsOf } from '#training-image/storage/shards.ts';
import { headStudent, type TrainedStudent } from '#training-image/student/trained-student.ts';
import type { Regime } from './cells.ts';

/** A student of one regime, and what it took. */
export interface RegimeResult {
  regime: Regime;
  student: TrainedStudent;
  classes: readonly string[]; // in the order of the logits
  px: number;
  facts: Plan['facts']; // what the plan measured
  features: string; // the set that the head was given
  cpuSeconds: number; // as if no other regime had been trained
}

const report = { line: () => undefined, progress: () => undefined };
const stop = stopSignal(new Int32Array(new SharedArrayBuffer(4)));
const UNLIMITED = 1e6; // seconds

/**
 * Trains students of several regimes on all images of a job, one after the other, with the trainer's own steps in its
 * order. Unlike a job, it does not compare a fine-tuned student with the head: the calibration has test images for that,
 * and judging by cross-validation takes five times as long as the fine-tuning itself.
 *
 * @param folders of a job with one teacher and a fixed image size
 * @param use called with each student, which is disposed of afterwards
 */
export async function trainRegimes(
  folders: MlFolder,
  regimes: readonly Exclude<Regime, 'auto'>[],
  use: (result: RegimeResult) => Promise<void>,
): Promise<void> {
  const shared = startClock();
  const { manifest, recipe, candidates } = await readJob(folders, TEACHERS);
  const { examples } = manifest;
  const { classes } = manifest.header;
  const { checkpoints } = folders;
  const scratch = join(folders.root, 'scratch');
  await mkdir(scratch, { recursive: true });

  const dataset = await openDataset(folders.channel(CHANNELS.dataset.folder), manifest);
  const contents = await verifyExamples(dataset, examples, report, stop);
  const labels = Int32Array.from(examples, ({ label }) => label);
  const hashed = examples.map(({ label }, i) => ({ contentSha256: at(contents, i), label }));
  const { parts } = splitExamples(hashed, recipe.split, recipe.seed);
  const counts = countClasses(classes, labels, parts);
  const judgement = judgementFor(contents, labels, parts, counts, recipe.seed);

  const channel = folders.channel(CHANNELS.teacher.folder);
  const entry = at(candidates, 0);
  const teacher = await loadTeacher(channel, entry, recipe.input_px);
  const decoding = {
    dataset,
    examples,
    shards: shardsOf(examples.length),
    px: teacher.px,
    scratch,
  };
  const decoded = await decodeExamples(decoding, report, stop);
  const weigh = (of: Int32Array) => classWeights(of, classes.length, recipe.class_weights);
  const sharedSeconds = shared();

  /** What the students of regimes with the same set of features have in common. */
  async function prepare(planFor: string, set?: FeatureSet) {
    const clock = startClock();
    const { plan, known } = await makePlan(
      {
        channel,
        candidates,
        recipe: { ...recipe, regime: planFor },
        dataset,
        examples,
        labels,
        classes: classes.length,
        learnable: judgement.learnable,
        checkpoints,
        cacheKey: [planFor],
        budgetSeconds: UNLIMITED,
        elapsed: () => 0,
      },
      report,
      stop,
    );
    const chosen = set ?? plan.set;
    const folder = join(scratch, `${planFor}-${chosen.id}`);
    await mkdir(folder, { recursive: true });
    const places = { checkpoints: folder, scratch: folder };
    const cache = await openFeatureCache(places, [], examples.length, widthOf(chosen));
    const ofPlan = set ? new Map<number, Float32Array>() : known; // those have the plan's set
    await computeFeatures(teacher, chosen, decoded, cache, ofPlan, report, stop);
    const data = { features: cache.features, labels, weigh, scratch: folder };
    const heads = await choosePenalty(data, judgement, report, stop);
    const { head } = await fitHead(data, judgement.all, heads.l2, report, stop);
    return { plan, set: chosen, cache, heads, head, seconds: clock() };
  }
  type Prepared = Awaited<ReturnType<typeof prepare>>;

  async function tune(retrained: number, { set, heads, head }: Prepared, name: string) {
    const common = { teacher, set, recipe, decoded, labels, weigh, scratch, checkpoints };
    const mirroring = await measureMirroring(common, judgement, heads, report, stop);
    const tuning = { ...common, retrained, flip: mirroring.allowed, rate: 1, epochs: 1 };
    const all = { ...tuning, cacheKey: [name, sha256(contents.join())], elapsed: () => 0 };
    const student = await refitTuned(all, judgement.all, head, UNLIMITED, report, stop);
    if (!student) throw new Error(`Fine-tuning ${name} failed.`);
    return student;
  }

  const prepared = new Map<string, Prepared>();
  try {
    for (const regime of regimes) {
      const isHead = regime === 'head-only' || regime === 'last-features';
      const set =
        regime === 'last-features'
          ? lastFeatures(entry.features.layer, entry.features.size)
          : undefined;
      const key = isHead ? regime : 'full'; // all that retrain blocks begin with the same head
      const own = prepared.get(key) ?? (await prepare(isHead ? 'head-only' : 'full', set));
      prepared.set(key, own);
      const clock = startClock();
      const student = isHead
        ? await headStudent(teacher, own.set, own.head, own.cache.features)
        : await tune(retrainedBlocks(regime, entry.blockOutputs.length), own, regime);
      const cpuSeconds = sharedSeconds + own.seconds + clock();
      const { facts } = own.plan;
      const { px } = teacher;
      await use({ regime, student, classes, px, facts, features: own.set.id, cpuSeconds });
      student.dispose();
    }
  } finally {
    for (const { cache } of prepared.values()) await cache.close();
    teacher.model.dispose();
    dataset.close();
    await decoded.close();
  }
}

/** CPU seconds of this process, user and system, since the call. */
function startClock(): () => number {
  const begun = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(begun);
    return (user + system) / 1e6;
  };
}
