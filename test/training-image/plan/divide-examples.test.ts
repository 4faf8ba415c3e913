import { describe, expect, it } from 'vitest';
import type { Manifest } from '#core/manifest.ts';
import { Recipe } from '#core/recipe.ts';
import { divideExamples } from '#training-image/plan/divide-examples.ts';

const recipe = Recipe.parse({});

/** Two classes of so many images each, `hash` by hash. */
function dataset(perClass: number): { manifest: Manifest; labels: Int32Array; hashes: string[] } {
  const examples = Array.from({ length: 2 * perClass }, (_, i) => ({
    path: `${'ab'[i % 2]}/${i}.png`,
    label: i % 2,
  }));
  const header = {
    schema: 1 as const,
    dataset: 'datasets/x.zip',
    format: 'class-folders',
    classes: ['a', 'b'],
    examples: examples.length,
  };
  return {
    manifest: { header, examples },
    labels: Int32Array.from(examples, ({ label }) => label),
    hashes: examples.map((_, i) => `hash ${i}`),
  };
}

/** The hashes, with so many images of the second class showing the same as one of the first. */
const conflicting = (hashes: readonly string[], images: number) =>
  hashes.map((hash, i) => (i % 2 === 1 && i < 2 * images ? (hashes[i - 1] ?? '') : hash));

describe('divideExamples', () => {
  it('leaves a few images out that are in two classes, and refuses many by name', () => {
    const { manifest, labels, hashes } = dataset(100);
    const divide = (images: number) => {
      const identities = conflicting(hashes, images);
      return divideExamples(manifest, labels, { identities, groups: identities }, recipe);
    };

    const { judgement, warnings } = divide(5);
    expect(judgement.all).toHaveLength(190);
    expect(warnings).toContainEqual('5 images are in more than one class and were left out.');
    expect(() => divide(6)).toThrow(
      expect.objectContaining({
        code: 'LABEL_CONFLICTS',
        message: expect.stringContaining('b/1.png, which shows the same as a/0.png of "a"'),
        files: expect.objectContaining({ length: 6 }),
      }),
    );
  });

  it('keeps images that look alike on one side, and names two of them', () => {
    const { manifest, labels, hashes } = dataset(100);
    const groups = hashes.map((hash, i) => (i % 4 === 2 ? (hashes[i - 2] ?? '') : hash));

    const { judgement, warnings } = divideExamples(
      manifest,
      labels,
      { identities: hashes, groups },
      recipe,
    );

    for (const { heldOut, train } of judgement.splits) {
      const held = new Set([...heldOut].map((i) => groups[i]));
      expect([...train].some((i) => held.has(groups[i]))).toBe(false);
    }
    expect(warnings).toContainEqual(
      '50 images look nearly the same as others, such as a/2.png and a/0.png; they are kept on the same side of the split.',
    );
  });
});
