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
