import { join } from 'node:path';
import { type Augmentation, augmentationOf, type Recipe } from '#core/recipe.ts';
import type { TeacherEntry } from '#core/teacher.ts';
import { type FrozenPrefix, frozenPrefix } from '#engine/frozen-prefix.ts';
import { sizeOf } from '#engine/graph.ts';
import { cutNetwork, layerOf, type Topology } from '#engine/topology.ts';
import { trainingStep } from '#engine/training-step.ts';
import type { TrainingSettings } from '#engine/write-step.ts';
import type { Tell } from '../job/reporter.ts';
import { keptFolder } from '../storage/checkpoint-folder.ts';
import type { PackedRows } from '../storage/row-file.ts';
import { readCheckpoint, writeCheckpoint } from './checkpoint.ts';
import { type Outcome, runEpochs } from './run-epochs.ts';
import { scheduleFor } from './schedule.ts';
import { activationSource, imageSource, type Source } from './sources.ts';

/** Some examples, by their rows among the decoded images. */
export interface Examples {
  rows: Int32Array;
  labels: Int32Array;
}

export interface FineTuning {
  /** The teacher with the head that was fitted on the train part alone. */
  start: Topology;
  entry: Pick<TeacherEntry, 'blockOutputs' | 'input'>;
  retrained: number; // blocks
  recipe: Recipe;
  decoded: PackedRows;
  train: Examples;
  validation: Examples;
  classWeights: readonly number[];
  scratch: string; // a folder for what can be computed again
  checkpoints: string;
  madeFrom: readonly unknown[]; // what all this depends on
  seconds(): number; // since the training began
  diskForActivations?: number; // bytes
}

const DISK_FOR_ACTIVATIONS = 8e9; // bytes; chosen: SageMaker's volume holds 50 GB, the decoded images most of it
const MOST_VIEWS = 8; // chosen: of each image, each a pass through the frozen blocks
const FEWEST_VIEWS = 2;

/** Of the budget; the rest is for what comes before the next batch, for evaluation and for saving. */
const SHARE_OF_BUDGET = 0.85;
const LEFT_SECONDS = 30;

/**
 * Retrains the last blocks, from the head that fits the frozen features (LP-FT, Kumar et al., ICLR 2022).
 * What was done before an interruption is not done again.
 */
export async function fineTune(tuning: FineTuning, tell: Tell): Promise<Outcome> {
  const { start, entry, retrained, recipe, train, validation } = tuning;
  const schedule = scheduleFor(train.rows.length, retrained);
  const inputs = openInputs(tuning, schedule.epochs, tell);
  const settings: TrainingSettings = {
    blockOutputs: entry.blockOutputs,
    retrained,
    input: inputs.kind,
    optimizer: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 },
    learningRates: schedule.learningRates,
    clipNorm: 1,
    classWeights: tuning.classWeights,
  };
  const madeFrom = [...tuning.madeFrom, recipe, settings, schedule];
  const folder = await keptFolder(tuning.checkpoints, 'fine-tune', madeFrom);
  const file = join(folder, 'checkpoint');
  const kept = await readCheckpoint(file);
  if (kept === 'damaged') tell.line('The checkpoint is damaged; the fine-tuning begins afresh.');

  const step = trainingStep(start, settings);
  try {
    return await runEpochs({
      step,
      train: { source: inputs.train, labels: train.labels },
      validation: { source: inputs.validation, labels: validation.labels },
      schedule,
      seed: recipe.seed,
      begun: kept === 'damaged' ? undefined : kept,
      keep: (checkpoint) => writeCheckpoint(file, checkpoint),
      seconds: tuning.seconds,
      budgetSeconds: Math.max(0, SHARE_OF_BUDGET * 60 * recipe.budget.minutes - LEFT_SECONDS),
      tell,
    });
  } finally {
    step.dispose();
    await inputs.close();
  }
}

interface Inputs {
  kind: TrainingSettings['input'];
  train: Source;
  validation: Source;
  close(): Promise<void>;
}

/** Activations of the last frozen block where there is one and the disk holds enough of them, images otherwise. */
function openInputs(tuning: FineTuning, epochs: number, tell: Tell): Inputs {
  const { decoded, start, entry, retrained, recipe, scratch } = tuning;
  const { px } = entry.input;
  const how = augmentationOf(recipe);
  const change = how && { how, seed: recipe.seed };
  const train = imageSource(decoded, tuning.train.rows, px, change);
  const validation = imageSource(decoded, tuning.validation.rows, px);
  const views = viewsOf(tuning, how, epochs);
  if (views === 0) return { kind: 'images', train, validation, close: async () => undefined };

  const { at } = cutNetwork(start, entry.blockOutputs, retrained);
  const prefix: FrozenPrefix = frozenPrefix(start, [at]);
  const activations = {
    train: activationSource(train, prefix, views, scratch, 'train', tell),
    validation: activationSource(validation, prefix, 1, scratch, 'validation', tell),
  };
  return {
    kind: 'activations',
    ...activations,
    async close() {
      await activations.train.close();
      await activations.validation.close();
      prefix.dispose();
    },
  };
}

/** Of how many different views of each image the activations are kept; 0: of none. */
function viewsOf(
  { start, entry, retrained, train, validation, diskForActivations }: FineTuning,
  how: Augmentation | undefined,
  epochs: number,
): number {
  if (retrained === entry.blockOutputs.length) return 0;
  const { at } = cutNetwork(start, entry.blockOutputs, retrained);
  const bytes = 4 * sizeOf(layerOf(start, at).shape.slice(1)); // an example
  const left = (diskForActivations ?? DISK_FOR_ACTIVATIONS) - validation.rows.length * bytes;
  const most = Math.floor(left / (bytes * Math.max(1, train.rows.length)));
  if (!how) return most < 1 ? 0 : 1;
  return most < FEWEST_VIEWS ? 0 : Math.min(most, MOST_VIEWS, epochs);
}
