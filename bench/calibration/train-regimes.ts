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
import { chooseHeads, fitHead } from '#training-image/head/fit-head.ts';
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

interface Made {
  student: TrainedStudent;
  features: string;
  seconds: number; // CPU, without what all regimes share
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

  const dataset = await openDataset(folders.channel(CHANNELS.dataset.folder), manifest, scratch);
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
    cacheKey: contents,
  };
  const decoded = await decodeExamples(decoding, report, stop);
  const weigh = (of: Int32Array) => classWeights(of, classes.length, recipe.class_weights);
  const sharedSeconds = shared();

  const planned = startClock();
  const { plan, known } = await makePlan(
    {
      channel,
      candidates,
      recipe,
      dataset,
      examples,
      labels,
      classes,
      learnable: judgement.learnable,
      checkpoints,
      cacheKey: [],
      budgetSeconds: UNLIMITED,
      elapsed: () => 0,
    },
    report,
    stop,
  );
  const planSeconds = planned();

  /** Heads on a set of features; without smoothed labels on the last features, as the starts of fine-tunings are. */
  async function fitHeads(set: FeatureSet) {
    const clock = startClock();
    const folder = join(scratch, set.id);
    await mkdir(folder, { recursive: true });
    const places = { checkpoints: folder, scratch: folder };
    const cache = await openFeatureCache(places, [], examples.length, widthOf(set));
    const rows = set.id === plan.set.id ? known : new Map<number, Float32Array>();
    await computeFeatures(teacher, set, decoded, cache, rows, report, stop);
    const data = { features: cache.features, labels, weigh, scratch: folder };
    const smoothings = set.id === 'last' ? [0] : undefined;
    const heads = await chooseHeads(data, judgement, report, stop, smoothings);
    const { head } = await fitHead(data, judgement.all, heads, report, stop);
    return { set, cache, heads, head, seconds: clock() };
  }

  const byId = new Map<string, Awaited<ReturnType<typeof fitHeads>>>();
  async function headsOn(set: FeatureSet) {
    const heads = byId.get(set.id) ?? (await fitHeads(set));
    byId.set(set.id, heads);
    return heads;
  }

  async function trainHead(set: FeatureSet): Promise<Made> {
    const { head, cache, seconds } = await headsOn(set);
    const student = await headStudent(teacher, set, head, cache.features);
    return { student, features: set.id, seconds };
  }

  const last = lastFeatures(entry.features.layer, entry.features.size);

  async function tune(regime: string): Promise<Made> {
    const { heads, cache, seconds } = await headsOn(plan.set);
    const clock = startClock();
    const cacheKey = [sha256(contents.join()), regime];
    const common = {
      ...{ teacher, recipe, decoded, labels, weigh, scratch, checkpoints, cacheKey },
      ...{ set: plan.set, features: cache.features, elapsed: () => 0 },
    };
    const { allowed } = await measureMirroring(common, judgement, heads, report, stop);
    const retrained = retrainedBlocks(regime, entry.blockOutputs.length);
    const tuning = { ...common, retrained, flip: allowed, rate: 1, epochs: 1 };
    const fitStart = (indices: Int32Array) => fitHead(common, indices, heads, report, stop);
    const student = await refitTuned({ tuning, fitStart }, judgement.all, UNLIMITED, report, stop);
    if (!student) throw new Error(`Fine-tuning ${regime} failed.`);
    return { student, features: plan.set.id, seconds: seconds + clock() };
  }

  const trainAs = (regime: Exclude<Regime, 'auto'>): Promise<Made> => {
    if (regime === 'last-features') return trainHead(last);
    return regime === 'head-only' ? trainHead(plan.set) : tune(regime);
  };

  try {
    for (const regime of regimes) {
      const { student, features, seconds } = await trainAs(regime);
      const cpuSeconds = sharedSeconds + planSeconds + seconds;
      const { px } = teacher;
      await use({ regime, student, classes, px, facts: plan.facts, features, cpuSeconds });
      student.dispose();
    }
  } finally {
    for (const { cache } of byId.values()) await cache.close();
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
