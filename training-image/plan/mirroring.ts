import { at } from '#core/at.ts';
import { predictedClasses } from '../evaluate/predictions.ts';
import { type FeatureSet, layersOf } from '../features/feature-sets.ts';
import type { Teacher } from '../features/load-teacher.ts';
import { IMAGES_AT_ONCE, openBackbone } from '../features/open-backbone.ts';
import type { JudgedHeads } from '../head/fit-head.ts';
import { headLogits } from '../head/head.ts';
import type { Reporter, StopSignal } from '../job/reporter.ts';
import type { RowFile } from '../storage/row-file.ts';
import { type Answers, advantage } from './compare.ts';
import type { Judgement } from './judgement.ts';

const IMAGES = 200; // at most; chosen
const MARGIN = 1; // in standard errors, that mirroring may cost

export interface Mirroring {
  allowed: boolean;
  images: number;
  accuracy: number; // of the images as they are
  mirrored: number; // of their mirror images
}

/**
 * Whether an image and its mirror image belong to the same class, as far as the features can tell: a head that has seen
 * neither must classify both about equally well. So photographs are mirrored, and letters are not.
 * The head and the examples are those of the first split.
 */
export async function measureMirroring(
  { teacher, set, decoded }: { teacher: Teacher; set: FeatureSet; decoded: RowFile },
  { splits }: Judgement,
  heads: JudgedHeads,
  report: Reporter,
  stop: StopSignal,
): Promise<Mirroring> {
  const { heldOut } = at(splits, 0);
  const head = at(heads.heads, 0);
  const n = Math.min(IMAGES, heldOut.length);
  const step = heldOut.length / Math.max(1, n);
  const chosen = Int32Array.from({ length: n }, (_, i) => Math.floor(i * step));
  const labels = chosen.map((i) => at(heads.predictions.labels, i)); // those of the first split come first
  const predicted = predictedClasses(heads.predictions);
  const backbone = await openBackbone(teacher, layersOf(set));
  const d = head.scaling.mean.length;
  const features = new Float32Array(n * d);
  try {
    for (let from = 0; from < n; from += IMAGES_AT_ONCE) {
      stop.throwIfRequested();
      report.progress('mirror', from, n);
      const batch = chosen.subarray(from, from + IMAGES_AT_ONCE).map((i) => at(heldOut, i));
      const images = await decoded.pick(batch);
      features.set(backbone.features(mirrored(images, teacher.px)), from * d);
    }
  } finally {
    backbone.dispose();
  }
  const read = async (from: number, count: number) => features.slice(from * d, (from + count) * d);
  const logits = await headLogits(head, { n, d, read });
  const asTheyAre = answersOf(
    chosen.map((i) => at(predicted, i)),
    labels,
  );
  const inTheMirror = answersOf(predictedClasses({ logits, labels }), labels);
  return {
    allowed: n > 0 && advantage(asTheyAre, inTheMirror) <= MARGIN,
    images: n,
    accuracy: asTheyAre.accuracy,
    mirrored: inTheMirror.accuracy,
  };
}

function answersOf(predicted: Int32Array, labels: Int32Array): Answers {
  const correct = Uint8Array.from(labels, (label, i) => (predicted[i] === label ? 1 : 0));
  return {
    correct,
    accuracy: correct.reduce((sum, each) => sum + each, 0) / Math.max(1, correct.length),
  };
}

/** @param images [n, px, px, 3] */
function mirrored(images: Uint8Array, px: number): Uint8Array {
  const result = new Uint8Array(images.length);
  for (let pixel = 0; pixel < images.length / 3; pixel++) {
    const x = pixel % px;
    const from = 3 * (pixel - x + (px - 1 - x));
    result.set(images.subarray(from, from + 3), 3 * pixel);
  }
  return result;
}
