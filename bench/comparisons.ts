import type { Contender } from './start-contender.ts';
import type { Task } from './task.ts';

/** One system doing one thing, in a table with others that do the same. */
export interface Entry {
  label: string;
  contender: Contender;
  task: Pick<Task, 'workload' | 'px' | 'batch' | 'warmups' | 'repetitions'>;
  /** Its BatchNorms use the statistics of the batch, so its loss is a different one. */
  differentLoss?: true;
}

/** What we want of ourselves: to be so many times as fast as another one, or to need no more memory than it. */
export type Bar = { ours: string; theirs: string } & ({ speed: number } | { memory: number });

export interface Comparison {
  title: string;
  unit: 'images' | 'steps';
  entries: Record<string, Entry>;
  bars: readonly Bar[];
}

const features = { workload: 'features', px: 224, batch: 32, warmups: 2, repetitions: 5 } as const;
const step = { workload: 'step', px: 224, batch: 32, warmups: 2, repetitions: 4 } as const;
const small = { workload: 'step', px: 32, batch: 1, warmups: 5, repetitions: 20 } as const;

export const COMPARISONS = {
  features: {
    title: 'Features of 32 images of 224 px',
    unit: 'images',
    entries: {
      engine: { label: 'Understudy', contender: 'engine', task: features },
      keras: { label: 'Keras `predict`', contender: 'keras', task: features },
      onnxruntime: { label: 'onnxruntime-node', contender: 'onnxruntime', task: features },
      torch: { label: 'PyTorch, eager, channels-last', contender: 'torch', task: features },
      stock: { label: 'tfjs-layers `predict`', contender: 'tfjs-layers', task: features },
    },
    bars: [
      { ours: 'engine', theirs: 'keras', speed: 1.5 },
      { ours: 'engine', theirs: 'onnxruntime', speed: 0.75 },
    ],
  },
  step: {
    title: 'A step of training all layers, 32 images of 224 px, Adam',
    unit: 'images',
    entries: {
      engine: { label: 'Understudy', contender: 'engine', task: step },
      keras: { label: 'Keras', contender: 'keras', task: step },
      torch: { label: 'PyTorch', contender: 'torch', task: step },
      // Larger batches need more memory than many machines have: 7.6 GB for 16 images.
      stock: {
        label: 'tfjs-layers, 8 images',
        contender: 'tfjs-layers',
        task: { ...step, batch: 8 },
        differentLoss: true,
      },
    },
    bars: [
      { ours: 'engine', theirs: 'keras', speed: 1 },
      { ours: 'engine', theirs: 'torch', speed: 1.7 },
      { ours: 'engine', theirs: 'stock', speed: 4 },
      { ours: 'engine', theirs: 'keras', memory: 1 },
    ],
  },
  host: {
    title: 'A step of training all layers, 1 image of 32 px: what a GPU would wait for',
    unit: 'steps',
    entries: {
      engine: { label: 'Understudy', contender: 'engine', task: small },
      stock: {
        label: 'tfjs-layers',
        contender: 'tfjs-layers',
        task: small,
        differentLoss: true,
      },
    },
    bars: [{ ours: 'engine', theirs: 'stock', speed: 10 }],
  },
} satisfies Record<string, Comparison>;
