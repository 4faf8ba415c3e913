import type { FeatureRows } from '../features/feature-rows.ts';

/** Features of some examples, read a run at a time, since memory need not hold them all. */
export interface Features {
  readonly n: number; // examples
  readonly d: number; // features an example
  /** @returns those of a run of examples, [count, d] row by row */
  read(from: number, count: number): Promise<Float32Array>;
}

/** The same, with what the examples are. */
export interface Labelled extends Features {
  readonly labels: Int32Array; // [n]
}

/** Examples of a block; chosen: of 1,280 features they are 10 MB. */
export const BLOCK = 2048;

/** @param rows numbers of examples */
export const featuresOf = (all: FeatureRows, rows: Int32Array): Features => ({
  n: rows.length,
  d: all.d,
  read: (from, count) => all.pick(rows.subarray(from, from + count)),
});

/**
 * @param rows numbers of examples
 * @param labels of all examples
 */
export function labelledRows(
  all: FeatureRows,
  rows: Int32Array,
  labels: readonly number[],
): Labelled {
  const labelOf = (row: number): number => {
    const label = labels[row];
    if (label === undefined) throw new Error(`There is no example ${row}, of ${labels.length}.`);
    return label;
  };
  return { ...featuresOf(all, rows), labels: rows.map(labelOf) };
}

/** First the one's examples, then the other's. */
export function joined(a: Labelled, b: Labelled): Labelled {
  return {
    n: a.n + b.n,
    d: a.d,
    labels: Int32Array.from([...a.labels, ...b.labels]),
    async read(from, count) {
      const ofA = Math.max(0, Math.min(count, a.n - from));
      const features = new Float32Array(count * a.d);
      if (ofA > 0) features.set(await a.read(from, ofA));
      if (ofA < count) features.set(await b.read(from + ofA - a.n, count - ofA), ofA * a.d);
      return features;
    },
  };
}

/**
 * All examples in their order, a block at a time.
 *
 * @param between called before each block is read
 */
export async function* inBlocks(
  { n, read }: Features,
  between: () => void = () => undefined,
): AsyncGenerator<{ from: number; features: Float32Array }> {
  for (let from = 0; from < n; from += BLOCK) {
    between();
    yield { from, features: await read(from, Math.min(BLOCK, n - from)) };
  }
}
