import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '#teachers/catalogue.ts';
import { IMAGENET_CLASSES, teacherClassNames } from '#teachers/imagenet-classes.ts';

describe('IMAGENET_CLASSES', () => {
  it('has 1,000 different names, in the order of ImageNet-1k', () => {
    expect(new Set(IMAGENET_CLASSES).size).toBe(1_000);
    // Known from the papers and models that use the order.
    const known = {
      0: 'tench',
      207: 'golden retriever',
      281: 'tabby',
      340: 'zebra',
      404: 'airliner',
      817: 'sports car',
      954: 'banana',
      999: 'toilet tissue',
    };
    for (const [index, name] of Object.entries(known)) {
      expect(IMAGENET_CLASSES[Number(index)], index).toBe(name);
    }
  });
});

describe('teacherClassNames', () => {
  it('knows the classes of every teacher in the catalogue', () => {
    for (const entry of CATALOGUE) expect(teacherClassNames(entry)).toBe(IMAGENET_CLASSES);
  });

  it('does not know those of another dataset', () => {
    expect(
      teacherClassNames({ trainedOn: { dataset: 'ImageNet-21k', classes: 1_000 } }),
    ).toBeUndefined();
  });
});
