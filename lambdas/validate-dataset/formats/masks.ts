import { stemOf } from './find-listed.ts';
import type { Labelled } from './reading.ts';

const MASKS =
  /^(.*[ _-])?(masks?|segmentations?|labels?|annotations?|gt|ground[ _-]?truths?)([ _-]?png)?$/i;
const SAME_NAMES = 0.8; // chosen: most images have a mask

/** Two "classes" of which one has a mask for each image of the other, under the same name. */
export function areMasks(labelled: readonly Labelled[]): boolean {
  const labels = new Set(labelled.map(({ label }) => label));
  const masks = [...labels].filter((label) => MASKS.test(label));
  if (labels.size !== 2 || masks.length !== 1) return false;
  const stem = ({ file }: Labelled) =>
    stemOf(file.path).replace(/[ _-](mask|gt|label|seg|segmentation)$/i, '');
  const images = new Set(labelled.filter(({ label }) => label !== masks[0]).map(stem));
  const ofMasks = labelled.filter(({ label }) => label === masks[0]);
  return ofMasks.filter((each) => images.has(stem(each))).length >= SAME_NAMES * ofMasks.length;
}
