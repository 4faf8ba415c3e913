import { afterEach, describe, expect, it } from 'vitest';
import { layersOf, widthOf } from '#training-image/features/feature-sets.ts';
import { openBackbone } from '#training-image/features/open-backbone.ts';
import { measureCandidate, type Probing, setsOf } from '#training-image/plan/measure-candidate.ts';
import { never } from '../quiet.ts';
import { colours, type Draw, faintSides, type SmallData, sides, smallData } from '../small-data.ts';

type Retraining = Probing['retraining'];

let data: SmallData;
afterEach(() => data.remove());

/** Measures the small teacher on a sample of so many examples, every third of the dataset. */
async function measured(draw: Draw, n: number, classes: number, retraining: Retraining = 'no') {
  data = await smallData(draw, { n: 3 * n, classes, set: 'last' });
  const indices = Int32Array.from({ length: n }, (_, i) => 3 * i + (i % 3));
  const labels = indices.map((i) => data.labels[i] ?? 0);
  const pixels = await data.decoded.pick(indices);
  const sample = { pixels, indices, labels, decodeSeconds: 2, isExact: true };
  return {
    indices,
    labels,
    result: await measureCandidate(
      data.teacher,
      sample,
      { examples: 100, classes, seed: 1, retraining },
      never,
    ),
  };
}

describe('measureCandidate', () => {
  it('compares all sets, and takes the smallest of the most accurate ones', async () => {
    const { result } = await measured(colours, 40, 3);

    const { sets, set, accuracy, correct, kappa, px } = result;
    expect(sets.map((each) => each.set.id)).toEqual(setsOf(data.teacher).sets.map(({ id }) => id));
    const accuracies = sets.map((each) => each.result.accuracy);
    const best = accuracies.indexOf(Math.max(...accuracies));
    expect(set.id).toBe(sets[best]?.set.id);
    expect({ accuracy, kappa }).toMatchObject({
      accuracy: sets[best]?.result.accuracy,
      kappa: sets[best]?.result.kappa,
    });
    expect(correct).toHaveLength(40);
    expect(px).toBe(16);
    expect(result.perBlock).toHaveLength(7);
  });

  it('takes the quarters where only they can tell', async () => {
    const { result } = await measured(sides, 60, 2);

    expect(result.set.id).toMatch(/quarters|grid/);
    expect(result.accuracy).toBeGreaterThan(0.95);
    const [last] = result.sets; // averages over the whole image, which tell little at its edges
    expect(last?.result.accuracy).toBeLessThan(result.accuracy - 0.05);
  });

  it.each([
    ['the last block will be retrained', sides, 'yes', true],
    ['it may be retrained, since the features do not suffice', faintSides, 'perhaps', true],
    ['it will not, since they do', sides, 'perhaps', false],
    ['it will not, since nobody wants it', faintSides, 'no', false],
  ] as const)(
    'takes a set with the last features if the head may need them: %s',
    async (_, draw, retraining, expected) => {
      const { result } = await measured(draw, 60, 2, retraining);

      const layers = layersOf(result.set).map(({ layer }) => layer);
      expect(layers.includes('features')).toBe(expected);
      expect(result.sets.map(({ set }) => set.id)).toContain('quarters'); // measured all the same
    },
  );

  it('keeps the features of the chosen set, in the order of its layers, by the examples’ indices', async () => {
    const { result, indices } = await measured(sides, 40, 2); // more images than run at a time

    const backbone = await openBackbone(data.teacher, layersOf(result.set));
    expect([...result.features.keys()]).toEqual([...indices]);
    for (const [index, row] of result.features) {
      const expected = backbone.features(await data.decoded.pick([index]));
      expect(row).toHaveLength(widthOf(result.set));
      for (const [i, value] of row.entries()) expect(value).toBeCloseTo(expected[i] ?? 0, 3);
    }
    backbone.dispose();
  });

  it('counts decoding and features as the time of an image', async () => {
    const { result } = await measured(colours, 20, 2);

    expect(result.secondsPerImage).toBeGreaterThan(2 / 20);
    expect(result.secondsPerImage).toBeLessThan(2 / 20 + 1);
  });

  it('makes do with fewer examples than folds', async () => {
    const { result } = await measured(colours, 4, 2);

    expect(result.correct).toHaveLength(4);
  });
});
