import { at } from '#core/at.ts';
import type { FloatRows } from '../storage/row-file.ts';

/** Features of some examples, read in runs, since memory need not hold all of them. */
export interface Features {
  readonly n: number; // examples
  readonly d: number; // features per example
  /** @returns the features of consecutive examples, [count, d] row by row */
  read(from: number, count: number): Promise<Float32Array>;
}

/** Features with the labels of their examples. */
export interface LabelledFeatures extends Features {
  readonly labels: Int32Array; // [n]
}

/** Examples per block; chosen: of 1,280 features they take 10 MB. */
export const BLOCK = 2048;

/** @param indices of the examples among all */
export const featuresOf = (all: FloatRows, indices: Int32Array): Features => ({
  n: indices.length,
  d: all.d,
  read: (from, count) => all.pick(indices.subarray(from, from + count)),
});

/**
 * @param indices of the examples among all
 * @param labels of all examples
 * @throws RangeError if an example has no label
 */
export const labelledFeatures = (
  all: FloatRows,
  indices: Int32Array,
  labels: Int32Array,
): LabelledFeatures => ({
  ...featuresOf(all, indices),
  labels: indices.map((index) => at(labels, index)),
});

/**
 * All examples in order, a block at a time.
 *
 * @param onBlock called before each block is read
 */
export async function* inBlocks(
  { n, read }: Features,
  onBlock: () => void = () => undefined,
): AsyncGenerator<{ from: number; features: Float32Array }> {
  for (let from = 0; from < n; from += BLOCK) {
    onBlock();
    yield { from, features: await read(from, Math.min(BLOCK, n - from)) };
  }
}
