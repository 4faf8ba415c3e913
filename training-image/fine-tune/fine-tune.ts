import { join } from 'node:path';
import { type Augmentation, augmentationOf, type Recipe } from '#core/recipe.ts';
import { type FrozenPrefix, frozenPrefix } from '#engine/frozen-prefix.ts';
import { sizeOf } from '#engine/graph.ts';
import { cutNetwork, type Topology } from '#engine/topology.ts';
import { trainingStep } from '#engine/training-step.ts';
import type { StepSettings } from '#engine/write-step.ts';
import type { Reporter, StopSignal } from '../job/reporter.ts';
import { checkpointFolder } from '../storage/checkpoint-folder.ts';
import type { RowFile } from '../storage/row-file.ts';
import { readCheckpoint, writeCheckpoint } from './checkpoint.ts';
import { type Outcome, runEpochs } from './run-epochs.ts';
import { type Schedule, scheduleFor } from './schedule.ts';
import { activationSource, imageSource, type Source } from './sources.ts';

/** The examples of one part of the split, as indices into the decoded images. */
export interface Examples {
  indices: Int32Array;
  labels: Int32Array;
}

export interface FineTuning {
  name: string; // of this fine-tuning among those of the job
  /** The teacher with the head that was fitted on the train part alone. */
  start: Topology;
  blockOutputs: readonly string[]; // the layer that each block ends with, in order
  px: number; // height and width of the images
  retrained: number; // blocks
  recipe: Pick<Recipe, 'augmentation' | 'seed'>;
  flip: boolean; // whether to mirror images if the recipe leaves it open
  schedule?: Schedule; // the default one if left out
  decoded: RowFile; // uint8 [px, px, 3] per example
  train: Examples;
  validation: Examples;
  classWeights: readonly number[];
  scratch: string; // a folder for what can be computed again
  checkpoints: string;
  cacheKey: readonly unknown[]; // everything that `start`, `decoded` and the parts depend on
  until: number; // seconds since the job's training began
  elapsed(): number; // seconds since the job's training began
  diskForActivations?: number; // bytes
}

const DISK_FOR_ACTIVATIONS = 8e9; // bytes; chosen: SageMaker's volume holds 50 GB, mostly of decoded images
const MAX_VIEWS = 8; // chosen: per image; each costs a pass through the frozen blocks
const MIN_VIEWS = 2;

/**
 * Retrains the last blocks, starting from the head that fits the frozen features (LP-FT, Kumar et al., ICLR 2022).
 * It resumes from the checkpoint of an interrupted run, and then gives the same result as without the interruption.
 */
export async function fineTune(
  tuning: FineTuning,
  report: Reporter,
  stop: StopSignal,
): Promise<Outcome> {
  const { start, blockOutputs, retrained, recipe, train, validation } = tuning;
  const schedule = tuning.schedule ?? scheduleFor(train.indices.length, retrained);
  const how = augmentationOf(recipe, tuning.flip);
  const inputs = openInputs(tuning, how, schedule.epochs, report, stop);
  const settings: StepSettings = {
    blockOutputs,
    retrained,
    input: inputs.kind,
    optimizer: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: schedule.weightDecay },
    learningRates: schedule.learningRates,
    clipNorm: schedule.clipNorm,
    labelSmoothing: schedule.labelSmoothing,
    classWeights: tuning.classWeights,
  };
  // Not the budget: a relaunch on another instance type has another one, and must find the checkpoint all the same.
  const cacheKey = [...tuning.cacheKey, how, recipe.seed, settings, schedule];
  const folder = await checkpointFolder(tuning.checkpoints, `fine-tune-${tuning.name}`, cacheKey);
  const file = join(folder, 'checkpoint');
  const checkpoint = await readCheckpoint(file);
  if (checkpoint === 'damaged') report.line('The checkpoint is damaged; fine-tuning starts over.');

  const step = trainingStep(start, settings);
  try {
    return await runEpochs(
      {
        step,
        train: { source: inputs.train, labels: train.labels },
        validation: { source: inputs.validation, labels: validation.labels },
        schedule,
        seed: recipe.seed,
        resumeFrom: checkpoint === 'damaged' ? undefined : checkpoint,
        saveCheckpoint: (saved) => writeCheckpoint(file, saved),
        elapsed: tuning.elapsed,
        budgetSeconds: Math.max(0, tuning.until),
      },
      report,
      stop,
    );
  } finally {
    step.dispose();
    await inputs.close();
  }
}

interface Inputs {
  kind: StepSettings['input'];
  train: Source;
  validation: Source;
  close(): Promise<void>;
}

/** Activations of the frozen blocks, if there are any and enough of them fit on the disk; otherwise images. */
function openInputs(
  tuning: FineTuning,
  how: Augmentation | undefined,
  epochs: number,
  report: Reporter,
  stop: StopSignal,
): Inputs {
  const { decoded, start, blockOutputs, px, retrained, recipe, scratch: folder } = tuning;
  const augmentation = how && { how, seed: recipe.seed };
  const train = imageSource(decoded, tuning.train.indices, px, augmentation);
  const validation = imageSource(decoded, tuning.validation.indices, px);
  const views = viewsOf(tuning, how, epochs);
  if (views === 0) return { kind: 'images', train, validation, close: async () => undefined };

  const { inputs } = cutNetwork(start, blockOutputs, retrained);
  const prefix: FrozenPrefix = frozenPrefix(
    start,
    inputs.map(({ name }) => name),
  );
  const trainFiles = { views, folder, name: 'train' };
  const validationFiles = { views: 1, folder, name: 'validation' };
  const activations = {
    train: activationSource(train, prefix, trainFiles, report, stop),
    validation: activationSource(validation, prefix, validationFiles, report, stop),
  };
  return {
    kind: 'activations',
    train: activations.train,
    validation: activations.validation,
    async close() {
      await activations.train.close();
      await activations.validation.close();
      prefix.dispose();
    },
  };
}

/** For how many differently augmented views of each image activations are kept; 0: for none. */
function viewsOf(
  { start, blockOutputs, retrained, train, validation, diskForActivations }: FineTuning,
  how: Augmentation | undefined,
  epochs: number,
): number {
  if (retrained === blockOutputs.length) return 0;
  const { inputs } = cutNetwork(start, blockOutputs, retrained);
  const values = inputs.reduce((sum, { shape }) => sum + sizeOf(shape.slice(1)), 0);
  const bytes = Float32Array.BYTES_PER_ELEMENT * values; // per example
  const disk = (diskForActivations ?? DISK_FOR_ACTIVATIONS) - validation.indices.length * bytes;
  const max = Math.floor(disk / (bytes * Math.max(1, train.indices.length)));
  if (!how) return max < 1 ? 0 : 1;
  return max < MIN_VIEWS ? 0 : Math.min(max, MAX_VIEWS, epochs);
}
