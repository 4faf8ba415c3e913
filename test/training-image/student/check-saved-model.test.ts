import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ManifestExample } from '#core/manifest.ts';
import { topologyOf } from '#engine/network.ts';
import type { Dataset } from '#training-image/data/read-dataset.ts';
import { layersOf, type PooledLayer } from '#training-image/features/feature-sets.ts';
import { fitHead } from '#training-image/head/fit-head.ts';
import { buildStudent } from '#training-image/student/build-student.ts';
import { checkSavedModel } from '#training-image/student/check-saved-model.ts';
import { saveModel } from '#training-image/student/save-model.ts';
import { headStudent } from '#training-image/student/trained-student.ts';
import { never, quiet } from '../quiet.ts';
import { colours, type SmallData, smallData } from '../small-data.ts';
import { SMALL_PX } from '../small-teacher.ts';

const N = 24;
const TEMPERATURE = 1.5;

let data: SmallData;
beforeEach(async () => {
  data = await smallData(colours, { n: N, classes: 3, set: 'inner-grid' });
});
afterEach(() => data.remove());

/** The same images as PNGs. */
function originals() {
  const examples = Array.from({ length: N }, (_, i) => ({ path: String(i) }) as ManifestExample);
  const read = async ({ path }: ManifestExample) => {
    const pixels = await data.decoded.pick([Number(path)]);
    const raw = { width: SMALL_PX, height: SMALL_PX, channels: 3 } as const;
    return sharp(pixels, { raw }).png().toBuffer();
  };
  const dataset = { read } as unknown as Dataset;
  return { dataset, examples, px: SMALL_PX };
}

/** Saves the student of a head whose features are given in some order of layers, and compares it with that head. */
async function checked(layers: readonly PooledLayer[]): Promise<void> {
  const { head } = await fitHead(
    data.headData,
    data.judgement.all,
    { l2: 0.01, smoothing: 0 },
    quiet,
    never,
  );
  const { predict } = await headStudent(data.teacher, data.set, head, data.features);
  const network = await buildStudent(data.teacher, layers, head);
  const folder = join(data.root, 'model');
  await mkdir(folder);
  await saveModel(network, topologyOf(network), TEMPERATURE, folder);
  await checkSavedModel(folder, predict, TEMPERATURE, originals());
}

describe('checkSavedModel', () => {
  it('accepts the student whose features are in the order of the head’s', async () => {
    await checked(layersOf(data.set));
  });

  it('refuses one in which two pooled layers have changed places', async () => {
    const layers = [...layersOf(data.set)];
    const [a, b] = ['block3_inner', 'block4_inner'].map((name) =>
      layers.findIndex(({ layer }) => layer === name),
    ) as [number, number];
    const [one, other] = [layers[a], layers[b]];
    if (!one || !other) return expect.unreachable('the set has these layers');
    expect(one.size).toBe(other.size); // so that nothing else could notice it
    layers[a] = other;
    layers[b] = one;

    await expect(checked(layers)).rejects.toThrow(/saved student's logits differ/);
  });
});
