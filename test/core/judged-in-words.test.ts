import { describe, expect, it } from 'vitest';
import { judgedOn, meaningOfFigures } from '#core/judged-in-words.ts';
import { aCard, aFineTuning, anOldCard, crossValidated } from '../cards.ts';

const { metrics, freezePlan } = aCard();
const tuned = { freezePlan: { ...freezePlan, used: 'blocks:4' } };

describe('what a student was judged on', () => {
  it('is held-out images, and the figures are of the student before it was refitted', () => {
    const card = aCard();

    expect(judgedOn(card)).toBe(`${metrics.test.n} held-out test images`);
    expect(meaningOfFigures(card)).toMatch(
      /^After the test, the student was trained again on all \d+ images with the same settings\. The figures are of the student before that\.$/,
    );
    expect(meaningOfFigures({ ...card, refit: false })).toBe('');
    expect(meaningOfFigures(anOldCard())).toBe('');
  });

  it('is cross-validation: no student was judged by what it had learned from', () => {
    const card = aCard({ metrics: crossValidated(metrics, [0.95, 0.94, 0.96]) });

    expect(judgedOn(card)).toBe('5-fold cross-validation of 90 images');
    const said = meaningOfFigures(card);
    expect(said).toContain('Each image was classified by a student trained without it.');
    expect(said).toContain('Repeated with other folds, the accuracy was 94.0% and 96.0%.');
    expect(said).toMatch(/This student was trained on all \d+ images/);
  });

  it('says if there was time for some of the folds only, and names no accuracy of heads', () => {
    const fineTuning = aFineTuning({ splits: 2, examples: 72 });
    const judged = { ...tuned, fineTuning, metrics: crossValidated(metrics, [0.95, 0.94, 0.96]) };

    const said = meaningOfFigures(aCard(judged));
    expect(said).toContain('There was time for 2 folds only.');
    expect(said).not.toContain('Repeated');
    expect(meaningOfFigures(aCard({ ...judged, refit: false }))).toContain(
      'This student was trained on 72 of the images.',
    );
  });
});
