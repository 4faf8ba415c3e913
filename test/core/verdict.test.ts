import { describe, expect, it } from 'vitest';
import type { StudentCard } from '#core/card.ts';
import { confusions, verdictOn } from '#core/verdict.ts';
import { wilson95 } from '#core/wilson-interval.ts';
import { aCard, crossValidated } from '../cards.ts';

/** A card whose figures follow from a confusion matrix. */
function cardOf(confusion: number[][], images = 10): StudentCard {
  const card = aCard();
  const names = confusion.map((_, i) => `class-${i}`);
  const sum = (row: readonly number[]) => row.reduce((a, b) => a + b, 0);
  const n = sum(confusion.map(sum));
  const correct = sum(confusion.map((row, i) => row[i] ?? 0));
  const perClass = confusion.map((row, i) => {
    const [own, right] = [sum(row), row[i] ?? 0];
    const figures = { precision: 1, recall: own === 0 ? 0 : right / own, f1: 1 };
    return {
      name: `class-${i}`,
      n: own,
      correct: right,
      ...figures,
      interval95: wilson95(right, own),
    };
  });
  const accuracy = n === 0 ? 0 : correct / n;
  const interval95 = wilson95(correct, n);
  const recalls = perClass.map(({ recall }) => recall);
  const balancedAccuracy = { value: sum(recalls) / recalls.length, interval95 }; // as good as any here
  const test = { ...card.metrics.test, n, correct, accuracy, interval95, balancedAccuracy };
  const majorityBaseline = n === 0 ? 0 : Math.max(...confusion.map(sum)) / n;
  const data = names.map((name) => ({ name, train: images, validation: 0, test: 0 }));
  return {
    ...card,
    classes: names,
    data: { ...card.data, perClass: data },
    metrics: { ...card.metrics, test, majorityBaseline, perClass, confusion },
  };
}

const linesOf = (card: StudentCard) => {
  const { headline, details } = verdictOn(card);
  return [headline, ...details].join('\n');
};

describe('verdictOn', () => {
  it('says how good a student is, and how sure that is', () => {
    const text = linesOf(
      cardOf([
        [490, 10],
        [0, 500],
      ]),
    );

    expect(text).toContain(
      'Correct on 99.0% of images it had not seen (990 of 1,000 test images; 95% interval 98.2–99.5%).',
    );
    expect(text).toContain('Always answering "class-0" would be correct on 50.0%.');
  });

  it('says so if the images were judged by cross-validation', () => {
    const card = cardOf([
      [9, 1],
      [2, 8],
    ]);
    expect(verdictOn({ ...card, metrics: crossValidated(card.metrics, []) }).headline).toContain(
      'of 90 images, in cross-validation',
    );
  });

  it('warns of a student that may be no better than always the same answer', () => {
    expect(
      linesOf(
        cardOf([
          [8, 2],
          [5, 5],
        ]),
      ),
    ).toContain('do not rely on it');
    expect(
      linesOf(
        cardOf([
          [80, 20],
          [10, 90],
        ]),
      ),
    ).not.toContain('do not rely on it');
  });

  it('does not warn of one that finds rare images, which always the same answer does not', () => {
    const text = linesOf(
      cardOf([
        [1_800, 100],
        [2, 98],
      ]),
    );

    expect(text).toContain('it recognises 96.4% of each class on average');
    expect(text).not.toContain('do not rely on it');
  });

  it('names the weakest classes, and what they are taken for', () => {
    const text = linesOf(
      cardOf([
        [90, 10, 0],
        [25, 70, 5],
        [0, 0, 100],
      ]),
    );

    expect(text).toContain('Weakest classes: "class-1" (70 of 100), "class-0" (90 of 100).');
    expect(text).toContain(
      'Most confused: "class-1" taken for "class-0" (25 images), "class-0" taken for "class-1" (10 images), "class-1" taken for "class-2" (5 images).',
    );
    expect(text).toContain('More images of "class-1" and "class-0" would help most.');
  });

  it('has nothing to say of weak classes where everything is right', () => {
    const text = linesOf(
      cardOf([
        [500, 0, 0],
        [0, 500, 0],
        [0, 0, 500],
      ]),
    );

    expect(text).not.toMatch(/Weakest|confused|More images/);
  });

  it('asks for as many images as a narrower interval takes', () => {
    const more = /About (\d+) more images? per class/;
    const few = more.exec(
      linesOf(
        cardOf([
          [8, 2],
          [2, 8],
        ]),
      ),
    )?.[1];

    // 80% of n images is within ±5 points for n = 247: 124 per class, of which there are 10.
    expect(Number(few)).toBeGreaterThanOrEqual(110);
    expect(Number(few)).toBeLessThanOrEqual(125);
    expect(
      linesOf(
        cardOf([
          [400, 100],
          [100, 400],
        ]),
      ),
    ).not.toMatch(more);
  });

  it('names classes that were not tested, and copes where none was', () => {
    expect(
      linesOf(
        cardOf([
          [9, 1, 0],
          [0, 10, 0],
          [0, 0, 0],
        ]),
      ),
    ).toContain('Not tested, for lack of images: "class-2".');
    expect(
      linesOf(
        cardOf([
          [0, 0],
          [0, 0],
        ]),
      ),
    ).toBe('Not tested: there was no image to spare for it.');
  });
});

describe('confusions', () => {
  it('are the pairs of classes, the most frequent first', () => {
    expect(
      confusions(
        cardOf([
          [1, 2],
          [3, 4],
        ]),
      ),
    ).toEqual([
      { is: 'class-1', takenFor: 'class-0', times: 3 },
      { is: 'class-0', takenFor: 'class-1', times: 2 },
    ]);
  });
});
