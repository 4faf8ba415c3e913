import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TeacherEntry } from '#core/teacher.ts';
import { layerOf } from '#engine/topology.ts';
import { loadTeacher } from '#training-image/features/load-teacher.ts';
import { layerMultiplyAdds, multiplyAdds } from '#training-image/plan/multiply-adds.ts';
import { topologyIn } from '../../engine/networks.ts';
import { smallTeacher } from '../small-teacher.ts';

let folder: string;
let entry: TeacherEntry;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'understudy-cost-'));
  entry = await smallTeacher(folder);
});
afterAll(() => rm(folder, { recursive: true }));

async function topologyAt(px: number) {
  const { model, json, weights } = await loadTeacher(folder, entry, px);
  model.dispose();
  return topologyIn(json, weights);
}

describe('multiplyAdds', () => {
  it('is what a count by hand gives', async () => {
    const topology = await topologyAt(16);

    const stem = 8 * 8 * (3 * 3 * 3 * 12); // positions × kernel
    const first = 6 * 6 * (3 * 3 * 12 * 12);
    const pointwise = 6 * 6 * (12 * 12);
    const depthwise = 6 * 6 * (3 * 3) * 12; // each channel has a kernel of its own
    const last = 6 * 6 * (12 * 24);
    const of = (layer: string) => layerMultiplyAdds(topology, layerOf(topology, layer));
    expect(of('stem')).toBe(stem);
    expect(of('block1_conv')).toBe(first);
    expect(of('block2_conv')).toBe(pointwise);
    expect(of('block3_depthwise')).toBe(depthwise);
    expect(of('block7_conv')).toBe(last);
    expect(multiplyAdds(topology)).toBe(stem + first + 5 * pointwise + 4 * depthwise + last);
  });

  it.each(['rescaling', 'block1_norm', 'block1', 'features', 'classifier'])(
    'does not count %s',
    async (layer) => {
      const topology = await topologyAt(16);

      expect(layerMultiplyAdds(topology, layerOf(topology, layer))).toBe(0);
    },
  );

  it('grows with the size of the images', async () => {
    // 32 × 32 and 30 × 30 positions instead of 8 × 8 and 6 × 6.
    const [small, large] = [await topologyAt(16), await topologyAt(64)];

    expect(layerMultiplyAdds(large, layerOf(large, 'stem'))).toBe(
      16 * layerMultiplyAdds(small, layerOf(small, 'stem')),
    );
    expect(layerMultiplyAdds(large, layerOf(large, 'block2_conv'))).toBe(
      25 * layerMultiplyAdds(small, layerOf(small, 'block2_conv')),
    );
  });
});
