import { type DatasetFile, HEAD_BYTES } from '../dataset-files.ts';

/** Files that may hold recorded episodes: arrays and pickles, which are not opened. */
const ARRAYS = /\.(npz|npy|pkl|pickle|h5|hdf5|pt|pth|parquet|arrow)(\.gz)?$/i;
const EPISODES =
  /(^|[/_.-])(replay|replays|replay[_-]?buffer|episodes?|trajector(y|ies)|rollouts?|transitions?|d4rl|minari)([/_.-]|\d|$)/i;
const REWARDS = /(^|[^a-z])rewards?([^a-z]|$)/i;
const ACTIONS = /(^|[^a-z])(actions?|observations?|obs)([^a-z]|$)/i;
const LOOKED_INTO = 3; // files, of which the first bytes name the arrays inside

/** The file by which a dataset is one for reinforcement learning: by its name, those beside it, or the arrays in it. */
export async function episodesIn(
  containers: readonly DatasetFile[],
  { mayRead, hasImages }: { mayRead: boolean; hasImages: boolean },
): Promise<DatasetFile | undefined> {
  const arrays = containers.filter(({ path }) => ARRAYS.test(path));
  // Beside images, a name is not enough: series have episodes too.
  const named = hasImages ? undefined : arrays.find(({ path }) => EPISODES.test(path));
  if (named) return named;
  const rewards = arrays.find(({ path }) => REWARDS.test(path));
  if (rewards && arrays.some(({ path }) => ACTIONS.test(path))) return rewards;
  for (const file of mayRead ? arrays.slice(0, LOOKED_INTO) : []) {
    const head = Buffer.from(await file.head(Math.min(HEAD_BYTES, file.size))).toString('latin1');
    if (REWARDS.test(head) && ACTIONS.test(head)) return file;
  }
  return undefined;
}
