import type { PackedRows } from '../storage/row-file.ts';

/** The features of all examples; where they lie is not said, since memory need not hold them. */
export interface FeatureRows {
  readonly d: number; // features an example
  /** @returns those of some examples, by their numbers, [examples, d] row by row */
  pick(examples: ArrayLike<number>): Promise<Float32Array>;
}

/** @param rows float32 [d] an example */
export const featureRows = (rows: PackedRows): FeatureRows => ({
  d: rows.rowBytes / Float32Array.BYTES_PER_ELEMENT,
  pick: async (examples) => new Float32Array((await rows.pick(examples)).buffer),
});
