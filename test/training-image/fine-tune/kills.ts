import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Recipe } from '#core/recipe.ts';
import { seededRandom } from '#training-image/data/seeded-random.ts';
import { type FineTuning, fineTune } from '#training-image/fine-tune/fine-tune.ts';
import type { Outcome } from '#training-image/fine-tune/run-epochs.ts';
import { TrainingInterrupted } from '#training-image/job/errors.ts';
import { createRowFile } from '#training-image/storage/row-file.ts';
import { difference, SIDE, topologyOf } from '../../engine/networks.ts';
import { BLOCK_OUTPUTS, threeParts } from '../../engine/trainings.ts';
import { randomBytes } from '../../random.ts';
import { never, quiet } from '../quiet.ts';

const EXAMPLES = 60;
const VALIDATION = 12;
const CLASSES = 4;

const network = topologyOf(threeParts()); // one for all: tfjs numbers the weights of each model anew

/** A fine-tuning of a small network, in a folder of its own. */
export async function smallFineTuning(recipe: object, retrained = 1) {
  const root = await mkdtemp(join(tmpdir(), 'understudy-kills-'));
  const [scratch, checkpoints] = [join(root, 'scratch'), join(root, 'checkpoints')];
  await mkdir(scratch);
  await mkdir(checkpoints);
  const decoded = await createRowFile(join(root, 'images.u8'), SIDE * SIDE * 3);
  await decoded.write(0, randomBytes(EXAMPLES * SIDE * SIDE * 3));
  const part = (from: number, to: number) => {
    const indices = Int32Array.from({ length: to - from }, (_, i) => from + i);
    return { indices, labels: indices.map((index) => index % CLASSES) };
  };
  const tuning: FineTuning = {
    name: 'only',
    start: await network,
    blockOutputs: BLOCK_OUTPUTS,
    px: SIDE,
    retrained,
    recipe: Recipe.parse(recipe),
    flip: true,
    decoded,
    train: part(VALIDATION, EXAMPLES),
    validation: part(0, VALIDATION),
    classWeights: new Array(CLASSES).fill(1),
    scratch,
    checkpoints,
    cacheKey: [],
    until: 3600,
    elapsed: () => 0,
  };
  const remove = async () => {
    await decoded.close();
    await rm(root, { recursive: true });
  };
  return { tuning, remove };
}

/** Its outcome if nobody disturbs it, and how often it looks whether it should stop. */
export async function undisturbed(
  tuning: FineTuning,
): Promise<{ checks: number; outcome: Outcome }> {
  let checks = 0;
  const count = () => {
    checks += 1;
  };
  return { outcome: await fineTune(tuning, quiet, { throwIfRequested: count }), checks };
}

/** Ends a fine-tuning at random moments again and again, as SIGTERM and SIGKILL do, and then lets it finish. */
export async function killedOver(
  tuning: FineTuning,
  kills: number,
  checks: number,
  seed: number,
): Promise<Outcome> {
  const random = seededRandom('kills', seed);
  for (let kill = 0; kill < kills; kill++) {
    // Each run gets only part of the way, or it would finish before the last kill.
    let left = Math.floor(random() * Math.max(8, (3 * checks) / kills));
    const isAsked = random() < 0.5;
    const throwIfRequested = () => {
      if (left-- === 0) throw isAsked ? new TrainingInterrupted('asked') : new Error('killed');
    };
    await fineTune(tuning, quiet, { throwIfRequested }).catch((error: Error) => {
      if (!(error instanceof TrainingInterrupted) && error.message !== 'killed') throw error;
    });
  }
  return fineTune(tuning, quiet, never);
}

/** The largest difference between the weights of two outcomes; NaN if they differ in anything else. */
export function distance(one: Outcome, other: Outcome): number {
  const facts = ({ weights, epochs, stopped, batchSize }: Outcome) =>
    JSON.stringify([weights?.size, epochs, stopped, batchSize]);
  if (facts(one) !== facts(other)) return Number.NaN;
  const differences = [...(one.weights ?? [])].map(([name, values]) =>
    difference(values, other.weights?.get(name) ?? []),
  );
  return Math.max(...differences);
}
