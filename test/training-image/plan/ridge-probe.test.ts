import { describe, expect, it } from 'vitest';
import { at } from '#core/at.ts';
import { type ProbeRequest, probe } from '#training-image/plan/ridge-probe.ts';
import { randomFloats } from '../../random.ts';
import { never } from '../quiet.ts';

/** Features that are the class, plus noise. */
function telling(labels: Int32Array, d: number, signal: number, seed = 1): Float32Array {
  return randomFloats(labels.length * d, seed).map((noise, i) => {
    const label = at(labels, Math.floor(i / d));
    return noise + (i % d === label ? signal : 0);
  });
}

const labelsOf = (n: number, classes: number) =>
  Int32Array.from({ length: n }, (_, i) => i % classes);

function request(labels: Int32Array, classes: number, given: Partial<ProbeRequest>): ProbeRequest {
  return { groups: [], sets: [], labels, classes, folds: 5, repeats: 1, seed: 1, ...given };
}

const N = 60;
const labels = labelsOf(N, 3);
const near = { name: 'near', d: 4, values: telling(labels, 4, 1.2) };
const far = { name: 'far', d: 40, values: telling(labels, 40, 0.3, 2) };
const clear = { name: 'clear', d: 4, values: telling(labels, 4, 50) };
const sets = [
  { name: 'near', groups: ['near'] },
  { name: 'far', groups: ['far'] },
  { name: 'both', groups: ['near', 'far'] },
];
const aRequest = request(labels, 3, { groups: [near, far], sets });

describe('probe', () => {
  it('finds the set that separates the classes better', async () => {
    const [a, b, both] = await probe(aRequest, never);

    expect([a, b, both].map((result) => result?.set)).toEqual(['near', 'far', 'both']);
    expect(a?.kappa).toBeGreaterThan(0.7);
    expect(b?.kappa).toBeLessThan(0.6);
    expect(both?.accuracy).toBeGreaterThan(b?.accuracy ?? 1);
  });

  it('is at chance for pure noise, even with far more features than examples', async () => {
    // 50 examples of 5 classes, 2,000 features: a leak of held-out labels would give up to 100%.
    const noise = labelsOf(50, 5);
    let sum = 0;
    const runs = 6;
    for (let seed = 1; seed <= runs; seed++) {
      const groups = [{ name: 'noise', d: 2_000, values: randomFloats(50 * 2_000, seed) }];
      const given = {
        groups,
        sets: [{ name: 'noise', groups: ['noise'] }],
        penalties: [0.1],
        seed,
      };
      const [result] = await probe(request(noise, 5, given), never);
      sum += result?.accuracy ?? 0;
    }

    expect(Math.abs(sum / runs - 0.2)).toBeLessThan(0.07); // three standard errors of 300 answers
  });

  it('gives results that fit together', async () => {
    for (const result of await probe({ ...aRequest, repeats: 3 }, never)) {
      const predicted = labels.map((_, i) => {
        const scores = result.scores.subarray(3 * i, 3 * i + 3);
        return scores.indexOf(Math.max(...scores));
      });
      expect([...result.correct]).toEqual([...labels].map((label, i) => +(predicted[i] === label)));
      expect(result.kappa).toBeCloseTo((result.balancedAccuracy - 1 / 3) / (2 / 3), 12);
      expect(result.balancedAccuracy).toBeCloseTo(result.accuracy, 12); // as many of each class
      expect(result.standardError).toBeGreaterThan(0);
      expect(result.standardError).toBeLessThan(0.2);
    }
  });

  it('averages the accuracy over the repeats, of which the first is the same alone', async () => {
    const [once] = await probe(aRequest, never);
    const [thrice] = await probe(
      { ...aRequest, repeats: 3, penalties: [once?.penalty ?? 1] },
      never,
    );

    expect(thrice?.scores).toEqual(once?.scores);
    expect((thrice?.accuracy ?? 0) * 3 * N).toBeCloseTo(
      Math.round((thrice?.accuracy ?? 0) * 3 * N),
      9,
    );
    expect(once?.accuracy).toBeCloseTo((once?.correct.reduce((a, b) => a + b, 0) ?? 0) / N, 12);
  });

  it.each([
    ['the highest accuracy', far],
    ['the smallest squared error where all are right', clear],
  ])('takes the penalty with %s', async (_, group) => {
    const given = { ...aRequest, groups: [group], sets: [{ name: 'set', groups: [group.name] }] };
    const alone = [1e3, 1, 1e-3].map(async (penalty) => {
      const [result] = await probe({ ...given, penalties: [penalty] }, never);
      const scores = result?.scores ?? new Float32Array();
      const error = scores.reduce((sum, score, i) => {
        const target = i % 3 === at(labels, Math.floor(i / 3)) ? 2 / 3 : -1 / 3;
        return sum + (score - target) ** 2;
      }, 0);
      return { penalty, accuracy: result?.accuracy ?? 0, error };
    });
    const tried = await Promise.all(alone);
    const [best] = tried.toSorted((a, b) => b.accuracy - a.accuracy || a.error - b.error);

    const [chosen] = await probe(
      { ...given, penalties: tried.map(({ penalty }) => penalty) },
      never,
    );

    expect(chosen?.penalty).toBe(best?.penalty);
    const accuracies = new Set(tried.map(({ accuracy }) => accuracy));
    expect(accuracies.size === 1).toBe(group === clear);
  });

  it('has a standard error where every answer is right', async () => {
    const groups = [clear];
    const [result] = await probe(
      { ...aRequest, groups, sets: [{ name: 'clear', groups: ['clear'] }] },
      never,
    );

    expect(result).toMatchObject({ accuracy: 1, kappa: 1 });
    expect(result?.standardError).toBeCloseTo(Math.sqrt((61 * 1) / 62 ** 2 / 60), 12);
  });

  it('stops between two folds', async () => {
    let checks = 0;
    const stop = {
      throwIfRequested() {
        checks += 1;
        if (checks === 3) throw new Error('enough');
      },
    };

    await expect(probe(aRequest, stop)).rejects.toThrow('enough');
  });

  it('refuses a set of unknown groups, and a group with too few values', async () => {
    const unknown = { ...aRequest, sets: [{ name: 'a', groups: ['x'] }] };
    const short = { ...aRequest, groups: [{ ...near, values: new Float32Array(7) }, far] };

    await expect(probe(unknown, never)).rejects.toThrow('no group of features named x');
    await expect(probe(short, never)).rejects.toThrow('near has 7 values, not 60 × 4');
  });
});
