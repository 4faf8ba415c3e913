import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tf } from '#engine/tensorflow/load.ts';
import { layOutJob } from '#examples/job-folder.ts';
import { decodeImage } from '#training-image/data/decode-image.ts';
import { train } from '#training-image/train.ts';
import { tinted, tintedClasses } from '../images.ts';
import { never, quiet } from '../quiet.ts';
import { SMALL_PX, smallTeacher } from '../small-teacher.ts';

const PREDICT = fileURLToPath(new URL('./predict-in-bundle.cjs', import.meta.url));

let root: string;
let student: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'understudy-bundle-'));
  const folder = join(root, 'teacher');
  const entry = await smallTeacher(folder);
  const files = await tintedClasses([20, 20, 20]);
  const teacher = { entry, folder };
  const folders = await layOutJob(join(root, 'job'), { form: 'zip', files, teacher });
  await train(folders, new Map([[entry.name, entry]]), quiet, never);
  student = folders.model;
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe('a student in the bundle of tfjs that browsers load', () => {
  it('gives the logits that it was measured with, from a canvas’s pixels', {
    timeout: 120_000,
  }, async () => {
    const images: Buffer[] = [];
    for (const label of [0, 1, 2]) {
      for (let seed = 200; seed < 220; seed++) images.push(Buffer.from(await tinted(label, seed)));
    }
    const canvases = await Promise.all(
      images.map(async (image) => {
        const { data, info } = await sharp(image)
          .ensureAlpha()
          .raw()
          .toBuffer({ resolveWithObject: true });
        return { rgba: data.toString('base64'), width: info.width, height: info.height };
      }),
    );
    await writeFile(join(root, 'images.json'), JSON.stringify(canvases));

    const options = [PREDICT, student, join(root, 'images.json'), String(SMALL_PX)];
    const { stdout } = await promisify(execFile)(process.execPath, options, { maxBuffer: 1e8 });

    const logits = JSON.parse(stdout) as number[][];
    const model = await tf.loadLayersModel(`file://${join(student, 'model', 'model.json')}`);
    expect(logits).toHaveLength(images.length);
    for (const [i, image] of images.entries()) {
      const pixels = await decodeImage(image, SMALL_PX);
      const expected = tf.tidy(() => {
        const one = tf.tensor(new Float32Array(pixels), [1, SMALL_PX, SMALL_PX, 3]);
        return (model.predict(one) as tf.Tensor2D).dataSync();
      });
      const differences = [...expected].map((each, c) =>
        Math.abs(each - (logits[i]?.[c] ?? Number.NaN)),
      );
      expect(Math.max(...differences)).toBeLessThan(1e-3);
    }
  });
});
