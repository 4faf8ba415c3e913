import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { DATASETS } from './datasets.ts';
import { divide } from './draw.ts';

// `npx tsx bench/calibration/contact-sheet.ts FOLDER [NAME…]`: a PNG per dataset, a row per class; at the right, behind the
// gap, the images that are tested on.

const SIDE = 48;
const COLUMNS = 12;
const [folder = '.', ...names] = process.argv.slice(2);
const say = (line: string) => process.stderr.write(`${line}\n`);

await mkdir(folder, { recursive: true });
for (const dataset of DATASETS) {
  if (names.length > 0 && !names.includes(dataset.name)) continue;
  const images = await dataset.load(say);
  const { pool, test } = divide(dataset.name, images);
  const rows = [...pool].map(([label, learned]) => ({
    label,
    learned,
    tested: test.filter((each) => each.label === label),
  }));
  const layers = [];
  for (const [row, { learned, tested }] of rows.entries()) {
    const shown = [...learned.slice(0, COLUMNS), ...tested.slice(0, COLUMNS)];
    for (const [i, { png }] of shown.entries()) {
      const column = i < Math.min(COLUMNS, learned.length) ? i : i + 1;
      const input = await sharp(png).resize(SIDE, SIDE, { kernel: 'nearest' }).png().toBuffer();
      layers.push({ input, left: column * (SIDE + 2), top: row * (SIDE + 2) });
    }
  }
  const [width, height] = [(2 * COLUMNS + 1) * (SIDE + 2), rows.length * (SIDE + 2)];
  await sharp({ create: { width, height, channels: 3, background: '#c33' } })
    .composite(layers)
    .png()
    .toFile(join(folder, `${dataset.name}.png`));
  const counts = rows.map(
    ({ label, learned, tested }) => `${label} ${learned.length}+${tested.length}`,
  );
  say(`${dataset.name} (${images.length}, tested on ${test.length}): ${counts.join(', ')}`);
}
