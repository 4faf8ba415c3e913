import type { ExpectedTime } from '#core/expected-time.ts';
import type { FreezeDecision } from './freeze-plan.ts';
import type { Plan } from './make-plan.ts';

/**
 * What the training is expected to take from the plan on.
 *
 * @param examples images of the dataset
 * @param hasRace whether plans are compared first, which takes about as long as one fine-tuning
 */
export function expectedTime(
  plan: Pick<Plan, 'secondsPerImage'>,
  freeze: Pick<FreezeDecision, 'seconds' | 'secondsLeft' | 'splits' | 'runsAfter' | 'retrained'>,
  examples: number,
  hasRace: boolean,
): ExpectedTime {
  const features = examples * plan.secondsPerImage;
  const runs = freeze.splits + freeze.runsAfter + (hasRace ? 1 : 0);
  const fineTuning =
    freeze.retrained > 0 ? Math.min(runs * freeze.seconds, Math.max(0, freeze.secondsLeft)) : 0;
  return { features, fineTuning, rest: REST.fixed + REST.perImage * examples };
}

/** Seconds for head, test and export. Measured: 20 s for 2,000 MNIST digits on two busy cores. */
const REST = { fixed: 6, perImage: 0.006 };
