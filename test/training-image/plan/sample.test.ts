import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { at } from '#core/at.ts';
import { sampleOf } from '#training-image/plan/sample.ts';

const labelled = fc.record({
  labels: fc
    .array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 80 })
    .map((labels) => Int32Array.from(labels)),
  size: fc.integer({ min: 1, max: 60 }),
  seed: fc.integer(),
});

const all = (labels: Int32Array) => Int32Array.from(labels.keys());

function countsIn(indices: Int32Array, labels: Int32Array): number[] {
  const counts = [0, 0, 0, 0, 0];
  for (const index of indices) counts[at(labels, index)] = (counts[at(labels, index)] ?? 0) + 1;
  return counts;
}

describe('sampleOf', () => {
  it('has the size, no example twice, and all of them in order', () => {
    fc.assert(
      fc.property(labelled, ({ labels, size, seed }) => {
        const sample = sampleOf(all(labels), labels, size, seed);

        expect(sample).toHaveLength(Math.min(size, labels.length));
        expect([...sample]).toEqual([...new Set(sample)].sort((a, b) => a - b));
      }),
    );
  });

  it('has as many examples of each class as of any other that is not used up', () => {
    fc.assert(
      fc.property(labelled, ({ labels, size, seed }) => {
        const available = countsIn(all(labels), labels);
        const counts = countsIn(sampleOf(all(labels), labels, size, seed), labels);

        const most = Math.max(...counts);
        for (const [label, count] of counts.entries()) {
          if (count < (available[label] ?? 0)) expect(count).toBeGreaterThanOrEqual(most - 1);
        }
      }),
    );
  });

  it('chooses among the given examples only', () => {
    const labels = Int32Array.from({ length: 100 }, (_, i) => i % 3);
    const given = all(labels).filter((i) => i % 2 === 0);

    const sample = sampleOf(given, labels, 12, 1);

    expect(countsIn(sample, labels)).toEqual([4, 4, 4, 0, 0]);
    for (const index of sample) expect(given).toContain(index);
  });

  it('is the same for the same seed, and another one for another', () => {
    const labels = Int32Array.from({ length: 100 }, (_, i) => i % 4);
    const sample = (seed: number) => sampleOf(all(labels), labels, 20, seed);

    expect(sample(1)).toEqual(sample(1));
    expect(sample(2)).not.toEqual(sample(1));
  });

  it('is of some classes only where there are too many for ten examples of each', () => {
    const labels = Int32Array.from({ length: 6_000 }, (_, i) => i % 300);
    const sample = sampleOf(all(labels), labels, 400, 1);

    const counts = new Map<number, number>();
    for (const index of sample) {
      const label = at(labels, index);
      counts.set(label, (counts.get(label) ?? 0) + 1);
    }
    expect([...counts.values()]).toEqual(new Array(40).fill(10));
  });

  it('ends where the classes that it draws have too few examples', () => {
    const labels = Int32Array.from({ length: 600 }, (_, i) => i % 300); // two of each

    expect(sampleOf(all(labels), labels, 400, 1)).toHaveLength(80);
  });

  it('orders examples by number, not by digits', () => {
    const labels = new Int32Array(200);

    expect([...sampleOf(Int32Array.of(100, 9, 20), labels, 5, 1)]).toEqual([9, 20, 100]);
  });
});
