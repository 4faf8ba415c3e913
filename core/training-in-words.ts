import type { StudentCard } from './card.ts';
import { count, percent } from './quantities.ts';

/** What is said of how a student was trained, in the CLI's report and in the student's README. */
type FineTuning = NonNullable<StudentCard['fineTuning']>;

/** The part of the network that was trained. */
export function trainedPart({ used }: StudentCard['freezePlan']): string {
  if (used === 'head-only') return 'head only';
  if (used === 'full') return 'the whole network';
  const blocks = Number(used.replace('blocks:', ''));
  return blocks === 1 ? 'head and the last block' : `head and the last ${blocks} blocks`;
}

const STOPPED = {
  schedule: 'as scheduled',
  'early-stopping': 'stopped when the validation loss no longer fell',
  budget: 'shortened to fit the budget',
  diverged: 'stopped because the loss was no longer finite',
};

/** How the network was fine-tuned, whether or not that is the student. */
export function fineTuningSummary(fineTuning: FineTuning): string {
  const { regime, epochs, bestEpoch, stopped, examples, augmentation, splits } = fineTuning;
  const best = bestEpoch === undefined ? '' : `; best epoch ${bestEpoch}`;
  const folds = splits > 1 ? `; judged on ${splits} folds` : '';
  return `${regime}, ${count(epochs)} epochs of ${count(examples)} images (${STOPPED[stopped]})${best}${folds}; augmentation: ${augmentation}`;
}

/** Whether images were mirrored, and why; empty if that was not measured. */
export function mirroringReason({ mirroring, augmentation }: FineTuning): string {
  if (!mirroring) return '';
  const { allowed, images, accuracy, mirrored } = mirroring;
  const isMirrored = augmentation.split(', ').includes('flip');
  const measured = `the head classified ${percent(accuracy)} of ${count(images)} images correctly, and ${percent(mirrored)} of their mirror images`;
  if (isMirrored !== allowed)
    return `Images were ${isMirrored ? '' : 'not '}mirrored, as the recipe asks (${measured}).`;
  return `Images were ${isMirrored ? '' : 'not '}mirrored: ${measured}.`;
}

/** The short fine-tunings of which the best was continued; empty if there was no race. */
export function raceSummary({ contenders }: FineTuning): string {
  if (contenders.length === 0) return '';
  const results = contenders.map(
    ({ regime, rate, accuracy, loss }) =>
      `${regime}${rate === 1 ? '' : ` at ${rate.toFixed(2)} of the learning rate`} ${percent(accuracy)} (loss ${loss === null ? 'not finite' : loss.toFixed(3)})`,
  );
  return `Tried for a third of the schedule, on held-out images: ${results.join(', ')}. The smallest loss won.`;
}
