import type { Split } from './reading.ts';

/** The part of a dataset that a folder or a cell names; `predict` has no labels yet. */
export type Part = Split | 'predict';

const WORDS: Record<Part, readonly string[]> = {
  train: [
    'train',
    'training',
    'trains',
    'trn',
    'trainset',
    'trainingset',
    'traindata',
    'trainimages',
    'fit',
  ],
  validation: [
    'validation',
    'validate',
    'valid',
    'val',
    'dev',
    'devel',
    'development',
    'valset',
    'validset',
    'validationset',
    'tuning',
  ],
  test: [
    'test',
    'testing',
    'tests',
    'tst',
    'eval',
    'evaluation',
    'evaluate',
    'holdout',
    'heldout',
    'testset',
    'testingset',
    'testdata',
    'testimages',
  ],
  predict: [
    'pred',
    'predict',
    'prediction',
    'predictions',
    'inference',
    'unlabelled',
    'unlabeled',
    'unsup',
    'unsupervised',
    'submission',
  ],
};
const PARTS = new Map(
  (Object.keys(WORDS) as Part[]).flatMap((part) =>
    WORDS[part].map((word) => [word, part] as const),
  ),
);
/** Words beside the one that counts: `seg_train`, `train_images`, `training-set-2`. */
const MAX_OTHER_WORDS = 2;

/** The part that a name stands for, such as `seg_train`, `test_set`, `Hold-out`; `undefined` if it names none. */
export function partOf(name: string): Part | undefined {
  const words = name
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replaceAll(/(hold|held)[ _-]?out/g, 'holdout')
    .split(/[^\p{L}]+/u)
    .filter((word) => word !== '');
  const found = new Set(words.map((word) => PARTS.get(word)).filter((part) => part !== undefined));
  const [part] = found;
  return found.size === 1 && words.length <= 1 + MAX_OTHER_WORDS ? part : undefined;
}

/** A name that is nothing but the word, such as `train` or `Test1`: classes are rarely called so. */
export const isPartAlone = (name: string): boolean =>
  PARTS.has(name.toLowerCase().replaceAll(/[^\p{L}]/gu, ''));
