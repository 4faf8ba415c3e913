import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { classWeights } from '#training-image/data/class-counts.ts';
import { seededRandom } from '#training-image/data/seeded-random.ts';
import {
  type FeatureSet,
  type FeatureSetId,
  layersOf,
  widthOf,
} from '#training-image/features/feature-sets.ts';
import { loadTeacher } from '#training-image/features/load-teacher.ts';
import { openBackbone } from '#training-image/features/open-backbone.ts';
import type { HeadData } from '#training-image/head/head-problem.ts';
import { type Judgement, judgementFor } from '#training-image/plan/judgement.ts';
import { setsOf } from '#training-image/plan/measure-candidate.ts';
import { createRowFile, floatRows } from '#training-image/storage/row-file.ts';
import { SMALL_PX, smallTeacher } from './small-teacher.ts';

/** Pixels of an image, [SMALL_PX, SMALL_PX, 3], by its label and the random numbers of its noise. */
export type Draw = (label: number, random: () => number) => Uint8Array;

/** Classes that differ in their colour, wherever it is. */
export const colours: Draw = (label, random) =>
  Uint8Array.from({ length: SMALL_PX * SMALL_PX * 3 }, (_, i) =>
    Math.floor(120 * random() + (i % 3 === label % 3 ? 100 : 0)),
  );

const brighterSide =
  (by: number): Draw =>
  (label, random) =>
    Uint8Array.from({ length: SMALL_PX * SMALL_PX * 3 }, (_, i) => {
      const isLeft = Math.floor(i / 3) % SMALL_PX < SMALL_PX / 2;
      return Math.floor(120 * random() + (isLeft === (label === 0) ? by : 0));
    });

/** Classes that only the brighter side of the image tells apart. */
export const sides = brighterSide(100);

/** The same, but so faint that many are mistaken. */
export const faintSides = brighterSide(6);

/** Decoded images, what the small teacher makes of them, and how students of them are judged. */
export async function smallData(
  draw: Draw,
  { n, classes, set: id }: { n: number; classes: number; set: FeatureSetId },
) {
  const root = await mkdtemp(join(tmpdir(), 'understudy-small-'));
  const entry = await smallTeacher(join(root, 'teacher'));
  const teacher = await loadTeacher(join(root, 'teacher'), entry);
  const set = setsOf(teacher).sets.find((each) => each.id === id) as FeatureSet;
  const labels = Int32Array.from({ length: n }, (_, i) => i % classes);

  const decoded = await createRowFile(join(root, 'images.u8'), SMALL_PX * SMALL_PX * 3);
  const rows = await createRowFile(join(root, 'features.f32'), 4 * widthOf(set));
  const backbone = await openBackbone(teacher, layersOf(set));
  for (const [i, label] of labels.entries()) {
    const image = draw(label, seededRandom('image', i));
    await decoded.write(i, image);
    await rows.write(i, backbone.features(image));
  }
  backbone.dispose();

  const weigh = (of: Int32Array) => classWeights(of, classes, 'auto');
  const features = floatRows(rows);
  const headData: HeadData = { features, labels, weigh, scratch: root };
  const counts = Array.from({ length: classes }, (_, label) => ({
    name: String(label),
    train: labels.filter((each) => each === label).length,
    validation: 0,
    test: 0,
  }));
  const contents = Array.from(labels.keys(), String);
  const parts = contents.map(() => 'train' as const);
  const { splits, ...judged } = judgementFor(contents, labels, parts, counts, 1);
  // The first repeat alone: heads for fifteen splits take seconds.
  const judgement: Judgement = { ...judged, splits: splits.slice(0, judged.folds) };

  async function remove(): Promise<void> {
    teacher.model.dispose();
    await decoded.close();
    await rows.close();
    await rm(root, { recursive: true });
  }
  return { root, teacher, set, labels, decoded, features, headData, judgement, weigh, remove };
}
export type SmallData = Awaited<ReturnType<typeof smallData>>;
