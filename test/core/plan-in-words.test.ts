import { describe, expect, it } from 'vitest';
import {
  candidateRows,
  headInput,
  profile,
  reasonForSize,
  similarityInWords,
  teacherView,
} from '#core/plan-in-words.ts';
import { aCard, aPlan } from '../cards.ts';

const withPlan = (given: Parameters<typeof aPlan>[0] = {}) => ({ ...aCard(), plan: aPlan(given) });

describe('candidateRows', () => {
  it('marks the one that was chosen, and those that were too slow to try', () => {
    expect(candidateRows(withPlan())).toEqual([
      ['efficientnet-lite0', '96 px', '80.3% ± 1.8', '5 ms', ''],
      ['efficientnet-lite0', '160 px', '84.2% ± 1.8', '10 ms', 'chosen'],
      ['efficientnet-lite0', '224 px', '84.5% ± 1.8', '20 ms', ''],
      ['efficientnet-lite1', '240 px', 'not tried', '', 'too slow for the budget'],
    ]);
  });
});

describe('reasonForSize', () => {
  it('says what the choice gained over the cheaper ones, and what dearer ones would have', () => {
    expect(reasonForSize(withPlan())).toBe(
      'Compared with efficientnet-lite0 at 96 px, it gains 3.9 points and takes 2.0 times as long. efficientnet-lite0 at 224 px would have gained 0.3 points and taken 2.0 times as long.',
    );
  });

  it('says so if a dearer one was worse', () => {
    const [first, second, third] = aPlan().candidates;
    if (!first || !second || !third) throw new Error('three candidates');
    const candidates = [second, { ...third, accuracy: 0.8 }];

    expect(reasonForSize(withPlan({ candidates }))).toBe(
      'efficientnet-lite0 at 224 px would have lost 4.2 points and taken 2.0 times as long.',
    );
  });

  it('explains why nothing larger was tried', () => {
    const candidates = aPlan()
      .candidates.slice(1, 2)
      .map((each) => ({ ...each, accuracy: 0.99 }));

    expect(reasonForSize(withPlan({ candidates, tooExpensive: [] }))).toBe(
      'Nothing larger was tried: there were at most 1.0 points left to gain.',
    );
    expect(reasonForSize(withPlan({ candidates: aPlan().candidates.slice(1, 2) }))).toBe('');
  });
});

describe('headInput', () => {
  it('compares what the head is given with the last features', () => {
    expect(headInput(withPlan())).toBe(
      'The head is given the averages of all blocks: 84.2% in cross-validation, 81.1% with the last features alone.',
    );
  });

  it('compares nothing if it is given these', () => {
    const features = { ...aPlan().features, set: 'last', about: "the teacher's last features" };

    expect(headInput(withPlan({ features }))).toBe(
      "The head is given the teacher's last features.",
    );
  });
});

describe('the profile of the blocks', () => {
  it('has a bar for each, and peaks at the earliest that is as good as the best', () => {
    // κ has a standard error of 0.02: block 6 is within it, block 5 is not.
    expect(profile(withPlan())).toEqual({ bars: '▁▃▄▅▇▇▇', peak: 6, kappa: 0.8 });
  });

  it('shows κ outside 0 to 1 as its ends', () => {
    const perBlock = [-0.2, 0, 1];

    expect(profile(withPlan({ perBlock })).bars).toBe('▁▁█');
  });
});

describe('similarityInWords', () => {
  it.each([
    [0.97, '0.97, very similar'],
    [0.8, '0.80, similar'],
    [0.6, '0.60, less similar'],
    [0.2, '0.20, very different'],
  ])('says %d as "%s"', (similarity, words) => {
    expect(similarityInWords(withPlan({ similarity }))).toBe(words);
  });
});

describe('teacherView', () => {
  const nearest = Array.from({ length: 7 }, (_, i) => ({
    name: `class ${i}`,
    similar: i === 1 ? [] : [{ name: `thing ${i}`, probability: 0.5 }],
  }));
  const view = { images: 64, nearest, shiftPerBlock: [0, 0], inputLevelShift: false };

  it('names the nearest class of the teacher for the first few', () => {
    const said = teacherView(withPlan({ teacherView: view }));

    expect(said).toBe(
      'To the teacher, "class 0" looks most like "thing 0", "class 2" like "thing 2", "class 3" like "thing 3", "class 4" like "thing 4", "class 5" like "thing 5".',
    );
  });

  it('is empty if it was not measured', () => {
    expect(teacherView(withPlan())).toBe('');
    expect(teacherView(withPlan({ teacherView: { ...view, nearest: [] } }))).toBe('');
  });
});
