import type { FeatureRows } from '../features/feature-rows.ts';

/** Some examples with their labels; of their features memory holds a block at a time. */
export interface Labelled {
  readonly labels: Int32Array; // [n]
  readonly d: number; // features an example
  /** @returns the features of a run of them, [count, d] row by row */
  read(from: number, count: number): Promise<Float32Array>;
}

/** Examples of a block; chosen: of 1,280 features they are 10 MB, and larger products are no faster. */
export const BLOCK = 2048;

/**
 * @param rows numbers of examples
 * @param labels of all examples
 */
export function labelledRows(
  features: FeatureRows,
  rows: Int32Array,
  labels: readonly number[],
): Labelled {
  return {
    labels: rows.map((row) => labels[row] ?? -1),
    d: features.d,
    read: (from, count) => features.pick(rows.subarray(from, from + count)),
  };
}

/** First the one's examples, then the other's. */
export function joined(a: Labelled, b: Labelled): Labelled {
  const between = a.labels.length;
  return {
    labels: Int32Array.from([...a.labels, ...b.labels]),
    d: a.d,
    async read(from, count) {
      const ofA = Math.max(0, Math.min(count, between - from));
      const features = new Float32Array(count * a.d);
      if (ofA > 0) features.set(await a.read(from, ofA));
      if (ofA < count) features.set(await b.read(from + ofA - between, count - ofA), ofA * a.d);
      return features;
    },
  };
}

/** All examples in their order, a block at a time. */
export async function* inBlocks(
  examples: Labelled,
): AsyncGenerator<{ from: number; features: Float32Array }> {
  const n = examples.labels.length;
  for (let from = 0; from < n; from += BLOCK) {
    yield { from, features: await examples.read(from, Math.min(BLOCK, n - from)) };
  }
}
