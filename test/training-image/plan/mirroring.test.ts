import { afterEach, describe, expect, it } from 'vitest';
import type { FeatureSetId } from '#training-image/features/feature-sets.ts';
import { chooseHeads } from '#training-image/head/fit-head.ts';
import { TrainingInterrupted } from '#training-image/job/errors.ts';
import { measureMirroring } from '#training-image/plan/mirroring.ts';
import { never, quiet } from '../quiet.ts';
import { colours, type Draw, type SmallData, sides, smallData } from '../small-data.ts';

let data: SmallData;
afterEach(() => data.remove());

async function measured(draw: Draw, classes: number, n: number, stop = never) {
  const set: FeatureSetId = 'quarters'; // which know where things are
  data = await smallData(draw, { n, classes, set });
  const heads = await chooseHeads(data.headData, data.judgement, quiet, never);
  return measureMirroring(data, data.judgement, heads, quiet, stop);
}

describe('measureMirroring', () => {
  it('lets images be mirrored whose classes are colours', async () => {
    const { allowed, images, accuracy, mirrored } = await measured(colours, 3, 60);

    expect({ allowed, images, accuracy }).toEqual({ allowed: true, images: 12, accuracy: 1 });
    expect(mirrored).toBe(1);
  });

  it('does not let images be mirrored whose classes are left and right', async () => {
    const { allowed, images, accuracy, mirrored } = await measured(sides, 2, 60);

    expect({ allowed, images, accuracy }).toEqual({ allowed: false, images: 12, accuracy: 1 });
    expect(mirrored).toBe(0); // each is taken for the other
  });

  it('looks at 200 images at most', async () => {
    expect((await measured(colours, 2, 1_100)).images).toBe(200); // of 220 in the first fold
  });

  it('can be interrupted', async () => {
    const throwIfRequested = () => {
      throw new TrainingInterrupted('asked');
    };

    const interrupted = measured(colours, 2, 20, { throwIfRequested });

    await expect(interrupted).rejects.toBeInstanceOf(TrainingInterrupted);
  });

  it('allows nothing if there is nothing to measure it by', async () => {
    data = await smallData(colours, { n: 8, classes: 2, set: 'last' });
    const splits = [{ train: data.judgement.all, heldOut: new Int32Array() }];
    const judgement = { ...data.judgement, splits, folds: 1 };
    const heads = await chooseHeads(data.headData, judgement, quiet, never);

    const mirroring = await measureMirroring(data, judgement, heads, quiet, never);

    expect(mirroring).toEqual({ allowed: false, images: 0, accuracy: 0, mirrored: 0 });
  });
});
