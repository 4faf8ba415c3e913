/** How a fine-tuning goes: how long, in which steps, and how fast each part may change. */
export interface Schedule {
  epochs: number; // if the budget holds them
  batchSize: number;
  learningRates: readonly number[]; // the largest: for each trained block in order, then for the head
  weightDecay: number; // AdamW's
  clipNorm: number; // the largest global norm of the gradients
  labelSmoothing: number; // the part of each target that all classes share equally
}

// Measured on CIFAR-10 with EfficientNet-Lite0; bench/TRIED.md lists the runs.
const FEW = 320; // examples; chosen: between the 100 and the 850 that were measured
const LEARNING_RATE = { few: 1e-4, many: 3e-4 }; // with AdamW, for all blocks: no slower for the first ones
const LABEL_SMOOTHING = { few: 0, many: 0.1 };
const HEAD_FACTOR = 0.1; // the head is fitted already, and sits on standardised features
const WEIGHT_DECAY = 1e-4;
const CLIP_NORM = 1;
const EXAMPLES_TO_SEE = 12_000; // 12 epochs of 1,000 examples
const EPOCHS = { min: 5, max: 20 };
const BATCH_SIZE = { min: 8, max: 32 };

const WARM_UP = 0.1; // of all epochs

/** The default schedule. */
export function scheduleFor(examples: number, retrained: number): Schedule {
  const epochs = Math.round(EXAMPLES_TO_SEE / Math.max(1, examples));
  const amount = examples < FEW ? 'few' : 'many';
  const rate = LEARNING_RATE[amount];
  const batchSize = 2 ** Math.floor(Math.log2(Math.max(1, examples / 10)));
  return {
    epochs: Math.min(EPOCHS.max, Math.max(EPOCHS.min, epochs)),
    batchSize: Math.min(BATCH_SIZE.max, Math.max(BATCH_SIZE.min, batchSize)),
    learningRates: [...new Array<number>(retrained).fill(rate), rate * HEAD_FACTOR],
    weightDecay: WEIGHT_DECAY,
    clipNorm: CLIP_NORM,
    labelSmoothing: LABEL_SMOOTHING[amount],
  };
}

/**
 * The factor of all learning rates: from 0 up to 1, then down to 0 along a cosine.
 *
 * @param done fraction of the schedule, 0 to 1, counted in examples: it must not depend on the batch size
 */
export function lrScaleAt(done: number): number {
  if (done < WARM_UP) return done / WARM_UP;
  return (1 + Math.cos((Math.PI * (done - WARM_UP)) / (1 - WARM_UP))) / 2;
}
