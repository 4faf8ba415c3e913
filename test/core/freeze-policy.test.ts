import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decideFreezePlan,
  FREEZE_POLICY,
  FREEZE_THRESHOLDS,
  type FreezeFacts,
  neighboursOf,
  peakOf,
  planOf,
} from '#core/freeze-policy.ts';
import { retrainedBlocks } from '#core/recipe.ts';

const BLOCKS = 7;

const facts = (given: Partial<FreezeFacts>): FreezeFacts => ({
  kappaLast: given.kappaBest ?? 0.75,
  kappaBest: 0.75,
  standardError: 0.01,
  perBlock: [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75],
  peak: 6,
  perClass: 100,
  examples: 1_000,
  classes: 10,
  inputLevelShift: false,
  ...given,
});

describe('decideFreezePlan', () => {
  it.each([
    ['CIFAR-10 at 96 px, 100 per class', { kappaBest: 0.79, kappaLast: 0.75 }, 'blocks:4'],
    ['CIFAR-10 at 224 px, 100 per class', { kappaBest: 0.85 }, 'blocks:4'],
    [
      'CIFAR-10 at 224 px, 10 per class',
      { kappaBest: 0.74, perClass: 10, examples: 100, standardError: 0.04 },
      'blocks:4',
    ],
    [
      'CIFAR-10 at 96 px, 10 per class',
      { kappaBest: 0.58, perClass: 10, examples: 100, standardError: 0.05 },
      'blocks:4',
    ],
    [
      '2,000 digits',
      { kappaLast: 0.93, kappaBest: 0.98, perClass: 160, examples: 1_600, standardError: 0.004 },
      'head-only',
    ],
  ])('decides as the measurements say: %s', (_, given, plan) => {
    expect(decideFreezePlan(facts(given)).plan).toBe(plan);
  });

  it.each<[string, Partial<FreezeFacts>, string, string]>([
    ['4 images per class', { perClass: 4 }, 'too-few-images', 'head-only'],
    [
      'high κ that chance could explain',
      { kappaBest: 0.96, standardError: 0.03 },
      'less-similar',
      'blocks:4',
    ],
    ['no time', { secondsForFineTuning: 300, secondsLeft: 120 }, 'no-time', 'head-only'],
    [
      'just enough time',
      { secondsForFineTuning: 120, secondsLeft: 120 },
      'less-similar',
      'blocks:4',
    ],
    ['an early peak', { peak: 1 }, 'less-similar', 'blocks:5'],
    ['a peak in the first block', { peak: 0 }, 'less-similar', 'blocks:6'],
    ['very different, enough images', { kappaBest: 0.3 }, 'different', 'full'],
    [
      'very different, few images',
      { kappaBest: 0.3, examples: 400, perClass: 40 },
      'different-and-few-images',
      'blocks:4',
    ],
    [
      'very different, few per class',
      { kappaBest: 0.3, classes: 100, perClass: 30, examples: 3_000 },
      'different-and-few-images',
      'blocks:4',
    ],
    ['no measurement at all', { kappaBest: Number.NaN }, 'less-similar', 'blocks:4'],
  ])('%s', (_, given, row, plan) => {
    expect(decideFreezePlan(facts(given))).toMatchObject({ row, plan });
  });

  it('says in words why', () => {
    const reason = (given: Partial<FreezeFacts>) => decideFreezePlan(facts(given)).reason;

    expect(reason({ kappaBest: 0.97 })).toBe(
      'Your images are similar to those the teacher knows: a head on frozen features already gets 97% right (κ 0.97) in cross-validation, so nothing of the teacher is retrained.',
    );
    expect(reason({ kappaBest: 0.98, kappaLast: 0.9 })).toContain(
      'those of its earlier blocks included',
    );
    expect(reason({ kappaBest: 0.75, inputLevelShift: true })).toBe(
      'Your images are less similar to those the teacher knows, already in their colours and textures: a head on frozen features gets 78% right (κ 0.75) in cross-validation. The earlier blocks stay as they are, and the last 4 are retrained.',
    );
    expect(reason({ kappaBest: 0.3, perClass: 40, examples: 400 })).toBe(
      'Your images are very different from those the teacher knows: a head on frozen features gets only 37% right (κ 0.30) in cross-validation. That calls for retraining everything, but 400 images in 10 classes are too few for it, so the last 4 are retrained. About 60 more per class would help.',
    );
    expect(reason({ perClass: 1 })).toContain('only 1 image per class');
    expect(reason({ secondsForFineTuning: 300, secondsLeft: 45 })).toContain(
      'would take about 5 min, and the budget leaves 45 s',
    );
  });

  it('takes other thresholds for calibration', () => {
    const decide = (similar: number) =>
      decideFreezePlan(facts({ kappaBest: 0.85 }), { ...FREEZE_THRESHOLDS, similar }).plan;

    expect([decide(0.8), decide(0.9)]).toEqual(['head-only', 'blocks:4']);
  });

  it('promises no images in vain: with those asked for, everything is retrained', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 5, max: 200 }),
        fc.integer({ min: 2, max: 50 }),
        (perClass, classes) => {
          const few = facts({ kappaBest: 0.3, perClass, classes, examples: perClass * classes });
          const { row, reason } = decideFreezePlan(few);
          fc.pre(row === 'different-and-few-images');
          const more = perClass + Number(/About (\d+) more/.exec(reason)?.[1]);

          const plan = (n: number) =>
            decideFreezePlan({ ...few, perClass: n, examples: n * classes }).plan;
          expect(plan(more)).toBe('full');
          expect(plan(more - 1)).not.toBe('full');
        },
      ),
    );
  });
});

