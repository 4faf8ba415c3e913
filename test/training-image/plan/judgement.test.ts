import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { at } from '#core/at.ts';
import { countClasses } from '#training-image/data/class-counts.ts';
import { type Part, splitExamples } from '#training-image/data/split-examples.ts';
import {
  countsOf,
  type Judgement,
  judgementFor,
  testedOf,
} from '#training-image/plan/judgement.ts';

const NAMES = ['a', 'b', 'c', 'd'];

interface Example {
  content: string;
  label: number;
}

/** The judgement of a dataset, by the split that a training would make. */
function judge(examples: readonly Example[], seed = 1, split = { validation: 0.1, test: 0.1 }) {
  const contents = examples.map(({ content }) => content);
  const labels = Int32Array.from(examples, ({ label }) => label);
  const hashed = examples.map(({ content, label }) => ({ contentSha256: content, label }));
  const { parts } = splitExamples(hashed, split, seed);
  const counts = countClasses(NAMES, labels, parts);
  return {
    judgement: judgementFor(contents, labels, parts, counts, seed),
    contents,
    labels,
    parts,
    counts,
  };
}

/** So many different images of each class. */
const different = (perClass: readonly number[]): Example[] =>
  perClass.flatMap((count, label) =>
    Array.from({ length: count }, (_, i) => ({ content: `${label}/${i}`, label })),
  );

const heldOutOf = ({ splits, folds }: Judgement) =>
  splits.slice(0, folds).flatMap(({ heldOut }) => [...heldOut]);

const sorted = (indices: Iterable<number>) => [...indices].sort((a, b) => a - b);

/** Datasets with copies: contents are few, so that many examples share one, some in more than one class. */
const dataset = fc.array(
  fc.record({
    content: fc.integer({ min: 0, max: 40 }).map(String),
    label: fc.integer({ min: 0, max: 3 }),
  }),
  { minLength: 8, maxLength: 120 },
);

/** Whether anything can be learned and tested; others are refused before. */
const isUsable = (parts: readonly (Part | undefined)[], labels: Int32Array) => {
  const learnable = new Set(
    [...parts.keys()].filter((i) => parts[i] === 'train').map((i) => at(labels, i)),
  );
  return learnable.size >= 2 && parts.includes('test');
};

describe('testedOf', () => {
  it('leaves out only classes of which no image is held out', () => {
    const few = judge(different([9, 2, 1, 8])); // cross-validation
    const many = judge(different([700, 400, 2, 500])); // the class of two images is not tested

    expect(few.judgement.method).toBe('cross-validation');
    expect([...testedOf(few.judgement, few.labels)].sort()).toEqual([0, 1, 3]);
    expect(many.judgement.method).toBe('hold-out');
    expect([...testedOf(many.judgement, many.labels)].sort()).toEqual([0, 1, 3]);
  });
});

