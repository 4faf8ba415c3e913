import type { Optimizer } from './optimizer.ts';

/** How a network is trained. */
export interface TrainingSettings {
  /** The layers that blocks end with, in their order; what follows the last one is the head. */
  blocks: readonly string[];
  /** How many of the last blocks are trained, besides the head; the others are frozen. */
  retrained: number;
  /** What comes in: pictures, or what the last frozen block gave for them. */
  input: 'images' | 'activations';
  /** Whether BatchNorms of trained blocks keep their moving averages and use them, or learn new ones. */
  averages: 'frozen' | 'learnt';
  optimizer: Optimizer;
  /** For each trained block in order, then for the head. */
  learningRates: readonly number[];
  /** No gradient is longer than this, taken over all weights together. */
  longestGradient?: number;
  /** The share of the certainty about a label that is spread over all classes, 0 to 1. */
  labelSmoothing?: number;
  /** How much an example of each class counts; 1 if left out. */
  classWeights?: readonly number[];
}
