import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Recipe } from '#core/recipe.ts';
import { seededRandom } from '#training-image/data/seeded-random.ts';
import { type FineTuning, fineTune } from '#training-image/fine-tune/fine-tune.ts';
import type { Outcome } from '#training-image/fine-tune/run-epochs.ts';
import { TrainingInterrupted } from '#training-image/job/errors.ts';
import { packedRows } from '#training-image/storage/row-file.ts';
import { difference, randomBytes, SIDE, topologyOf } from '../../engine/networks.ts';
import { BLOCK_OUTPUTS, threeParts } from '../../engine/trainings.ts';

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
  const decoded = await packedRows(join(root, 'images.u8'), SIDE * SIDE * 3);
  await decoded.write(0, randomBytes(EXAMPLES * SIDE * SIDE * 3));
  const part = (from: number, to: number) => {
    const rows = Int32Array.from({ length: to - from }, (_, i) => from + i);
    return { rows, labels: rows.map((row) => row % CLASSES) };
  };
  const tuning: FineTuning = {
    start: await network,
    entry: { blockOutputs: BLOCK_OUTPUTS, input: { px: SIDE, channels: 3 } },
    retrained,
    recipe: Recipe.parse(recipe),
    decoded,
    train: part(VALIDATION, EXAMPLES),
    validation: part(0, VALIDATION),
    classWeights: new Array(CLASSES).fill(1),
    ...{ scratch, checkpoints, madeFrom: [], seconds: () => 0 },
  };
  const remove = async () => {
    await decoded.close();
    await rm(root, { recursive: true });
  };
  return { tuning, remove };
}

export const quiet = { line: () => undefined, progress: () => undefined };

/** Its number of signs of life, when nobody disturbs it, and its outcome. */
export async function undisturbed(
  tuning: FineTuning,
): Promise<{ signs: number; outcome: Outcome }> {
  let signs = 0;
  const progress = () => {
    signs += 1;
  };
  return { outcome: await fineTune(tuning, { ...quiet, progress }), signs };
}

/** Ends a fine-tuning at drawn moments again and again, as SIGTERM does and as SIGKILL does, until so many lives are over. */
export async function killedOver(
  tuning: FineTuning,
  kills: number,
  signs: number,
  seed: number,
): Promise<Outcome> {
  const random = seededRandom('kills', seed);
  for (let kill = 0; kill < kills; kill++) {
    // Not far, or else it would be over too soon: each life goes a part of the way that the kills share.
    let left = Math.floor(random() * Math.max(8, (3 * signs) / kills));
    const isAsked = random() < 0.5;
    const progress = () => {
      if (left-- === 0) throw isAsked ? new TrainingInterrupted('asked') : new Error('killed');
    };
    await fineTune(tuning, { ...quiet, progress }).catch((error: Error) => {
      if (!(error instanceof TrainingInterrupted) && error.message !== 'killed') throw error;
    });
  }
  return fineTune(tuning, quiet);
}

/** The largest difference of what two trainings have come to; not a number if they differ in anything else. */
export function distance(one: Outcome, other: Outcome): number {
  const facts = ({ best, epochs, stopped, batch }: Outcome) =>
    JSON.stringify([best?.epoch, best?.accuracy, epochs, stopped, batch]);
  if (facts(one) !== facts(other)) return Number.NaN;
  const differences = [...one.bestWeights].map(([name, values]) =>
    difference(values, other.bestWeights.get(name) ?? []),
  );
  return Math.max(
    Math.abs((one.best?.crossEntropy ?? 0) - (other.best?.crossEntropy ?? Number.NaN)),
    ...differences,
  );
}
