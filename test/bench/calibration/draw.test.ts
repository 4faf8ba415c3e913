import { describe, expect, it } from 'vitest';
import type { CalibrationImage } from '../../../bench/calibration/dataset.ts';
import { divide, drawTraining, possibleSizes } from '../../../bench/calibration/draw.ts';

/** Images that differ in their bytes. */
const images = (label: string, count: number, groups = 0): CalibrationImage[] =>
  Array.from({ length: count }, (_, i) => ({
    png: Buffer.from(`${label} ${i}`),
    label,
    ...(groups > 0 && { group: `group ${i % groups}` }),
  }));

const contents = (list: readonly CalibrationImage[]): string[] =>
  list.map(({ png }) => png.toString()).sort();

describe('divide', () => {
  it('tests on a third of each class, which is not learned from', () => {
    const { pool, test } = divide('set', [...images('a', 90), ...images('b', 60)]);
    const learned = [...pool.values()].flat();

    expect(test.filter(({ label }) => label === 'a')).toHaveLength(30);
    expect(test.filter(({ label }) => label === 'b')).toHaveLength(20);
    expect(contents([...learned, ...test])).toEqual(
      contents([...images('a', 90), ...images('b', 60)]),
    );
  });

  it('tests on at most 1,000 images', () => {
    expect(divide('set', [...images('a', 3_000), ...images('b', 3_000)]).test).toHaveLength(1_000);
  });

  it('keeps groups together', () => {
    const { pool, test } = divide('set', [...images('a', 90, 9), ...images('b', 90, 9)]);
    const tested = new Set(test.map(({ group }) => group));
    const learned = new Set([...pool.values()].flat().map(({ group }) => group));

    expect(tested.size).toBe(3);
    expect([...tested].filter((group) => learned.has(group))).toEqual([]);
  });

  it('uses one of several equal images', () => {
    const { pool, test } = divide('set', [...images('a', 30), ...images('a', 30)]);

    expect([...pool.values()].flat().length + test.length).toBe(30);
  });
});

describe('drawTraining', () => {
  const divided = divide('set', [...images('a', 60), ...images('b', 60)]);

  it('draws the same images again, and others with another seed', () => {
    const first = contents(drawTraining(divided, 10, 1));

    expect(contents(drawTraining(divided, 10, 1))).toEqual(first);
    expect(contents(drawTraining(divided, 10, 2))).not.toEqual(first);
  });

  it('draws a smaller number from a larger one', () => {
    const few = contents(drawTraining(divided, 5, 1));
    const many = contents(drawTraining(divided, 20, 1));

    expect(few).toHaveLength(10);
    expect(few.filter((each) => !many.includes(each))).toEqual([]);
  });
});

describe('possibleSizes', () => {
  it('has "all" only where it is more than the largest number', () => {
    const sizes = [5, 20, 100];

    expect(possibleSizes(divide('set', images('a', 90)), sizes)).toEqual([5, 20, 'all']);
    expect(possibleSizes(divide('set', images('a', 150)), sizes)).toEqual([5, 20, 100]);
  });
});
