import { at } from '#core/at.ts';
import { sha256 } from '#core/identity.ts';
import { seededRandom, shuffled } from '#training-image/data/seeded-random.ts';
import type { CalibrationImage } from './dataset.ts';

const MAX_TEST = 1_000; // images
const TEST_SHARE = 1 / 3; // of the images, at most
const MAX_LEARNED = 200; // per class: "all"

/** The number of training images per class; of a smaller class, all images are used. */
export type PerClass = number | 'all';

/** A dataset, split once and for all into a pool of training images by class, in random order, and test images. */
export interface Divided {
  pool: ReadonlyMap<string, readonly CalibrationImage[]>;
  test: readonly CalibrationImage[];
}

/**
 * Splits a dataset. A third of each class is for testing, at most 1,000 images in all; if images have groups, whole groups
 * are. Byte-identical images are used only once.
 *
 * @param name of the dataset, which is the seed
 */
export function divide(name: string, images: readonly CalibrationImage[]): Divided {
  const distinct = [...new Map(images.map((each) => [sha256(each.png), each])).values()];
  const order = shuffled(distinct.length, seededRandom('divide', name));
  const mixed = Array.from(order, (i) => at(distinct, i));
  const labels = [...new Set(images.map(({ label }) => label))].sort();
  const testGroups = groupsToTest(mixed);

  const pool = new Map<string, CalibrationImage[]>();
  const test: CalibrationImage[] = [];
  for (const label of labels) {
    const own = mixed.filter((each) => each.label === label);
    const mostOfClass = Math.floor(MAX_TEST / labels.length);
    const few = Math.min(mostOfClass, Math.floor(own.length * TEST_SHARE));
    const isTest = (image: CalibrationImage, i: number) =>
      image.group === undefined ? i < few : testGroups.has(image.group);
    test.push(...own.filter(isTest).slice(0, mostOfClass));
    const rest = own.filter((image, i) => !isTest(image, i));
    pool.set(label, rest.slice(0, MAX_LEARNED));
  }
  return { pool, test };
}

/** Groups in the order of the images, until a third of the images are in them. */
function groupsToTest(mixed: readonly CalibrationImage[]): Set<string> {
  const sizes = new Map<string, number>();
  for (const { group } of mixed) {
    if (group !== undefined) sizes.set(group, 1 + (sizes.get(group) ?? 0));
  }
  const chosen = new Set<string>();
  let count = 0;
  for (const [group, size] of sizes) {
    if (count >= TEST_SHARE * mixed.length) break;
    chosen.add(group);
    count += size;
  }
  return chosen;
}

/** Draws training images. With the same seed, a smaller draw is part of a larger one. */
export function drawTraining(
  { pool }: Divided,
  perClass: PerClass,
  seed: number,
): CalibrationImage[] {
  const drawn: CalibrationImage[] = [];
  for (const [label, images] of pool) {
    const order = shuffled(images.length, seededRandom('draw', label, seed));
    const count = perClass === 'all' ? images.length : perClass;
    drawn.push(...Array.from(order.subarray(0, count), (i) => at(images, i)));
  }
  return drawn;
}

/**
 * The numbers of images per class that a dataset allows: those that at least half of its classes have, and "all" if that
 * is at least a fifth more than the largest of them.
 */
export function possibleSizes({ pool }: Divided, numbers: readonly number[]): PerClass[] {
  const counts = [...pool.values()].map(({ length }) => length).sort((a, b) => a - b);
  const middle = at(counts, counts.length >> 1);
  const possible = numbers.filter((number) => middle >= number);
  return middle >= 1.2 * Math.max(0, ...possible) ? [...possible, 'all'] : possible;
}
