import { readFileSync } from 'node:fs';
import { parseCard, type StudentCard } from '#core/card.ts';
import type { NumberedVersion } from '#core/versions.ts';

/** A card as the first version wrote it, without a plan: blocks:2 on 200 handwritten digits. */
export function anOldCard(): StudentCard {
  const read = parseCard(readFileSync('test/fixtures/cards/schema-1.json', 'utf8'));
  if ('problem' in read) throw new Error(read.problem);
  return read.card;
}

/** A plan with three candidates, of which the second was chosen. */
export const aPlan = (given: Partial<Plan> = {}): Plan => ({
  images: 400,
  seconds: 28.1,
  candidates: [
    candidate('efficientnet-lite0', 96, 0.803, 0.005),
    candidate('efficientnet-lite0', 160, 0.842, 0.01),
    candidate('efficientnet-lite0', 224, 0.845, 0.02),
  ],
  tooExpensive: [{ teacher: 'efficientnet-lite1', px: 240 }],
  features: {
    set: 'averages',
    about: 'the averages of all blocks',
    tried: [
      { set: 'last', accuracy: 0.811, kappa: 0.79 },
      { set: 'averages', accuracy: 0.842, kappa: 0.82 },
    ],
  },
  similarity: 0.79,
  kappa: 0.82,
  standardError: 0.018,
  perBlock: [0.1, 0.3, 0.45, 0.6, 0.75, 0.8, 0.79],
  ...given,
});

type Plan = NonNullable<StudentCard['plan']>;

const candidate = (teacher: string, px: number, accuracy: number, secondsPerImage: number) => ({
  teacher,
  px,
  features: 'averages',
  accuracy,
  standardError: 0.018,
  secondsPerImage,
});

/** A card with a plan, of a head-only student that was tested on held-out images and then refitted. */
export function aCard(given: Partial<StudentCard> = {}): StudentCard {
  const { fineTuning: _, ...old } = anOldCard();
  const freezePlan = {
    requested: 'auto',
    used: 'head-only',
    why: 'Your images are similar to those the teacher knows.',
    frozenParameters: 3_413_024,
    trainedParameters: 41_290,
  };
  const input = { ...old.input, px: 160 };
  return { ...old, input, freezePlan, plan: aPlan(), refit: true, ...given };
}

export const aFineTuning = (given: Partial<FineTuning> = {}): FineTuning => ({
  regime: 'blocks:4',
  examples: 850,
  epochs: 12,
  stopped: 'schedule',
  batchSize: 32,
  augmentation: 'crop, flip',
  classWeights: [1, 1],
  splits: 1,
  mirroring: { allowed: true, images: 100, accuracy: 0.87, mirrored: 0.86 },
  contenders: [],
  ...given,
});

type FineTuning = NonNullable<StudentCard['fineTuning']>;

/** The metrics of a card, judged by 5-fold cross-validation of 90 images. */
export function crossValidated(
  metrics: StudentCard['metrics'],
  accuracies: readonly number[],
): StudentCard['metrics'] {
  const test = { ...metrics.test, method: 'cross-validation' as const, n: 90 };
  return { ...metrics, test, crossValidation: { folds: 5, accuracies: [...accuracies] } };
}

/** The entry of a version in the list; from the second on, compared with the one before on 40 images. */
export const aVersion = (number: number): NumberedVersion => ({
  number,
  version: 'bbbbbbbbbbbb',
  jobId: 'j',
  uploadedAt: '2026-11-24T12:00:00.000Z',
  createdAt: '2026-11-24T12:00:01.000Z',
  test: { n: 100, correct: 94, accuracy: 0.94 },
  ...(number > 1 && {
    comparison: {
      with: { number: number - 1, version: 'aaaaaaaaaaaa' },
      n: 40,
      correct: 37,
      correctBefore: 35,
      p: 0.5,
    },
  }),
});
