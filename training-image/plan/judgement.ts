import { at } from '#core/at.ts';
import type { ClassCounts } from '../data/class-counts.ts';
import { indicesOf, type Part } from '../data/split-examples.ts';
import type { Split } from '../head/fit-head.ts';
import { foldCount, folds } from './folds.ts';

/** How students are judged by images that they were not trained on. All numbers are indices among all examples. */
export interface Judgement {
  method: 'hold-out' | 'cross-validation';
  /** What penalties and students are compared on. */
  splits: readonly Split[];
  folds: number; // the first so many splits hold out every example once; more splits are repeats with other folds
  /** Held out of everything until the end; empty with cross-validation. */
  test: Int32Array;
  /** All examples but the test part. */
  fit: Int32Array;
  /** As `fit`, without copies: what the plan may look at. */
  learnable: Int32Array;
  /** All examples that can be learned from, the test part included. */
  all: Int32Array;
}

/** With fewer images than this, none are set aside. Chosen: 100 test images give an interval of ± 6 to 10 points. */
const MIN_HELD_OUT = { perClass: 50, test: 100 };
/** With more images than this, a test part costs little, and folds cost a lot. Chosen. */
const MAX_CROSS_VALIDATED = 5_000;
const REPEATS = { below: 200, times: 3 };

/**
 * Decides between a test part that nothing else touches and cross-validation, which wastes no image: each one is
 * predicted by a student that was trained without it.
 *
 * @param contents a hash of each example's bytes; copies are never on both sides of a split
 * @param parts of the hold-out split; `undefined` for examples that are left out
 * @param counts the examples of each part
 * @param isGiven the test part is the one that the dataset's owner has chosen, however small
 */
export function judgementFor(
  contents: readonly string[],
  labels: Int32Array,
  parts: readonly (Part | undefined)[],
  counts: ClassCounts,
  seed: number,
  isGiven = false,
): Judgement {
  const usable = Int32Array.from([...parts.keys()].filter((i) => parts[i] !== undefined));
  const first = new Map<string, number>(); // the first example of each content
  for (const i of usable) if (!first.has(at(contents, i))) first.set(at(contents, i), i);
  const unique = Int32Array.from(first.values());
  const train = indicesOf(parts, 'train');
  const test = indicesOf(parts, 'test');
  const median = medianOf(counts.map((each) => each.train + each.validation + each.test));
  const isMany = usable.length > MAX_CROSS_VALIDATED || median >= MIN_HELD_OUT.perClass;
  if (isGiven || (isMany && test.length >= MIN_HELD_OUT.test)) {
    const splits = [{ train, heldOut: indicesOf(parts, 'validation') }];
    const isLearnable = (i: number) => parts[i] !== 'test';
    return {
      method: 'hold-out',
      splits,
      folds: 1,
      test,
      fit: usable.filter(isLearnable),
      learnable: unique.filter(isLearnable),
      all: usable,
    };
  }
  const uniqueLabels = unique.map((i) => at(labels, i));
  const k = foldCount(uniqueLabels, counts.length);
  const repeats = unique.length < REPEATS.below ? REPEATS.times : 1;
  const splits = Array.from({ length: repeats }, (_, repeat) => {
    const drawn = folds(uniqueLabels, counts.length, k, 'judgement', seed, repeat);
    const foldOf = new Map(Array.from(unique, (i, j) => [at(contents, i), at(drawn, j)]));
    // The only image of a class stays in every training part: the class could not be learned without it.
    const single = new Set([...counts.keys()].filter((label) => countOf(uniqueLabels, label) < 2));
    return Array.from({ length: k }, (_, fold) => {
      const isHeldOut = (i: number) =>
        foldOf.get(at(contents, i)) === fold && !single.has(at(labels, i));
      return {
        train: usable.filter((i) => !isHeldOut(i)),
        heldOut: usable.filter(isHeldOut),
      };
    });
  }).flat();
  return {
    method: 'cross-validation',
    splits,
    folds: k,
    test: new Int32Array(),
    fit: usable,
    learnable: unique,
    all: usable,
  };
}

/**
 * The examples that a student is tested on, in the order of its predictions: the test part or, with cross-validation,
 * what the folds of the first repeat hold out, as far as there was time for them.
 */
export const testedIndices = ({ method, test, splits, folds }: Judgement): readonly number[] =>
  method === 'hold-out' ? [...test] : splits.slice(0, folds).flatMap(({ heldOut }) => [...heldOut]);

/** The examples of each part as the card has them: with cross-validation, all are trained on. */
export const countsOf = ({ method }: Judgement, parts: ClassCounts): ClassCounts =>
  method === 'hold-out'
    ? parts
    : parts.map(({ name, train, validation, test }) => ({
        name,
        train: train + validation + test,
        validation: 0,
        test: 0,
      }));

/** The labels of which an image is tested on. */
export const testedOf = (judgement: Judgement, labels: Int32Array): Set<number> =>
  new Set(testedIndices(judgement).map((i) => at(labels, i)));

const countOf = (labels: Int32Array, label: number): number =>
  labels.reduce((sum, each) => sum + (each === label ? 1 : 0), 0);

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return at(sorted, Math.floor(sorted.length / 2));
}
