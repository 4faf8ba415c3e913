import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TeacherEntry } from '#core/teacher.ts';
import {
  type FeatureSet,
  featureSetsOf,
  layersOf,
  widthOf,
} from '#training-image/features/feature-sets.ts';
import { loadTeacher } from '#training-image/features/load-teacher.ts';
import { topologyIn } from '../../engine/networks.ts';
import { smallTeacher } from '../small-teacher.ts';

let folder: string;
let entry: TeacherEntry;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'understudy-sets-'));
  entry = await smallTeacher(folder);
});
afterAll(() => rm(folder, { recursive: true }));

async function setsAt(px: number): Promise<FeatureSet[]> {
  const { model, json, weights } = await loadTeacher(folder, entry, px);
  model.dispose();
  return featureSetsOf(topologyIn(json, weights), entry.features, entry.blockOutputs);
}

/** `layer/grid` of each pooled layer. */
const namesOf = (set: FeatureSet | undefined) =>
  set && layersOf(set).map(({ layer, grid }) => `${layer}/${grid}`);

const LAST = ['features/1'];
const AVERAGES = [1, 2, 3, 4, 5, 6].map((n) => `block${n}/1`);
const QUARTERS = [3, 4, 5, 6].map((n) => `block${n}/2`);
const INNER = [3, 4, 5, 6].map((n) => `block${n}_inner/1`);

describe('featureSetsOf', () => {
  it('are the sets that are tried, each with its layers in order', async () => {
    const sets = await setsAt(16);

    expect(Object.fromEntries(sets.map((set) => [set.id, namesOf(set)]))).toEqual({
      last: LAST,
      quarters: QUARTERS,
      averages: [...AVERAGES, ...LAST],
      grid: [...AVERAGES, ...LAST, ...QUARTERS],
      inner: [...LAST, ...INNER],
      'inner-grid': [...LAST, ...INNER, ...QUARTERS],
    });
  });

  it('are as wide as their layers have channels, four times that for quarters', async () => {
    const widths = (await setsAt(16)).map((set) => [set.id, widthOf(set)]);

    expect(Object.fromEntries(widths)).toEqual({
      last: 24,
      quarters: 4 * 4 * 12,
      averages: 6 * 12 + 24,
      grid: 6 * 12 + 24 + 4 * 4 * 12,
      inner: 24 + 4 * 12,
      'inner-grid': 24 + 4 * 12 + 4 * 4 * 12,
    });
  });

  it('have no quarters where a block’s output is too small for them', async () => {
    const sets = await setsAt(6); // 3 × 3 after the stem, 1 × 1 after the first block

    expect(sets.map(({ id }) => id)).toEqual(['last', 'averages', 'inner']);
  });

  it('end with "The head is given …"', async () => {
    for (const { about } of await setsAt(16)) expect(about).toMatch(/^(the|all) .*[a-z0-9]$/);
  });
});
