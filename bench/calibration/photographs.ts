import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { at } from '#core/at.ts';
import { cacheFolder } from '#engine/tensorflow/cache-folder.ts';
import { cifarImages, type Photograph } from '../cifar-images.ts';
import { type CalibrationDataset, type CalibrationImage, pngOf } from './dataset.ts';
import { wheelFiles } from './fetch-images.ts';

type Say = (line: string) => void;

const NAMES = 'airplane automobile bird cat deer dog frog horse ship truck'.split(' ');
const VEHICLES = new Set(['airplane', 'automobile', 'ship', 'truck']);
const PER_CLASS = 400;

let loaded: Promise<Photograph[]> | undefined; // by the first of the datasets that share them

function cifar(say: Say): Promise<Photograph[]> {
  loaded ??= cifarImages(join(cacheFolder(), 'bench', 'cifar-10'), 'train', PER_CLASS, say);
  return loaded;
}

/** CIFAR-10 with each image changed in the same way, or with other labels. */
function fromCifar(
  name: string,
  about: string,
  label: (name: string, i: number) => string,
  change?: (image: Sharp, i: number) => Sharp,
): CalibrationDataset {
  const load = async (say: Say): Promise<CalibrationImage[]> => {
    const images: CalibrationImage[] = [];
    for (const [i, { png, label: index }] of (await cifar(say)).entries()) {
      const changed = change ? await change(sharp(png), i).png().toBuffer() : png;
      images.push({ png: changed, label: label(at(NAMES, index), i) });
    }
    return images;
  };
  return { name, source: 'cifar', about, load };
}

const TURNS = [0, 90, 180, 270];

/** Photographs of CIFAR-10 (A. Krizhevsky), 32 px. */
export const CIFAR: CalibrationDataset[] = [
  fromCifar('cifar-10', 'photographs of ten kinds of animals and vehicles', (name) => name),
  fromCifar('cifar-coarse', 'the same photographs: animal or vehicle', (name) =>
    VEHICLES.has(name) ? 'vehicle' : 'animal',
  ),
  fromCifar(
    'cifar-grey',
    'the same photographs without colours',
    (name) => name,
    (image) => image.greyscale(),
  ),
  fromCifar(
    'cifar-inverted',
    'the same photographs as negatives',
    (name) => name,
    (image) => image.negate(),
  ),
  fromCifar(
    'cifar-rotation',
    'the same photographs, turned: by how many degrees?',
    (_, i) => String(at(TURNS, i % TURNS.length)),
    (image, i) => image.rotate(at(TURNS, i % TURNS.length)),
  ),
];

const SCIKIT_IMAGE = {
  package: 'scikit-image',
  version: '0.24.0',
  sha256: 'fa27b3a0dbad807b966b8db2d78da734cb812ca4787f7fbb143764800ce2fa9c',
  pythonVersion: '311',
  platform: 'manylinux2014_x86_64',
};

/** By class, the photograph that its patches are cut from. */
const SURFACES = {
  brick: 'brick.png',
  grass: 'grass.png',
  gravel: 'gravel.png',
  tissue: 'ihc.png',
  galaxies: 'hubble_deep_field.jpg',
  retina: 'retina.jpg',
  moon: 'moon.png',
};

const PHOTOGRAPH = 512; // px, the side that all are brought to
const PATCH = 32; // px

/** Patches of scikit-image's sample photographs that do not overlap; tested on one half of each, trained on the other. */
export const PATCHES: CalibrationDataset = {
  name: 'surfaces',
  source: 'scikit-image',
  about: 'patches of photographs of seven surfaces, held out by half of the photograph',
  load: async (say) => {
    const files = Object.values(SURFACES).map((file) => `skimage/data/${file}`);
    const paths = await wheelFiles(SCIKIT_IMAGE, files, say);
    const images: CalibrationImage[] = [];
    for (const [k, label] of Object.keys(SURFACES).entries()) {
      const photograph = sharp(await readFile(at(paths, k)));
      // Around the eye the photograph is black.
      if (label === 'retina') photograph.extract({ left: 250, top: 250, width: 900, height: 900 });
      const data = await photograph
        .resize(PHOTOGRAPH, PHOTOGRAPH)
        .greyscale()
        .normalise()
        .raw()
        .toBuffer();
      for (let top = 0; top < PHOTOGRAPH; top += PATCH) {
        for (let left = 0; left < PHOTOGRAPH; left += PATCH) {
          const patch = new Uint8Array(PATCH * PATCH);
          for (let y = 0; y < PATCH; y++) {
            const from = (top + y) * PHOTOGRAPH + left;
            patch.set(data.subarray(from, from + PATCH), y * PATCH);
          }
          const group = left < PHOTOGRAPH / 2 ? 'left' : 'right';
          images.push({ png: await pngOf(patch, PATCH, 1), label, group });
        }
      }
    }
    return images;
  },
};
