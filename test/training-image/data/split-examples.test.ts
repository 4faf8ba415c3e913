import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '#core/identity.ts';
import { type Part, splitExamples } from '#training-image/data/split-examples.ts';

const fractions = { validation: 0.1, test: 0.1 };
const examples = (perClass: readonly number[]) =>
  perClass.flatMap((n, label) =>
    Array.from({ length: n }, (_, i) => ({ contentSha256: sha256(`${label}/${i}`), label })),
  );
const count = (parts: (Part | undefined)[], part: Part) =>
  parts.filter((each) => each === part).length;

describe('splitExamples', () => {
  it.each([
    [[5, 5], 6, 2, 2],
    [[100, 50], 120, 15, 15],
    [[10], 8, 1, 1],
  ])('of classes with %j images keeps %i, %i and %i', (perClass, train, validation, test) => {
    const { parts, warnings } = splitExamples(examples(perClass), fractions, 1);

    expect([count(parts, 'train'), count(parts, 'validation'), count(parts, 'test')]).toEqual([
      train,
      validation,
      test,
    ]);
    expect(warnings).toEqual([]);
  });

  describe('of a dataset that its owner has divided', () => {
    const divided = (parts: Partial<Record<Part, number>>) =>
      Object.entries(parts).flatMap(([given, n]) =>
        Array.from({ length: n }, (_, i) => ({
          contentSha256: sha256(`${given}/${i}`),
          label: i % 2,
          given: given as Part,
        })),
      );

    it('keeps the parts', () => {
      const given = divided({ train: 20, validation: 6, test: 8 });
      const { parts, warnings } = splitExamples(given, fractions, 1);

      expect(parts).toEqual(given.map((each) => each.given));
      expect(warnings).toEqual(['The dataset’s own division into parts was used.']);
    });

    it('draws a part that is missing from the training part', () => {
      const given = divided({ train: 20, test: 8 });
      const { parts, warnings } = splitExamples(given, fractions, 1);

      expect([count(parts, 'train'), count(parts, 'validation'), count(parts, 'test')]).toEqual([
        ...[18, 2, 8],
      ]);
      expect(parts.slice(20)).toEqual(Array(8).fill('test'));
      expect(warnings[0]).toContain('for validation were taken from its training part');
    });

    it('leaves out what is to be learned from and is tested too', () => {
      const given = [
        ...divided({ train: 20, validation: 4, test: 8 }),
        { contentSha256: sha256('test/0'), label: 0, given: 'train' as const },
        { contentSha256: sha256('test/1'), label: 1, given: 'validation' as const },
        { contentSha256: sha256('validation/0'), label: 0, given: 'train' as const },
      ];
      const { parts, warnings } = splitExamples(given, fractions, 1);

      expect(parts.slice(-3)).toEqual([undefined, undefined, undefined]);
      expect(warnings).toContainEqual(
        expect.stringContaining('3 images to learn from are also in'),
      );
    });
  });

  it('never puts images that look alike on two sides', () => {
    const alike = examples([40, 40]).map((each, i) => ({ ...each, group: `group ${i % 20}` }));
    const { parts } = splitExamples(alike, fractions, 1);
    const partOf = new Map<string, Set<unknown>>();
    for (const [i, { group }] of alike.entries())
      partOf.set(group, (partOf.get(group) ?? new Set()).add(parts[i]));
    expect([...partOf.values()].map(({ size }) => size)).toEqual(Array(20).fill(1));
  });

  it('depends on content and seed, not on order', () => {
    const given = examples([30, 40]);
    const { parts } = splitExamples(given, fractions, 1);
    const turned = splitExamples([...given].reverse(), fractions, 1);

    expect(turned.parts.reverse()).toEqual(parts);
    expect(splitExamples(given, fractions, 2).parts).not.toEqual(parts);
  });

  it('never puts copies of an image on two sides', () => {
    const copies = fc.array(
      fc.record({
        content: fc.integer({ min: 0, max: 15 }),
        label: fc.integer({ min: 0, max: 2 }),
      }),
      { maxLength: 80 },
    );
    fc.assert(
      fc.property(copies, (drawn) => {
        const given = drawn.map(({ content, label }) => ({
          contentSha256: sha256(String(content)),
          label,
        }));
        const { parts } = splitExamples(given, fractions, 1);
        for (const [i, a] of given.entries()) {
          for (const [j, b] of given.entries()) {
            if (a.contentSha256 !== b.contentSha256) continue;
            expect(parts[i]).toBe(parts[j]);
            if (a.label !== b.label) expect(parts[i]).toBeUndefined();
          }
        }
      }),
    );
  });

  it('may move an image when others of its class are added, but none of another class', () => {
    const { parts } = splitExamples(examples([30, 40]), fractions, 1);
    const { parts: more } = splitExamples(examples([30, 80]), fractions, 1);

    expect(more.slice(0, 30)).toEqual(parts.slice(0, 30));
    expect(more.slice(30, 70)).not.toEqual(parts.slice(30));
  });

  it('says what it found', () => {
    const twice = [
      ...examples([5, 5]),
      { contentSha256: sha256('0/0'), label: 0 },
      { contentSha256: sha256('0/1'), label: 1 },
    ];

    expect(splitExamples(twice, fractions, 1).warnings).toEqual([
      '2 images are copies of others; copies are kept on the same side of the split.',
      '1 image is in more than one class and was left out.',
    ]);
  });
});
