import type { StudentCard } from './card.ts';
import { count, percent } from './quantities.ts';

/** What is said of how a student was judged, in the CLI's report and in the student's README. */
type Card = Omit<StudentCard, 'files'>;

/** `200 held-out test images`, or `5-fold cross-validation of 90 images`: what an accuracy was measured on. */
export function judgedOn({ metrics }: Card): string {
  const { method, n } = metrics.test;
  if (method === 'hold-out') return `${count(n)} held-out test images`;
  const folds = metrics.crossValidation?.folds;
  return `${folds === undefined ? '' : `${folds}-fold `}cross-validation of ${count(n)} images`;
}

/** What the figures mean and of which student they are, in up to three sentences; empty if there is nothing to say. */
export function meaningOfFigures(card: Card): string {
  return card.metrics.test.method === 'hold-out' ? ofHoldOut(card) : ofCrossValidation(card);
}

function ofHoldOut(card: Card): string {
  if (!card.refit) return '';
  return `After the test, the student was trained again on all ${count(images(card))} images with the same settings. The figures are of the student before that.`;
}

function ofCrossValidation(card: Card): string {
  const { fineTuning, metrics, freezePlan, refit } = card;
  const { folds, accuracies = [] } = metrics.crossValidation ?? {};
  const isTuned = freezePlan.used !== 'head-only';
  const splits = fineTuning?.splits ?? 1;
  const some =
    isTuned && folds !== undefined && splits < folds
      ? `There was time for ${splits === 1 ? '1 fold' : `${splits} folds`} only. `
      : '';
  const repeats =
    !isTuned && accuracies.length > 1
      ? ` Repeated with other folds, the accuracy was ${accuracies.slice(1).map(percent).join(' and ')}.`
      : '';
  const own =
    isTuned && !refit
      ? `on ${count(fineTuning?.examples ?? 0)} of the images`
      : `on all ${count(images(card))} images with the same settings`;
  return `${some}Each image was classified by a student trained without it.${repeats} This student was trained ${own}.`;
}

const images = ({ data }: Card): number =>
  data.perClass.reduce((sum, { train, validation, test }) => sum + train + validation + test, 0);