describe('judgementFor', () => {
  it('never has copies of an image on both sides of a split, nor an example that is left out', () => {
    fc.assert(
      fc.property(dataset, fc.integer(), (examples, seed) => {
        const { judgement, contents, labels, parts } = judge(examples, seed);
        fc.pre(isUsable(parts, labels));

        for (const { train, heldOut } of judgement.splits) {
          const known = new Set(Array.from(train, (i) => at(contents, i)));
          for (const i of heldOut) expect(known.has(at(contents, i))).toBe(false);
          for (const i of [...train, ...heldOut]) expect(parts[i]).toBeDefined();
          expect(train.length + heldOut.length).toBe(judgement.all.length);
        }
      }),
    );
  });

  it('looks at each image once to make the plan, though there be copies', () => {
    fc.assert(
      fc.property(dataset, fc.integer(), (examples, seed) => {
        const { judgement, contents, labels, parts } = judge(examples, seed);
        fc.pre(isUsable(parts, labels));

        const looked = Array.from(judgement.learnable, (i) => at(contents, i));
        expect(new Set(looked).size).toBe(looked.length);
        expect(new Set(looked)).toEqual(new Set(Array.from(judgement.fit, (i) => at(contents, i))));
      }),
    );
  });

  it('predicts each image exactly once in each repeat of the cross-validation', () => {
    const { judgement } = judge(different([12, 9, 15]));

    expect(judgement).toMatchObject({ method: 'cross-validation', folds: 5 });
    expect(judgement.splits).toHaveLength(15); // three repeats of five folds
    for (let repeat = 0; repeat < 3; repeat++) {
      const splits = judgement.splits.slice(5 * repeat, 5 * repeat + 5);
      expect(sorted(splits.flatMap(({ heldOut }) => [...heldOut]))).toEqual(sorted(judgement.all));
    }
  });

  it('draws other folds in each repeat', () => {
    const { judgement } = judge(different([20, 20]));

    const first = judgement.splits.map(({ heldOut }) => [...heldOut].join());
    expect(new Set(first).size).toBe(15);
  });

  it('is the same for the same seed, and another one for another', () => {
    const examples = different([20, 20]);

    expect(judge(examples, 1).judgement).toEqual(judge(examples, 1).judgement);
    expect(judge(examples, 2).judgement).not.toEqual(judge(examples, 1).judgement);
  });

  it.each([
    ['199 images', [100, 99], 15],
    ['200 images', [100, 100], 5],
  ])('repeats the cross-validation if there are few images: %s', (_, perClass, splits) => {
    expect(judge(different(perClass)).judgement.splits).toHaveLength(splits);
  });

  it.each([
    ['50 per class, 100 of them for the test', [250, 250, 250, 250], 'hold-out'],
    ['99 for the test', [250, 250, 250, 244], 'cross-validation'],
    ['fewer than 50 in the median class', [49, 49, 49, 900], 'cross-validation'],
    ['a rare class beside large ones', [10, 400, 400, 400], 'hold-out'],
    ['more than 5,000, though few in the median class', [20, 30, 5_000, 40], 'hold-out'],
  ])('decides by the number of images: %s', (_, perClass, method) => {
    expect(judge(different(perClass)).judgement.method).toBe(method);
  });

  it('decides by the share of the test, too', () => {
    const examples = different([100, 100, 100]);

    expect(judge(examples).judgement.method).toBe('cross-validation'); // 30 test images
    expect(judge(examples, 1, { validation: 0.1, test: 0.4 }).judgement.method).toBe('hold-out');
  });

  it('keeps the test part out of everything but the end', () => {
    const { judgement, parts } = judge(different([300, 300, 300, 300]));

    const { test, splits, fit, learnable, all, folds } = judgement;
    expect({ folds, splits: splits.length }).toEqual({ folds: 1, splits: 1 });
    const partOf = (indices: Iterable<number>) => new Set([...indices].map((i) => parts[i]));
    expect(partOf(test)).toEqual(new Set(['test']));
    expect(partOf(splits[0]?.train ?? [])).toEqual(new Set(['train']));
    expect(partOf(splits[0]?.heldOut ?? [])).toEqual(new Set(['validation']));
    expect(partOf(fit)).toEqual(new Set(['train', 'validation']));
    expect(partOf(learnable)).toEqual(new Set(['train', 'validation']));
    expect(sorted([...fit, ...test])).toEqual(sorted(all));
    expect(all).toHaveLength(1200);
  });

  it('has no test part with cross-validation, and fits to everything', () => {
    const { judgement } = judge(different([9, 9]));

    expect(judgement.test).toHaveLength(0);
    expect(judgement.fit).toHaveLength(18);
    expect(judgement.all).toHaveLength(18);
  });

  it('leaves the only image of a class in every training part, and does not ask for it', () => {
    const examples = different([10, 10, 1]);
    const single = examples.findIndex(({ label }) => label === 2);
    const { judgement } = judge(examples);

    for (const { train } of judgement.splits) expect(train).toContain(single);
    expect(heldOutOf(judgement)).not.toContain(single);
    expect(heldOutOf(judgement)).toHaveLength(20);
  });

  it('counts copies as one image when it looks for single images and small classes', () => {
    const copies = Array.from({ length: 5 }, () => ({ content: 'same', label: 2 }));
    const { judgement } = judge([...different([10, 3]), ...copies]);

    expect(judgement.folds).toBe(3); // of the class with three images
    for (const { train } of judgement.splits) expect(train.filter((i) => i >= 13)).toHaveLength(5);
  });
});

describe('countsOf', () => {
  it('are those of the parts for a hold-out', () => {
    const { judgement, counts } = judge(different([300, 300, 300, 300]));

    expect(countsOf(judgement, counts)).toEqual(counts);
    expect(counts[0]).toEqual({ name: 'a', train: 240, validation: 30, test: 30 });
  });

  it('have everything to train on with cross-validation', () => {
    const { judgement, counts } = judge(different([10, 8]));

    expect(countsOf(judgement, counts).slice(0, 2)).toEqual([
      { name: 'a', train: 10, validation: 0, test: 0 },
      { name: 'b', train: 8, validation: 0, test: 0 },
    ]);
  });
});
