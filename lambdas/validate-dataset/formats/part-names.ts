import type { Part } from './arrangement.ts';

/** What a folder holds by its name: a part of a divided dataset, or images whose classes nobody knows. */
export type Role = Part | 'unlabelled';

const WORDS: Record<Role, readonly string[]> = {
  train: ['train', 'training', 'trainset', 'trn'],
  validation: ['validation', 'validate', 'valid', 'val', 'dev', 'development'],
  test: ['test', 'testing', 'testset', 'tst', 'eval', 'evaluation', 'holdout'],
  unlabelled: [
    ...['pred', 'predict', 'prediction', 'predictions', 'inference', 'submission'],
    ...['unlabelled', 'unlabeled', 'unlabel', 'unsup', 'unsupervised', 'unknown'],
  ],
};
/** Words beside it that say nothing: "training_set", "seg_train", "images-test". */
const ROLE_OF = new Map(
  Object.entries(WORDS).flatMap(([role, words]) => words.map((word) => [word, role as Role])),
);

/** The role of a folder that is called so; `undefined` if the name has no such word, or words of two roles. */
export function roleOf(name: string): Role | undefined {
  const words = name
    .toLowerCase()
    .replaceAll(/hold[\s_-]+out/g, 'holdout')
    .split(/[^\p{L}]+/u); // digits too: "test1"
  const roles = new Set(words.flatMap((word) => ROLE_OF.get(word) ?? []));
  const [role, other] = roles;
  return other === undefined ? role : undefined;
}
