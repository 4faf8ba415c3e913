import * as z from 'zod';

/** How often in a row each instance type had no capacity for a training job that SageMaker had accepted. */
export const Starved = z.record(z.string(), z.int().positive());
export type Starved = z.infer<typeof Starved>;

export const starvedOnceMore = (starved: Starved = {}, instanceType: string): Starved => ({
  ...starved,
  [instanceType]: (starved[instanceType] ?? 0) + 1,
});

// Chosen: a spot drought passes within hours, but while there is something else to try, nobody waits for that.
const LONG_WAIT_SECONDS = 4 * 3600;
const SHORT_WAIT_SECONDS = 3600;

/** Which instances the next launch asks for. */
export interface Wanted {
  instanceTypes: readonly string[]; // the first that AWS accepts is taken
  spot: boolean;
  maxSpotWaitSeconds: number; // on top of the training time
}

/**
 * SageMaker accepts a training job before it has an instance for it, so a launch cannot know which type is to be had. The
 * types therefore take turns: the one that has starved least often comes first, among equals the preferred one.
 *
 * @param instanceTypes in order of preference
 * @param spot whether spot instances are wanted; `fallback` if on-demand ones are taken once no type was to be had as spot
 */
export function wantedInstances(
  instanceTypes: readonly string[],
  spot: boolean | 'fallback',
  starved: Starved = {},
): Wanted {
  const times = (type: string) => starved[type] ?? 0;
  const isOnly = instanceTypes.length === 1 && spot !== 'fallback';
  return {
    instanceTypes: [...instanceTypes].sort((a, b) => times(a) - times(b)), // stable
    spot: spot === 'fallback' ? instanceTypes.some((type) => times(type) === 0) : spot,
    maxSpotWaitSeconds: isOnly ? LONG_WAIT_SECONDS : SHORT_WAIT_SECONDS,
  };
}
