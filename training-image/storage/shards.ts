/** Consecutive examples that are decoded together and whose features are stored in one file. */
export interface Shard {
  index: number;
  from: number; // index of the first example
  count: number;
}

/** Chosen: 38 MB of decoded images at 224 px; an interruption repeats at most this much work. */
const SHARD_SIZE = 256; // examples

export const shardsOf = (examples: number): Shard[] =>
  Array.from({ length: Math.ceil(examples / SHARD_SIZE) }, (_, index) => {
    const from = index * SHARD_SIZE;
    return { index, from, count: Math.min(SHARD_SIZE, examples - from) };
  });
