import { readFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs';
import sharp from 'sharp';
import { resize } from './resize.mjs';

const beside = (path) => new URL(path, import.meta.url);
const { input, metrics } = JSON.parse(await readFile(beside('student.json'), 'utf8'));
const labels = (await readFile(beside('labels.txt'), 'utf8')).trimEnd().split('\n');
const json = JSON.parse(await readFile(beside('model/model.json'), 'utf8'));
const weights = await readFile(beside('model/weights.bin'));
const model = await tf.loadLayersModel(
  tf.io.fromMemory({
    modelTopology: json.modelTopology,
    weightSpecs: json.weightsManifest[0].weights,
    weightData: new Uint8Array(weights).buffer,
  }),
);

const files = process.argv.slice(2);
if (files.length === 0) console.error('Usage: node predict.mjs IMAGE…');
for (const file of files) {
  const image = await sharp(file, { autoOrient: true })
    .toColourspace('srgb')
    .flatten({ background: 'white' })
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch(() => undefined);
  if (!image) {
    console.error(`${file} cannot be read as an image.`);
    process.exitCode = 1;
    continue;
  }
  const { data, info } = image;
  const pixels = Float32Array.from(resize(data, info.width, info.height, input.px));
  const logits = model.predict(tf.tensor(pixels, [1, input.px, input.px, 3]));
  const probabilities = await tf.softmax(logits.div(metrics.calibration.temperature)).data();
  const best = probabilities.indexOf(Math.max(...probabilities));
  console.log(file, labels[best], probabilities[best].toFixed(3));
}
