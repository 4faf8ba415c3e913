/** Features of some examples, with their labels. */
export interface Labelled {
  features: Float32Array; // [n, d] row by row
  labels: Int32Array; // [n]
}

/**
 * Some examples' rows.
 *
 * @param features [n, d] row by row
 * @param labels of all n examples
 */
export function pick(
  features: Float32Array,
  labels: readonly number[],
  isWanted: (i: number) => boolean,
): Labelled {
  const d = features.length / labels.length;
  const rows = [...labels.keys()].filter(isWanted);
  const picked = new Float32Array(rows.length * d);
  for (const [k, i] of rows.entries()) picked.set(features.subarray(i * d, (i + 1) * d), k * d);
  return { features: picked, labels: Int32Array.from(rows, (i) => labels[i] ?? 0) };
}
