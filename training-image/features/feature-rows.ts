/** The features of all examples; where they lie is not said, since memory need not hold them. */
export interface FeatureRows {
  readonly d: number; // features an example
  /** @returns those of some examples, by their numbers, [examples, d] row by row */
  pick(examples: ArrayLike<number>): Promise<Float32Array>;
}
