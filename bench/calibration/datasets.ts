import { FONT_LETTERS, MNIST, SMALL_DIGITS } from './characters.ts';
import { COUNTING } from './counting.ts';
import type { CalibrationDataset } from './dataset.ts';
import { CIFAR, PATCHES } from './photographs.ts';
import { CLOTHING, EMOJI_GROUPS, EMOJI_STYLES, ICONS } from './pictograms.ts';
import { SOUNDS } from './sounds.ts';
import { TEXTURES } from './textures.ts';

/** All datasets of the calibration, from near to photographs to far from them. */
export const DATASETS: readonly CalibrationDataset[] = [
  ...CIFAR,
  PATCHES,
  CLOTHING,
  EMOJI_GROUPS,
  EMOJI_STYLES,
  ICONS,
  MNIST,
  SMALL_DIGITS,
  FONT_LETTERS,
  TEXTURES,
  SOUNDS,
  COUNTING,
];
