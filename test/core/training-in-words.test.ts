import { describe, expect, it } from 'vitest';
import {
  fineTuningSummary,
  mirroringReason,
  raceSummary,
  trainedPart,
} from '#core/training-in-words.ts';
import { aCard, aFineTuning } from '../cards.ts';

const measured =
  'the head classified 87.0% of 100 images correctly, and 86.0% of their mirror images';

describe('trainedPart', () => {
  it.each([
    ['head-only', 'head only'],
    ['blocks:1', 'head and the last block'],
    ['blocks:4', 'head and the last 4 blocks'],
    ['full', 'the whole network'],
  ])('says %s as "%s"', (used, words) => {
    expect(trainedPart({ ...aCard().freezePlan, used })).toBe(words);
  });
});

describe('fineTuningSummary', () => {
  it('says how long it was, and on how many folds it was judged', () => {
    const one = 'blocks:4, 12 epochs of 850 images (as scheduled)';

    expect(fineTuningSummary(aFineTuning())).toBe(`${one}; augmentation: crop, flip`);
    expect(fineTuningSummary(aFineTuning({ splits: 5 }))).toBe(
      `${one}; judged on 5 folds; augmentation: crop, flip`,
    );
  });
});

describe('mirroringReason', () => {
  const forbidden = { allowed: false, images: 100, accuracy: 0.87, mirrored: 0.86 };

  it('gives the measurement', () => {
    expect(mirroringReason(aFineTuning())).toBe(`Images were mirrored: ${measured}.`);
    expect(mirroringReason(aFineTuning({ augmentation: 'crop', mirroring: forbidden }))).toBe(
      `Images were not mirrored: ${measured}.`,
    );
  });

  it('says if the recipe asks for something else', () => {
    expect(mirroringReason(aFineTuning({ augmentation: 'crop' }))).toBe(
      `Images were not mirrored, as the recipe asks (${measured}).`,
    );
    expect(mirroringReason(aFineTuning({ mirroring: forbidden }))).toBe(
      `Images were mirrored, as the recipe asks (${measured}).`,
    );
  });
});

describe('raceSummary', () => {
  it('lists what was tried', () => {
    const contenders = [
      { regime: 'blocks:4', rate: 1, accuracy: 0.84, loss: 0.5123 },
      { regime: 'blocks:4', rate: 1 / 3, accuracy: 0.83, loss: null },
    ];

    expect(raceSummary(aFineTuning({ contenders }))).toBe(
      'Tried for a third of the schedule, on held-out images: blocks:4 84.0% (loss 0.512), blocks:4 at 0.33 of the learning rate 83.0% (loss not finite). The smallest loss won.',
    );
    expect(raceSummary(aFineTuning())).toBe('');
  });
});
