import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holdsSlot, withSlot } from '#core/training-slots.ts';

const row = (id: string, version: number, ended?: boolean) => ({
  id,
  version,
  ...(ended !== undefined && { run: { ended } }),
});
const slot = (jobId: string, version: number) => ({ jobId, version });

describe('holdsSlot', () => {
  it.each([
    ['whose training job runs', row('a', 9, false), true],
    ['whose row has not moved since the claim', row('a', 2), true],
    ['whose training job has ended', row('a', 9, true), false],
    ['whose row has moved without a training job', row('a', 3), false],
    ['that does not exist', undefined, false],
  ])('a job %s: %s', (_, job, holds) => {
    expect(holdsSlot(slot('a', 2), job)).toBe(holds);
  });
});

describe('withSlot', () => {
  it('gives out as many slots as there are', () => {
    const first = withSlot([], [], row('a', 1), 2) ?? [];
    const second = withSlot(first, [row('a', 1)], row('b', 1), 2) ?? [];

    expect(second).toEqual([slot('a', 1), slot('b', 1)]);
    expect(withSlot(second, [row('a', 1), row('b', 1)], row('c', 1), 2)).toBeUndefined();
  });

  it('takes a slot from a job that no longer holds it', () => {
    expect(withSlot([slot('a', 1)], [row('a', 5, true)], row('b', 1), 1)).toEqual([slot('b', 1)]);
    expect(withSlot([slot('a', 1)], [undefined], row('b', 1), 1)).toEqual([slot('b', 1)]);
  });

  it('gives a job that holds a slot the same one again, even if there are fewer slots now', () => {
    expect(withSlot([slot('a', 1)], [row('a', 1)], row('a', 1), 0)).toEqual([slot('a', 1)]);
  });

  it('renews the claim of a job that waited in between', () => {
    expect(withSlot([slot('a', 1)], [row('a', 4)], row('a', 4), 1)).toEqual([slot('a', 4)]);
  });

  it('never lists a job twice, or more jobs than there are slots', () => {
    const id = fc.constantFrom('a', 'b', 'c', 'd');
    const anyRow = fc.record({ id, version: fc.integer({ min: 1, max: 3 }), ended: fc.boolean() });
    fc.assert(
      fc.property(fc.array(anyRow), fc.integer({ min: 1, max: 3 }), (claims, max) => {
        const rows = new Map<string, ReturnType<typeof row>>();
        let slots: { jobId: string; version: number }[] = [];
        for (const { id: jobId, version, ended } of claims) {
          const job = row(jobId, version, ended);
          rows.set(jobId, job);
          const present = slots.map((each) => rows.get(each.jobId));
          slots = withSlot(slots, present, job, max) ?? slots;
          expect(new Set(slots.map((each) => each.jobId)).size).toBe(slots.length);
          expect(slots.length).toBeLessThanOrEqual(max);
        }
      }),
    );
  });
});
