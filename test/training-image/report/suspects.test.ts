import { describe, expect, it } from 'vitest';
import { mulberry32 } from '#training-image/data/seeded-random.ts';
import type { Answer } from '#training-image/evaluate/answers.ts';
import { suspectLabels, suspectsCsv } from '#training-image/report/suspects.ts';

/** An answer to one of two classes. */
const answer = (example: number, label: number, ofLabel: number): Answer => ({
  example,
  label,
  ofLabel,
  predicted: ofLabel > 0.5 ? label : 1 - label,
  confidence: Math.max(ofLabel, 1 - ofLabel),
  best: [],
});

describe('suspectLabels', () => {
  it('doubts labels that are contradicted as confidently as the other class is recognised', () => {
    const sure = [0.9, 0.8, 0.7].flatMap((each, i) => [
      answer(i, 0, each),
      answer(10 + i, 1, each),
    ]);
    const contradicted = answer(20, 0, 0.1); // 0.9 for class 1, of which it is 0.8 sure on average
    const close = answer(21, 0, 0.3); // 0.7

    expect(suspectLabels([...sure, close, contradicted], 2)).toEqual([contradicted]);
  });

  it('needs at least even odds, however unsure the student is of a class', () => {
    const unsure = [0.2, 0.3, 0.4].map((each, i) => ({ ...answer(i, 1, each), predicted: 1 }));
    const doubt = (confidence: number) => ({ ...answer(9, 0, 0.1), predicted: 1, confidence });

    expect(suspectLabels([...unsure, doubt(0.49)], 3)).toEqual([]);
    expect(suspectLabels([...unsure, doubt(0.51)], 3)).toEqual([doubt(0.51)]);
    expect(suspectLabels([], 2)).toEqual([]);
  });

  it('finds most labels that were changed, and hardly any other', () => {
    const random = mulberry32(8);
    const changed = new Set<number>();
    const answers = Array.from({ length: 1_000 }, (_, i) => {
      const truth = i % 2;
      const isChanged = random() < 0.03;
      if (isChanged) changed.add(i);
      const ofTruth = Math.min(0.999, 0.6 + 0.5 * random()); // right, with confidences from 0.6 up
      return answer(i, isChanged ? 1 - truth : truth, isChanged ? 1 - ofTruth : ofTruth);
    });

    const found = suspectLabels(answers, 2).map(({ example }) => example);

    expect(found.every((each) => changed.has(each))).toBe(true);
    expect(found.length).toBeGreaterThan(0.5 * changed.size);
  });
});

describe('suspectsCsv', () => {
  it('names file, class and suggestion, and runs no formula', () => {
    const named = { examples: [{ path: '=cmd/a,b.png' }], contents: ['ab'], classes: ['x', '"y"'] };

    expect(suspectsCsv(named, [answer(0, 0, 0.1)])).toBe(
      'file,class,suggested,confidence,confidence_in_class,sha256\r\n"\'=cmd/a,b.png",x,"""y""",0.9000,0.1000,ab\r\n',
    );
  });
});
