/** A run of examples whose images, and later their features, lie in one file. */
export interface Shard {
  index: number;
  from: number; // the first example
  count: number;
}

/** Chosen: 38 MB of decoded images at 224 px, and an interruption costs at most that much work again. */
const SHARD = 256; // examples

export const shardsOf = (examples: number): Shard[] =>
  Array.from({ length: Math.ceil(examples / SHARD) }, (_, index) => {
    const from = index * SHARD;
    return { index, from, count: Math.min(SHARD, examples - from) };
  });