const unit = fc.double({ min: 0, max: 1, noNaN: true });
const anyFacts: fc.Arbitrary<FreezeFacts> = fc
  .record({
    kappaLast: fc.double({ min: -0.3, max: 1, noNaN: true }),
    kappaBest: fc.double({ min: -0.3, max: 1, noNaN: true }),
    standardError: fc.double({ min: 0, max: 0.2, noNaN: true }),
    perBlock: fc.array(unit, { minLength: 1, maxLength: 9 }),
    perClass: fc.integer({ min: 1, max: 300 }),
    classes: fc.integer({ min: 2, max: 100 }),
    inputLevelShift: fc.boolean(),
    time: fc.option(fc.record({ secondsForFineTuning: unit, secondsLeft: unit }), {
      nil: undefined,
    }),
  })
  .map(({ time, ...given }) => ({
    ...given,
    ...time,
    peak: peakOf(given.perBlock, given.standardError),
    examples: given.perClass * given.classes,
  }));

const depth = (given: FreezeFacts) =>
  retrainedBlocks(decideFreezePlan(given).plan, given.perBlock.length);

describe('the freeze policy', () => {
  it('gives one plan and a sentence for all facts', () => {
    fc.assert(
      fc.property(anyFacts, (given) => {
        const { plan, reason } = decideFreezePlan(given);

        const blocks = given.perBlock.length;
        expect(planOf(retrainedBlocks(plan, blocks), blocks)).toBe(plan);
        expect(reason).toMatch(/^[A-Z].*\.$/);
        expect(reason).not.toMatch(/NaN|undefined|Infinity/);
      }),
    );
  });

  it('never retrains less where frozen features do worse', () => {
    fc.assert(
      fc.property(anyFacts, unit, (given, worse) => {
        expect(depth({ ...given, kappaBest: given.kappaBest - worse })).toBeGreaterThanOrEqual(
          depth(given),
        );
      }),
    );
  });

  it('never retrains less with more images', () => {
    fc.assert(
      fc.property(anyFacts, fc.integer({ min: 0, max: 500 }), (given, more) => {
        const perClass = given.perClass + more;
        const richer = { ...given, perClass, examples: perClass * given.classes };
        expect(depth(richer)).toBeGreaterThanOrEqual(depth(given));
      }),
    );
  });

  it('has rows with different ids, each of which can decide', () => {
    const decided = new Set<string>();
    for (const [perClass, examples] of [
      [3, 30],
      [10, 100],
      [100, 1_000],
    ] as const)
      for (const kappaBest of [0.3, 0.7, 0.99])
        for (const secondsLeft of [1, 100])
          decided.add(
            decideFreezePlan(
              facts({ perClass, examples, kappaBest, secondsForFineTuning: 10, secondsLeft }),
            ).row,
          );

    expect([...decided].sort()).toEqual(FREEZE_POLICY.map(({ id }) => id).sort());
  });
});

describe('peakOf', () => {
  it.each([
    ['the best block', [0.1, 0.5, 0.9], 0.05, 2],
    ['an earlier one that chance cannot tell from it', [0.1, 0.86, 0.9], 0.05, 1],
    ['the first of equals', [0.9, 0.9], 0, 0],
  ])('is %s', (_, perBlock, error, expected) => {
    expect(peakOf(perBlock, error)).toBe(expected);
  });
});

describe('neighboursOf', () => {
  it.each([
    ['head-only', { deeper: 'blocks:2' }],
    ['blocks:1', { shallower: 'head-only', deeper: 'blocks:3' }],
    ['blocks:4', { shallower: 'blocks:2', deeper: 'blocks:6' }],
    ['blocks:6', { shallower: 'blocks:4', deeper: 'full' }],
    ['full', { shallower: 'blocks:5' }],
  ] as const)('of %s', (plan, expected) => {
    expect(neighboursOf(plan, BLOCKS)).toEqual(expected);
  });
});
