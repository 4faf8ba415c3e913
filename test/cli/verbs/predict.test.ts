import { describe, expect, it } from 'vitest';
import { whoAnswers } from '#cli/verbs/predict.ts';
import { aCard, aVersion } from '../../cards.ts';

describe('the student that answers', () => {
  const card = aCard({
    student: 'pets',
    version: 'bbbbbbbbbbbb',
    createdAt: '2026-11-26T21:00:00.000Z',
  });

  it('is named with its number, its test and its date', () => {
    expect(whoAnswers(card, aVersion(2))).toBe(
      'pets v2 (bbbbbbbbbbbb), 27 of 29 right in its test, trained 2026-11-26',
    );
  });

  it('may have no number, and no test', () => {
    const test = { ...card.metrics.test, n: 0, correct: 0 };

    expect(whoAnswers({ ...card, metrics: { ...card.metrics, test } }, undefined)).toBe(
      'pets bbbbbbbbbbbb, not tested, trained 2026-11-26',
    );
  });
});
